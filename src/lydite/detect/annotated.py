"""Examples from annotations among the pictures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from lydite.core import ExemplarError
from lydite.data import printable
from lydite.detect.annotated_negatives import find_annotated_negatives
from lydite.detect.exemplars import (
    Exemplar,
    ExemplarSet,
    find_exemplars,
    find_lone_masks,
    folders_below,
    pictures_in,
)
from lydite.detect.marks import Marks, find_marks, read_rows, tell_by_picture


def find_examples(positive: Path, negative: Path | None = None, classes: Collection[str] = ()) -> ExemplarSet:
    """The exemplars of folders, as ``find_exemplars``, but for folders that hold annotations.

    A file of COCO, CVAT or Label Studio directly in the folder of positives, or those of Pascal VOC or YOLO,
    make each of their rows an example of its own class: by its mask, or else its box. In the folder of a
    class they do so for the pictures they speak of, whose rows must be of that class if they know several;
    the other pictures are whole examples. Groups marked as a whole (COCO's ``iscrowd``) are no examples.

    Args:
        positive: As for ``find_exemplars``.
        negative: As for ``find_annotated_negatives``.
        classes: What is to be found besides, which negatives may speak against as well.

    Raises:
        UsageError: As ``find_exemplars``.
        AnnotationError: If a file cannot be read.
        ExemplarError: As ``find_exemplars``; if annotations speak of pictures that are not there or are
            of another size, mark no example, or are of two kinds.
    """
    marks, problems = find_marks(positive) if positive.is_dir() else (None, ())
    if marks is None:
        known = _with_classes(positive, find_exemplars(positive))
    else:
        known = _all_rows(positive, marks, problems)
    problems += known.problems
    if negative is None:
        return replace(known, problems=problems)
    negatives, more = find_annotated_negatives(negative, {*known.class_names, *classes})
    return ExemplarSet(known.positives, negatives, problems + more)


def _all_rows(positive: Path, marks: Marks, problems: tuple[str, ...]) -> ExemplarSet:
    """Each row an example of its own class; no folder says what the other pictures are."""
    positives = tuple(read_rows(marks, "positive"))
    if not positives:
        raise ExemplarError(
            f"{marks.name} marks no example.",
            "Annotate something, or remove the annotations.",
            list(problems[:3]) or None,
        )
    spoken = set(marks.pictures.values())
    silent = [
        f"picture left out: {printable(each.path)}: {marks.name} does not speak of it"
        for folder in (positive, *folders_below(positive))
        for each in pictures_in(folder)
        if each.path not in spoken
    ]
    return ExemplarSet(positives, problems=(*silent, *find_lone_masks(positive)))


def _with_classes(positive: Path, found: ExemplarSet) -> ExemplarSet:
    """Rows instead of whole pictures, where the folder of a class holds annotations."""
    positives: list[Exemplar] = []
    problems: list[str] = []
    for name in found.class_names:
        of_class = [each for each in found.positives if each.class_name == name]
        folder = of_class[0].path.parent
        if folder == positive:  # looked through by the caller
            return found
        marks, left_out = find_marks(folder)
        problems += left_out
        if marks is None:
            positives += of_class
            continue
        rows = _rows_of_class(marks, name)
        spoken = set(marks.pictures.values())
        whole = [each for each in of_class if each.path not in spoken]
        if not rows and not whole:
            raise ExemplarError(
                f"{marks.name} marks no {name!r}, and no other picture lies there.",
                "Annotate one, or remove the annotations to take whole pictures.",
                list(left_out[:3]) or None,
            )
        positives += rows + whole
        known = list(marks.annotations.class_map)
        if len(known) == 1 and known != [name]:
            problems.append(f"class {known[0]!r} is taken as {name!r}: the only one of {marks.name}")
        problems += tell_by_picture(marks, rows, whole, repr(name))
    return ExemplarSet(tuple(positives), problems=(*problems, *found.problems))


def _rows_of_class(marks: Marks, name: str) -> list[Exemplar]:
    known = marks.annotations.class_map
    if len(known) > 1 and name not in known:
        raise ExemplarError(
            f"{marks.name} lies in the folder of class {name!r} and knows no such class.",
            "Name the folder after a class of the annotations, or move them up.",
            list(known)[:8],
        )
    rows = read_rows(marks, "positive", name if len(known) == 1 else None)
    return [each for each in rows if each.class_name == name]
