"""Which pictures are meant: files and folders become a list of items in a stable order."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lydite.core import ItemId, UsageError
from lydite.data.names import path_key, printable
from lydite.data.sniff import SUFFIXES

_SYSTEM_NAMES = frozenset(
    ("thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information")
)
_IMAGE_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
_UNREAD_SUFFIXES = (
    *(".gif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".ico", ".tga", ".exr", ".hdr"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
)
"""Kinds of pictures, raw ones of cameras among them, that are not read."""

Identity = tuple[int, int]
"""Device and inode of a folder."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A picture on disk and the row that it is.

    Args:
        item: Source and path relative to the folder that was given.
        path: Where the file lies.
    """

    item: ItemId
    path: Path


def find_images(
    paths: Iterable[Path | str], source: str = "images", leave_out: Collection[Path] = ()
) -> tuple[ImageFile, ...]:
    """List the pictures below files and folders.

    A folder is searched to any depth, links included, for files with the suffix of a supported
    format; hidden and system names are passed over. A file is taken whatever its name. A picture's
    item is its path relative to the folder given (a file's: its name). Items that would be equal are
    told apart by as many parent folders as it takes, and last by a number.

    Args:
        paths: Files and folders; their order does not matter.
        source: The source of every item.
        leave_out: Folders that are not searched when they lie below one that is, such as that of the results.

    Returns:
        One row per path, in natural order (``img2`` before ``img10``).

    Raises:
        UsageError: If a path does not exist, or a folder holds no picture.
    """
    found = list_images(paths, leave_out)
    return tuple(ImageFile(ItemId(source, name), Path(path)) for name, path in found)


def list_images(paths: Iterable[Path | str], leave_out: Collection[Path] = ()) -> list[tuple[str, str]]:
    """As ``find_images``, in plain texts, which at tens of thousands of files costs half: (name, path)."""
    depths: dict[str, int] = {}
    left_out = {_identity(folder) for folder in leave_out if _exists(folder)}
    for path in map(Path, paths):
        root = os.path.abspath(path)  # noqa: PTH100  (a link keeps its own name)
        above = root.rstrip(os.sep).count(os.sep)
        for found in _search(Path(root), path, left_out):
            depth = max(1, found.count(os.sep) - above)
            depths[found] = max(depth, depths.get(found, 0))
    named = ((name, path) for path, name in _tell_apart(depths).items())
    return sorted(named, key=lambda pair: path_key(pair[0]))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is the system's, not the user's: ``.DS_Store``, ``Thumbs.db``..."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def has_image_suffix(name: str) -> bool:
    """Whether a file's name claims a supported format."""
    return os.path.splitext(name)[1].lower() in _IMAGE_SUFFIXES  # noqa: PTH122  (no Path per file)


def _search(root: Path, given: Path, left_out: Collection[Identity]) -> Iterator[str]:
    if not _exists(root):
        raise UsageError(f"There is no file or folder {printable(given)}.", _nearest_sibling(root))
    if not root.is_dir():
        yield str(root)
        return
    found = [
        within + name
        for within, files in _walk(root, left_out)
        for name in files
        if has_image_suffix(name) and not is_hidden(name)
    ]
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


def find_unread(paths: Iterable[Path | str], leave_out: Collection[Path] = ()) -> list[str]:
    """Files below folders whose suffix is that of a kind of picture that is not read, such as ``.gif``."""
    left_out = {_identity(folder) for folder in leave_out if _exists(folder)}
    return [
        within + name
        for root in map(Path, paths)
        if root.is_dir()
        for within, files in _walk(root, left_out)
        for name in files
        if name.lower().endswith(_UNREAD_SUFFIXES) and not is_hidden(name)
    ]


def _identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_dev, status.st_ino


def _walk(root: Path, left_out: Collection[Identity] = ()) -> Iterator[tuple[str, list[str]]]:
    """Folders, with a slash at their end, and the names of their files; each once, by its own name."""
    waiting, seen = [root], set(left_out) - {_identity(root)}
    while waiting:
        links: list[Path] = []
        for start in waiting:
            for folder, subfolders, files in os.walk(start):
                known = _identity(Path(folder))
                if known in seen:
                    subfolders.clear()
                    continue
                seen.add(known)
                subfolders[:] = sorted(name for name in subfolders if not is_hidden(name))
                links += (Path(folder, name) for name in subfolders if Path(folder, name).is_symlink())
                yield folder if folder.endswith(os.sep) else folder + os.sep, files
        waiting = sorted(links)  # after all real folders, so that these keep their names


def _tell_apart(depths: dict[str, int]) -> dict[str, str]:
    """A distinct relative path for each file, from the number of trailing parts it starts with."""
    named = {path: _relative(path, depth) for path, depth in depths.items()}
    if len(set(named.values())) == len(named):
        return named
    depths = dict(depths)
    while True:
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for path, depth in depths.items():
            groups[_relative(path, depth)].append(path)
        alike = [group for group in groups.values() if len(group) > 1]
        longer = [path for group in alike for path in group if depths[path] < path.count(os.sep)]
        if not longer:
            for group in alike:
                group.sort(key=lambda path: Path(path).parts)
            return _number(groups)
        for path in longer:
            depths[path] += 1


def _number(groups: dict[str, list[str]]) -> dict[str, str]:
    """Names by path; paths that only Unicode normalisation made equal get ``~2``, ``~3``..."""
    named: dict[str, str] = {}
    taken = set(groups)
    for name, group in groups.items():
        named[group[0]] = name
        number = 2
        for path in group[1:]:
            while (numbered := str(PurePosixPath(name).with_stem(f"{Path(path).stem}~{number}"))) in taken:
                number += 1
            taken.add(numbered)
            named[path] = numbered
    return named


def _relative(path: str, depth: int) -> str:
    name = path.split(os.sep, path.count(os.sep) - depth + 1)[-1]
    if os.sep != "/":
        name = name.replace(os.sep, "/")
    return name if name.isascii() and name.isprintable() else unicodedata.normalize("NFC", printable(name))


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
