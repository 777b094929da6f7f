"""Examples from an annotation file among the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from lydite.core import ExemplarError, ImageError, UsageError
from lydite.data import (
    AnnotatedImage,
    AnnotationSet,
    get_format,
    is_hidden,
    peek_size,
    printable,
    to_coco_rle,
)
from lydite.data.guess import locate_annotations
from lydite.detect.exemplars import Exemplar, ExemplarSet, find_exemplars, find_negatives

_SUFFIXES, _FORMATS = {".json", ".xml"}, {"coco", "cvat", "label-studio"}
_BESIDE = {"provenance.json"}


def find_examples(positive: Path, negative: Path | None = None) -> ExemplarSet:
    """The exemplars of folders, as ``find_exemplars``, but for folders that hold an annotation file.

    A file of COCO, CVAT or Label Studio directly in the folder of positives makes each of its rows an example
    of its own class: by its mask, or else its box. In the folder of a class it does so for the pictures it
    speaks of, whose rows must be of that class if the file knows several; the other pictures are whole
    examples. Groups marked as a whole (COCO's ``iscrowd``) are no examples.

    Args:
        positive: As for ``find_exemplars``.
        negative: As for ``find_exemplars``.

    Raises:
        UsageError: As ``find_exemplars``.
        AnnotationError: If a file cannot be read.
        ExemplarError: As ``find_exemplars``; if a file speaks of pictures that are not there or are
            of another size, names no example, or there are two files.
    """
    file = _annotations_in(positive) if positive.is_dir() else None
    if file is None:
        found = find_exemplars(positive, negative)
        return _with_classes(positive, found)
    annotations = _read(file)
    positives = tuple(_rows_of(positive, "positive", file, annotations))
    if not positives:
        raise ExemplarError(
            f"{printable(file)} marks no example.",
            "Annotate something, or remove the file.",
            list(_told(annotations)[:3]) or None,
        )
    classes = {str(each.class_name) for each in positives}
    negatives = find_negatives(negative, classes) if negative is not None else ()
    return ExemplarSet(positives, negatives, _told(annotations))


def _with_classes(positive: Path, found: ExemplarSet) -> ExemplarSet:
    """Rows instead of whole pictures, where the folder of a class holds an annotation file."""
    positives: list[Exemplar] = []
    told: tuple[str, ...] = ()
    for name in found.class_names:
        of_class = [each for each in found.positives if each.class_name == name]
        folder = of_class[0].path.parent
        file = _annotations_in(folder) if folder != positive else None
        if file is None:
            positives += of_class
            continue
        annotations = _read(file)
        told += _told(annotations)
        if len(annotations.class_map) > 1 and name not in annotations.class_map:
            raise ExemplarError(
                f"{printable(file)} lies in the folder of class {name!r} and knows no such class.",
                "Name the folder after a class of the file, or move the file up.",
                list(annotations.class_map)[:8],
            )
        rows = [
            each
            for each in _rows_of(folder, f"positive/{name}", file, annotations, name)
            if len(annotations.class_map) == 1 or each.class_name == name
        ]
        spoken = {each.path for each in rows}
        positives += [replace(each, class_name=name) for each in rows]
        positives += [each for each in of_class if each.path not in spoken]
    return ExemplarSet(tuple(positives), found.negatives, told)


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


def _read(file: Path) -> AnnotationSet:
    return get_format(locate_annotations(file)[0]).read(file, images=file.parent)


def _told(annotations: AnnotationSet) -> tuple[str, ...]:
    return tuple(str(problem) for problem in annotations.problems)


def _rows_of(
    folder: Path, prefix: str, file: Path, annotations: AnnotationSet, class_name: str | None = None
) -> Iterator[Exemplar]:
    for image in annotations.images:
        rows = np.flatnonzero(~image.crowd) if len(image) else np.zeros(0, np.int64)
        if not len(rows):
            continue
        path = _picture_of(folder, image, file)
        for row in rows.tolist():
            label = annotations.class_map[int(image.labels[row])]
            name = f"{prefix if class_name else f'{prefix}/{label}'}/{image.path}#{row}"
            box, rle = _place(image, row)
            yield Exemplar(path, name, label, box=box, rle=rle)


def _picture_of(folder: Path, image: AnnotatedImage, file: Path) -> Path:
    """The annotated picture, which must lie in the folder and be as large as the file says."""
    inside = ".." not in PurePosixPath(image.path).parts
    places = [folder / image.path, folder / PurePosixPath(image.path).name] if inside else []
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ExemplarError(
            f"{printable(file)} speaks of a picture that does not lie beside it.",
            "Put the picture there, or take it out of the file.",
            printable(image.path),
        )
    try:
        size_hw = peek_size(path)
    except ImageError:  # looking at it will say what is wrong
        return path
    if size_hw != tuple(image.size_hw):
        raise ExemplarError(
            f"{printable(path)} is of {_size(size_hw)} pixels and of {_size(image.size_hw)} in {file.name}.",
            "Annotate the very picture, upright, at its own size.",
        )
    return path


def _place(image: AnnotatedImage, row: int) -> tuple[tuple[float, float, float, float] | None, str | None]:
    """Box, or mask as compressed runs."""
    if image.masks is not None and image.masks.areas[row]:
        return None, str(to_coco_rle(image.masks[row : row + 1])[0]["counts"])
    x0, y0, x1, y1 = (float(value) for value in image.boxes.xyxy[row])
    return (x0, y0, x1, y1), None


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"
