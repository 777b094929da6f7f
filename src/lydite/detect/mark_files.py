"""Which annotations lie in a folder of examples: one file about many pictures, or one beside each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lydite.core import ExemplarError, UsageError
from lydite.data import FORMATS, has_image_suffix, is_hidden, printable
from lydite.data.formats.yolo import NAME_FILES
from lydite.data.guess import locate_annotations

_OF_MANY = ("coco", "cvat", "label-studio")
_SUFFIXES = {".json", ".xml"}
_BESIDE = {"provenance.json"}
_LAYOUTS = {"voc": ("Annotations", "JPEGImages", ".xml"), "yolo": ("labels", "images", ".txt")}


@dataclass(frozen=True, slots=True)
class MarkFiles:
    """Annotations that can be read.

    Args:
        format: Their format, a name in ``FORMATS``.
        path: The file, or the folder of files.
        pictures: The folder that the paths of their pictures start from.
        stems: Where there is a file for each picture: those that count, by their paths below ``path`` without
            suffix.
    """

    format: str
    path: Path
    pictures: Path
    stems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How messages call them: the file, or the format and its folder."""
        return (
            f"{FORMATS[self.format].title} in {printable(self.path)}" if self.stems else printable(self.path)
        )


def find_mark_files(folder: Path) -> tuple[MarkFiles | None, tuple[str, ...]]:
    """The annotations of a folder: directly in it, or in the folders that VOC and YOLO keep theirs in.

    A text counts as YOLO's if it begins with a line of numbers and one such has a picture beside it.

    Returns:
        The annotations, and the files that look like some but are of no format that is read here.

    Raises:
        ExemplarError: If there are annotations of two kinds, or two files about many pictures.
    """
    told = {path: _format_of(path) for path in _files(folder, _SUFFIXES) if path.name not in _BESIDE}
    found = [MarkFiles(name, path, folder) for path, name in told.items() if name in _OF_MANY]
    found += _beside(folder, "voc", [path for path, name in told.items() if name == "voc"])
    found += _beside(folder, "yolo", _labels(folder))
    found += [files for name in _LAYOUTS for files in _laid_out(folder, name)]
    if len(found) > 1:
        raise ExemplarError(
            f"Folder {printable(folder)} holds several annotation files.",
            "Leave the one that marks the examples, or the files of one format.",
            [f"{files.path.name} ({FORMATS[files.format].title})" for files in found[:3]],
        )
    unread = tuple(_unread(path, name) for path, name in told.items() if name not in (*_OF_MANY, "voc"))
    return (found[0] if found else None), unread


def _files(folder: Path, suffixes: set[str]) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in suffixes and not is_hidden(path.name) and path.is_file()
    ]


def _format_of(path: Path) -> str:
    try:
        return locate_annotations(path)[0]
    except UsageError:
        return ""


def _unread(path: Path, name: str) -> str:
    reason = (
        f"{FORMATS[name].title} is not read among examples" if name else "nothing says in which format it is"
    )
    return f"annotations left out: {printable(path)}: {reason}"


def _labels(folder: Path) -> list[Path]:
    """The texts of YOLO beside pictures; a text about something else may lie there too."""
    texts = [path for path in _files(folder, {".txt"}) if path.name not in NAME_FILES]
    if not texts:
        return []
    pictures = {path.stem for path in folder.iterdir() if has_image_suffix(path.name)}
    numbers = [path for path in texts if _begins_with_numbers(path)]
    if not any(path.stem in pictures for path in numbers):
        return []
    empty = [path for path in texts if path.stem in pictures and not path.stat().st_size]
    return numbers + empty


def _begins_with_numbers(path: Path) -> bool:
    with path.open("rb") as file:
        columns = file.readline(4096).split()
    try:
        return len([float(column) for column in columns]) > 1
    except ValueError:
        return False


def _beside(folder: Path, name: str, paths: list[Path]) -> Iterator[MarkFiles]:
    labels, pictures, _ = _LAYOUTS[name]
    apart = folder.name == labels and (folder.parent / pictures).is_dir()
    if paths and not apart:
        yield MarkFiles(name, folder, folder, tuple(path.stem for path in paths))


def _laid_out(folder: Path, name: str) -> Iterator[MarkFiles]:
    """A folder of annotations beside one of pictures, as the format itself arranges them."""
    labels, pictures, suffix = _LAYOUTS[name]
    where = folder / labels
    if not where.is_dir() or not (folder / pictures).is_dir():
        return
    stems = tuple(
        path.relative_to(where).with_suffix("").as_posix()
        for path in sorted(where.rglob(f"*{suffix}"))
        if path.name not in NAME_FILES and not any(map(is_hidden, path.relative_to(where).parts))
    )
    if stems and not any(has_image_suffix(path.name) for path in where.iterdir()):
        yield MarkFiles(name, where, folder / pictures, stems)
