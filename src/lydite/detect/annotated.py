"""Examples from an annotation file among the pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lydite.core import ExemplarError
from lydite.data import AnnotatedImage, printable, to_coco_rle
from lydite.detect.exemplars import (
    Exemplar,
    ExemplarSet,
    find_exemplars,
    find_negatives,
    folders_below,
    named_class,
)
from lydite.detect.marks import Marks, find_marks


def find_examples(positive: Path, negative: Path | None = None) -> ExemplarSet:
    """The exemplars of folders, as ``find_exemplars``, but for folders that hold an annotation file.

    A file of COCO, CVAT or Label Studio directly in the folder of positives makes each of its rows an example
    of its own class: by its mask, or else its box. In the folder of a class it does so for the pictures it
    speaks of, whose rows must be of that class if the file knows several; the other pictures are whole
    examples. Groups marked as a whole (COCO's ``iscrowd``) are no examples.

    Args:
        positive: As for ``find_exemplars``.
        negative: As for ``find_annotated_negatives``.

    Raises:
        UsageError: As ``find_exemplars``.
        AnnotationError: If a file cannot be read.
        ExemplarError: As ``find_exemplars``; if a file speaks of pictures that are not there or are
            of another size, names no example, or there are two files.
    """
    marks = find_marks(positive) if positive.is_dir() else None
    known = _of_file(marks) if marks is not None else _with_classes(positive, find_exemplars(positive))
    if negative is None:
        return known
    negatives, problems = find_annotated_negatives(negative, known.class_names)
    return ExemplarSet(known.positives, negatives, known.problems + problems)


def find_annotated_negatives(
    folder: Path, classes: Collection[str]
) -> tuple[tuple[Exemplar, ...], tuple[str, ...]]:
    """The negatives of a folder, as ``find_negatives``, but for sub-folders that hold an annotation file.

    The rows of a file are negatives by their masks or boxes, and the pictures it speaks of are none. A row
    speaks against one class only if its picture lies in a sub-folder named after a class, or else if its own
    class is one of those to be found; otherwise against all.

    Args:
        folder: Pictures of what must not be found, at any depth.
        classes: What is to be found.

    Returns:
        The negatives, and what was left out of the files.

    Raises:
        UsageError: As ``find_negatives``.
        AnnotationError: If a file cannot be read.
        ExemplarError: As ``find_negatives`` and ``find_examples``.
    """
    whole = find_negatives(folder, classes)
    marked = [marks for sub in (folder, *folders_below(folder)) if (marks := find_marks(sub)) is not None]
    rows = [row for marks in marked for row in _negative_rows(folder, marks, classes)]
    spoken = {path for marks in marked for path in marks.pictures.values()}
    negatives = (*rows, *(each for each in whole if each.path not in spoken))
    problems = tuple(problem for marks in marked for problem in marks.problems)
    if not negatives:
        raise ExemplarError(
            f"{printable(marked[0].source)} marks no negative.",
            "Annotate what must not be found, or remove the file to take whole pictures.",
            list(problems[:3]) or None,
        )
    return negatives, problems


def _negative_rows(folder: Path, marks: Marks, classes: Collection[str]) -> Iterator[Exemplar]:
    prefix = "/".join(("negative", *marks.source.parent.relative_to(folder).parts))
    for row in _rows_of(marks, prefix):
        against = named_class(row.path.parent.relative_to(folder).parts, classes)
        if against is None and row.class_name in classes:
            against = row.class_name
        yield replace(row, class_name=None, against=against)


def _of_file(marks: Marks) -> ExemplarSet:
    """Each row an example of its own class."""
    positives = tuple(_rows_of(marks, "positive"))
    if not positives:
        raise ExemplarError(
            f"{printable(marks.source)} marks no example.",
            "Annotate something, or remove the file.",
            list(marks.problems[:3]) or None,
        )
    return ExemplarSet(positives, problems=marks.problems)


def _with_classes(positive: Path, found: ExemplarSet) -> ExemplarSet:
    """Rows instead of whole pictures, where the folder of a class holds an annotation file."""
    positives: list[Exemplar] = []
    told: tuple[str, ...] = ()
    for name in found.class_names:
        of_class = [each for each in found.positives if each.class_name == name]
        folder = of_class[0].path.parent
        marks = find_marks(folder) if folder != positive else None
        if marks is None:
            positives += of_class
            continue
        told += marks.problems
        known = marks.annotations.class_map
        if len(known) > 1 and name not in known:
            raise ExemplarError(
                f"{printable(marks.source)} lies in the folder of class {name!r} and knows no such class.",
                "Name the folder after a class of the file, or move the file up.",
                list(known)[:8],
            )
        rows = [
            each
            for each in _rows_of(marks, f"positive/{name}", name)
            if len(known) == 1 or each.class_name == name
        ]
        spoken = {each.path for each in rows}
        positives += [replace(each, class_name=name) for each in rows]
        positives += [each for each in of_class if each.path not in spoken]
    return ExemplarSet(tuple(positives), problems=told)


def _rows_of(marks: Marks, prefix: str, class_name: str | None = None) -> Iterator[Exemplar]:
    class_map = marks.annotations.class_map
    for image in marks.annotations.images:
        for row in np.flatnonzero(~image.crowd).tolist():
            label = class_map[int(image.labels[row])]
            name = f"{prefix if class_name else f'{prefix}/{label}'}/{image.path}#{row}"
            box, rle = _place(image, row)
            yield Exemplar(marks.pictures[image.path], name, label, box=box, rle=rle)


def _place(image: AnnotatedImage, row: int) -> tuple[tuple[float, float, float, float] | None, str | None]:
    """Box, or mask as compressed runs."""
    if image.masks is not None and image.masks.areas[row]:
        return None, str(to_coco_rle(image.masks[row : row + 1])[0]["counts"])
    x0, y0, x1, y1 = (float(value) for value in image.boxes.xyxy[row])
    return (x0, y0, x1, y1), None
