"""The annotations in a folder of examples, read and held against the pictures that they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from lydite.core import ExemplarError, ImageError, UsageError
from lydite.data import (
    AnnotatedImage,
    AnnotationSet,
    get_format,
    peek_size,
    printable,
    read_voc,
    read_yolo,
    to_coco_rle,
)
from lydite.detect.exemplars import Exemplar
from lydite.detect.mark_files import MarkFiles, find_mark_files


@dataclass(frozen=True, slots=True)
class Marks:
    """What annotations say about pictures among examples.

    Args:
        name: How messages call them.
        folder: The folder that the paths of the pictures start from.
        annotations: What they say.
        pictures: Where the pictures lie, by their paths in the annotations; those without a row may be
            missing.
    """

    name: str
    folder: Path
    annotations: AnnotationSet
    pictures: Mapping[str, Path]


def find_marks(folder: Path) -> tuple[Marks | None, tuple[str, ...]]:
    """The marks of the annotations that lie in a folder: COCO, CVAT, Label Studio, Pascal VOC or YOLO.

    Returns:
        The marks, if there are any that can be read, and what was left out of the annotations.

    Raises:
        AnnotationError: If a file about many pictures cannot be read.
        ExemplarError: If there are annotations of two kinds, a picture is of another size than they say, or
            an annotated picture is not there.
    """
    files, unread = find_mark_files(folder)
    if files is None:
        return None, unread
    try:
        annotations = _read(files)
    except UsageError as error:  # YOLO without a list of classes
        return None, (*unread, f"annotations left out: {files.name}: {error}")
    pictures = {}
    for image in annotations.images:
        path = _place(files.pictures, image)
        if path is not None:
            # Also without rows: those of a size that the picture does not have may all have been left out.
            _require_same_size(path, image, files)
            pictures[image.path] = path
        elif (~image.crowd).any():
            raise ExemplarError(
                f"{files.name} speaks of a picture that does not lie beside it.",
                "Put the picture there, or take it out of the file.",
                printable(image.path),
            )
    problems = (f"annotation left out: {problem}" for problem in annotations.problems)
    return Marks(files.name, files.pictures, annotations, pictures), (*unread, *problems)


def read_rows(marks: Marks, prefix: str, class_name: str | None = None) -> Iterator[Exemplar]:
    """Each row as an example, by its mask or else its box; groups marked as a whole are none.

    Args:
        marks: The rows.
        prefix: What names begin with, before the class, the picture's path, and the row's number.
        class_name: The class of all; each row's own when ``None``.
    """
    for image in marks.annotations.images:
        for row in np.flatnonzero(~image.crowd).tolist():
            label = class_name or marks.annotations.class_map[int(image.labels[row])]
            box, rle = _shape(image, row)
            name = f"{prefix}/{label}/{image.path}#{row}"
            yield Exemplar(marks.pictures[image.path], name, label, box=box, rle=rle)


def tell_by_picture(
    marks: Marks, rows: Iterable[Exemplar], whole: Iterable[Exemplar], kind: str
) -> list[str]:
    """What to say of pictures that annotations mark nothing in, and of those beside them taken whole.

    Args:
        marks: The annotations.
        rows: The examples that they mark.
        whole: Pictures that they do not speak of.
        kind: What the rows are examples of.
    """
    used = {each.path for each in rows}
    empty = [path for path in marks.pictures.values() if path not in used]
    alone = [each.path for each in whole if each.path.parent == marks.folder and each.mask is None]
    return [
        *(f"picture left out: {printable(path)}: {marks.name} marks no {kind} in it" for path in empty),
        *(f"picture taken whole: {printable(path)}: {marks.name} does not speak of it" for path in alone),
    ]


def _shape(image: AnnotatedImage, row: int) -> tuple[tuple[float, float, float, float] | None, str | None]:
    """Box, or mask as compressed runs."""
    if image.masks is not None and image.masks.areas[row]:
        return None, str(to_coco_rle(image.masks[row : row + 1])[0]["counts"])
    x0, y0, x1, y1 = (float(value) for value in image.boxes.xyxy[row])
    return (x0, y0, x1, y1), None


def _read(files: MarkFiles) -> AnnotationSet:
    if files.format == "voc":
        return read_voc(files.path, files.pictures, stems=files.stems)
    if files.format == "yolo":
        return read_yolo(files.path, files.pictures, stems=files.stems)
    return get_format(files.format).read(files.path, images=files.pictures)


def _place(folder: Path, image: AnnotatedImage) -> Path | None:
    inside = ".." not in PurePosixPath(image.path).parts
    places = [folder / image.path, folder / PurePosixPath(image.path).name] if inside else []
    return next((place for place in places if place.is_file()), None)


def _require_same_size(path: Path, image: AnnotatedImage, files: MarkFiles) -> None:
    try:
        size_hw = peek_size(path)
    except ImageError:  # looking at it will say what is wrong
        return
    if size_hw != tuple(image.size_hw):
        stated = f"{_size(image.size_hw)} in {files.name if files.stems else files.path.name}"
        raise ExemplarError(
            f"{printable(path)} is of {_size(size_hw)} pixels and of {stated}.",
            "Annotate the very picture, upright, at its own size.",
        )


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"
