"""What people accepted and refused becomes examples: a review's journal as positives and negatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from lydite.cli.review_source import open_source
from lydite.core import Act, RegionId, UsageError
from lydite.data import printable
from lydite.detect import Exemplar, ExemplarSet, find_annotated_negatives, find_examples
from lydite.review import Pile, Standing, fold, open_journal

ReviewedOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="reviewed run or workspace: regions that people accepted there are examples, refused ones "
        "negatives; repeatable"
    ),
]
JournalOption = Annotated[
    str | None,
    typer.Option(help="journal of --reviewed", show_default="review/journal.db of the run or workspace"),
]


def gather_examples(
    positive: Path | None, negative: Path | None, single: Sequence[Exemplar], judged: Sequence[Exemplar]
) -> ExemplarSet:
    """Examples of folders, then single ones, then those of reviews.

    Negatives may speak against each class that any of these shows.

    Args:
        positive: Folder of what to find, if there is one.
        negative: Folder of what must not be found, if there is one.
        single: Positives, and negatives without a class.
        judged: What people said in reviews, likewise.
    """
    more = tuple(each for each in (*single, *judged) if each.class_name is not None)
    against = tuple(each for each in (*single, *judged) if each.class_name is None)
    classes = {str(each.class_name) for each in more}
    if positive is not None:
        found = find_examples(positive, negative, classes)
        return ExemplarSet(found.positives + more, found.negatives + against, found.problems)
    negatives, problems = find_annotated_negatives(negative, classes) if negative else ((), ())
    return ExemplarSet(more, negatives + against, problems)


def read_all_reviewed(reviewed: Sequence[Path], journal: str | None) -> tuple[Exemplar, ...]:
    """The examples of several reviews.

    Args:
        reviewed: Folders of reviewed runs or workspaces.
        journal: File or URL, if it is not beside them.

    Raises:
        UsageError: If a journal is named but nothing that it could be of.
    """
    if journal is not None and not reviewed:
        raise UsageError("Option --journal names the journal of a review, but there is no --reviewed.")
    return tuple(each for source in reviewed for each in read_reviewed(source, journal))


def read_reviewed(source: Path, journal: str | None = None) -> tuple[Exemplar, ...]:
    """An example for each region of a reviewed run or workspace on which people agreed.

    A region with a label, the proposed one or another, is a positive of it; a refused one is a negative.
    What is unsure or disputed says nothing.

    Raises:
        UsageError: If there is none.
    """
    opened = open_source(source, journal, regions=True)
    book = open_journal(opened.journal)
    decisions = fold(book.read(), opened.pile.class_map.names).decisions
    book.close()
    said: dict[RegionId, str | None] = {}
    for subject, decision in decisions.items():
        if not isinstance(subject, RegionId) or subject not in opened.pile.rows:
            continue
        if decision.standing is Standing.LABEL:
            said[subject] = decision.label
        elif decision.standing.value == Act.TRASH.value:
            said[subject] = None
    found = _exemplars(opened.pile, said)
    if not found:
        raise UsageError(
            f"Nobody has accepted or refused a region of {printable(source)} yet.",
            "Review it first: lydite review serve",
        )
    return found


def _exemplars(pile: Pile, said: Mapping[RegionId, str | None]) -> tuple[Exemplar, ...]:
    """Those of a picture are judged if all that was found in it was: its rest is known to be none."""
    asked = Counter(subject.item for subject in pile.subjects if isinstance(subject, RegionId))
    answered = Counter(subject.item for subject in said)
    return tuple(
        _exemplar(pile, pile.rows[subject], label, judged=answered[subject.item] == asked[subject.item])
        for subject, label in said.items()
    )


def _exemplar(pile: Pile, row: int, label: str | None, *, judged: bool) -> Exemplar:
    shapes = pile.shapes
    assert shapes is not None  # rows of regions have shapes
    name = f"reviewed/{'negative' if label is None else label}/{pile.subjects[row]}"
    path = pile.paths[row]
    if shapes.masks[row]:
        return Exemplar(path, name, label, rle=shapes.masks[row], judged=judged)
    x0, y0, x1, y1 = map(float, shapes.boxes[row])
    return Exemplar(path, name, label, box=(x0, y0, x1, y1), judged=judged)
