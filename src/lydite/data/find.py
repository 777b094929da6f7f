"""Which pictures are meant: files and folders become a list of items in a stable order."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lydite.core import ItemId, UsageError
from lydite.data.names import path_key, printable
from lydite.data.sniff import SUFFIXES

_SYSTEM_NAMES = frozenset(
    ("thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information")
)
_IMAGE_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A picture on disk and the row that it is.

    Args:
        item: Source and path relative to the folder that was given.
        path: Where the file lies.
    """

    item: ItemId
    path: Path


def find_images(paths: Iterable[Path | str], source: str = "images") -> tuple[ImageFile, ...]:
    """List the pictures below files and folders.

    A folder is searched to any depth, links included, for files with the suffix of a supported
    format; hidden and system names are passed over. A file is taken whatever its name. A picture's
    item is its path relative to the folder given (a file's: its name). Items that would be equal are
    told apart by as many parent folders as it takes, and last by a number.

    Args:
        paths: Files and folders; their order does not matter.
        source: The source of every item.

    Returns:
        One row per path, in natural order (``img2`` before ``img10``).

    Raises:
        UsageError: If a path does not exist, or a folder holds no picture.
    """
    depths: dict[Path, int] = {}
    for path in map(Path, paths):
        root = Path(os.path.abspath(path))  # noqa: PTH100  (a link keeps its own name)
        above = len(root.parts)
        for found in _search(root, path):
            depth = max(1, len(found.parts) - above)
            depths[found] = max(depth, depths.get(found, 0))
    named = _tell_apart(depths)
    files = (ImageFile(ItemId(source, name), path) for path, name in named.items())
    return tuple(sorted(files, key=lambda file: path_key(file.item.path)))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is the system's, not the user's: ``.DS_Store``, ``Thumbs.db``..."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def has_image_suffix(name: str) -> bool:
    """Whether a file's name claims a supported format."""
    return os.path.splitext(name)[1].lower() in _IMAGE_SUFFIXES  # noqa: PTH122  (no Path per file)


def _search(root: Path, given: Path) -> Iterator[Path]:
    if not _exists(root):
        raise UsageError(f"There is no file or folder {printable(given)}.", _nearest_sibling(root))
    if not root.is_dir():
        yield root
        return
    found = list(_walk(root))
    if not found:
        raise UsageError(
            f"Folder {printable(given)} holds no picture.",
            f"Suffixes looked for: {' '.join(sorted(_IMAGE_SUFFIXES))}.",
        )
    yield from found


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):  # also names that are too long or hold a null
        return False
    return True


def _walk(root: Path) -> Iterator[Path]:
    """Picture files below a folder; each real folder once, under its own name if it has one here."""
    waiting, seen = [root], set[tuple[int, int]]()
    while waiting:
        links: list[Path] = []
        for start in waiting:
            for folder, subfolders, files in os.walk(start):
                status = Path(folder).stat()
                if (status.st_dev, status.st_ino) in seen:
                    subfolders.clear()
                    continue
                seen.add((status.st_dev, status.st_ino))
                subfolders[:] = sorted(name for name in subfolders if not is_hidden(name))
                links += (Path(folder, name) for name in subfolders if Path(folder, name).is_symlink())
                yield from (
                    Path(folder, name) for name in files if has_image_suffix(name) and not is_hidden(name)
                )
        waiting = sorted(links)  # after all real folders, so that these keep their names


def _tell_apart(depths: dict[Path, int]) -> dict[Path, str]:
    """A distinct relative path for each file, from the number of trailing parts it starts with."""
    depths = dict(depths)
    while True:
        groups: defaultdict[str, list[Path]] = defaultdict(list)
        for path in sorted(depths, key=lambda path: path.parts):
            groups[_relative(path, depths[path])].append(path)
        alike = [path for group in groups.values() if len(group) > 1 for path in group]
        longer = [path for path in alike if depths[path] < len(path.parts) - 1]
        if not longer:
            return _number(groups)
        for path in longer:
            depths[path] += 1


def _number(groups: dict[str, list[Path]]) -> dict[Path, str]:
    """Names by path; paths that only Unicode normalisation made equal get ``~2``, ``~3``..."""
    named: dict[Path, str] = {}
    taken = set(groups)
    for name, group in groups.items():
        named[group[0]] = name
        number = 2
        for path in group[1:]:
            while (numbered := str(PurePosixPath(name).with_stem(f"{path.stem}~{number}"))) in taken:
                number += 1
            taken.add(numbered)
            named[path] = numbered
    return named


def _relative(path: Path, depth: int) -> str:
    return unicodedata.normalize("NFC", printable("/".join(path.parts[-depth:])))


def _nearest_sibling(path: Path) -> str:
    """A remedy that names what exists instead."""
    folder = path.parent
    while not _exists(folder):
        path, folder = folder, folder.parent
    try:
        names = sorted(printable(sibling.name) for sibling in folder.iterdir())
    except OSError:
        names = []
    close = difflib.get_close_matches(printable(path.name), names, n=1, cutoff=0.4)
    return f"Did you mean {printable(folder / close[0])}?" if close else "Check the name."
