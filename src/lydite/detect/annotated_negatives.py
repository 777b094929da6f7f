"""Negatives from annotations among pictures of what must not be found."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from lydite.core import ExemplarError
from lydite.data import printable
from lydite.detect.exemplars import (
    Exemplar,
    find_lone_masks,
    find_negatives,
    folders_below,
    named_class,
)
from lydite.detect.marks import Marks, find_marks, read_rows, tell_by_picture


def find_annotated_negatives(
    folder: Path, classes: Collection[str]
) -> tuple[tuple[Exemplar, ...], tuple[str, ...]]:
    """The negatives of a folder, as ``find_negatives``, but for sub-folders that hold annotations.

    Rows are negatives by their masks or boxes, and the pictures that annotations speak of are none. A row
    speaks against one class only if its picture lies in a sub-folder named after a class, or else if its own
    class is one of those to be found; otherwise against all.

    Args:
        folder: Pictures of what must not be found, at any depth.
        classes: What is to be found.

    Returns:
        The negatives, and what was left out or taken whole, as ``ExemplarSet.problems``.

    Raises:
        UsageError: As ``find_negatives``.
        AnnotationError: If a file cannot be read.
        ExemplarError: As ``find_negatives`` and ``find_examples``.
    """
    whole = find_negatives(folder, classes)
    rows: list[Exemplar] = []
    problems: list[str] = []
    for sub in (folder, *folders_below(folder)):
        marks, left_out = find_marks(sub)
        problems += left_out
        if marks is None:
            continue
        found = list(_rows(folder, sub, marks, classes))
        rows += found
        spoken = set(marks.pictures.values())
        whole = tuple(each for each in whole if each.path not in spoken)
        problems += tell_by_picture(marks, found, whole, "negative")
    if not rows and not whole:
        raise ExemplarError(
            f"The annotations in {printable(folder)} mark no negative.",
            "Annotate what must not be found, or remove them to take whole pictures.",
            problems[:3],
        )
    return (*rows, *whole), (*problems, *find_lone_masks(folder))


def _rows(folder: Path, sub: Path, marks: Marks, classes: Collection[str]) -> Iterator[Exemplar]:
    for row in read_rows(marks, "/".join(("negative", *sub.relative_to(folder).parts))):
        against = named_class(row.path.parent.relative_to(folder).parts, classes)
        if against is None and row.class_name in classes:
            against = row.class_name
        yield replace(row, class_name=None, against=against)
