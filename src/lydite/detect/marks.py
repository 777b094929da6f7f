"""The annotation file in a folder of examples, read and held against the pictures that it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lydite.core import ExemplarError, ImageError, UsageError
from lydite.data import AnnotatedImage, AnnotationSet, get_format, is_hidden, peek_size, printable
from lydite.data.guess import locate_annotations

_SUFFIXES, _FORMATS = {".json", ".xml"}, {"coco", "cvat", "label-studio"}
_BESIDE = {"provenance.json"}


@dataclass(frozen=True, slots=True)
class Marks:
    """What annotations say about pictures among examples.

    Args:
        source: The annotation file.
        annotations: What it says.
        pictures: Where its pictures lie, by their paths in it; those without a row may be missing.
    """

    source: Path
    annotations: AnnotationSet
    pictures: Mapping[str, Path]

    @property
    def problems(self) -> tuple[str, ...]:
        """Rows that were left out."""
        return tuple(str(problem) for problem in self.annotations.problems)


def find_marks(folder: Path) -> Marks | None:
    """The marks of the COCO, CVAT or Label Studio file that lies directly in a folder.

    Raises:
        AnnotationError: If the file cannot be read.
        ExemplarError: If there are two files, a picture is of another size than the file says, or an
            annotated picture is not there.
    """
    source = _annotations_in(folder)
    if source is None:
        return None
    annotations = get_format(locate_annotations(source)[0]).read(source, images=source.parent)
    pictures = {}
    for image in annotations.images:
        path = _place(folder, image)
        if path is not None:
            # Also without rows: those of a size that the picture does not have may all have been left out.
            _require_same_size(path, image, source)
            pictures[image.path] = path
        elif (~image.crowd).any():
            raise ExemplarError(
                f"{printable(source)} speaks of a picture that does not lie beside it.",
                "Put the picture there, or take it out of the file.",
                printable(image.path),
            )
    return Marks(source, annotations, pictures)


def _annotations_in(folder: Path) -> Path | None:
    files = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in _SUFFIXES
        and path.name not in _BESIDE
        and not is_hidden(path.name)
        and path.is_file()
        and _format_of(path) in _FORMATS
    ]
    if len(files) > 1:
        raise ExemplarError(
            f"Folder {printable(folder)} holds several annotation files.",
            "Leave the one that marks the examples.",
            [path.name for path in files[:3]],
        )
    return files[0] if files else None


def _format_of(path: Path) -> str | None:
    try:
        return locate_annotations(path)[0]
    except UsageError:
        return None


def _place(folder: Path, image: AnnotatedImage) -> Path | None:
    inside = ".." not in PurePosixPath(image.path).parts
    places = [folder / image.path, folder / PurePosixPath(image.path).name] if inside else []
    return next((place for place in places if place.is_file()), None)


def _require_same_size(path: Path, image: AnnotatedImage, source: Path) -> None:
    try:
        size_hw = peek_size(path)
    except ImageError:  # looking at it will say what is wrong
        return
    if size_hw != tuple(image.size_hw):
        stated = f"{_size(image.size_hw)} in {source.name}"
        raise ExemplarError(
            f"{printable(path)} is of {_size(size_hw)} pixels and of {stated}.",
            "Annotate the very picture, upright, at its own size.",
        )


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"
