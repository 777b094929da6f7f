"""The front page of a run: how good, how sure, where it errs, and how it came about; and its epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.metrics import ClassificationScores, ClassScore, GroupScore, Reliability
from lydite.reports.class_figures import LEADING, calibration_figures, figure_row
from lydite.reports.history import EpochRow
from lydite.reports.line_plot import LinePlot, ReliabilityDot, reliability_dots
from lydite.reports.pages.answers import AnswerCard, AnswerList
from lydite.reports.pages.evaluation import Cell, FigureRow
from lydite.reports.pages.gallery import pages_of
from lydite.reports.palette import ClassLook, look_of
from lydite.reports.site import Site
from lydite.train.recipe import Change

EPOCHS_PER_PAGE = 200
EPOCHS = AnswerList("epochs", "Epochs", "", "No epoch was logged.", 0, 0)
WIDEST = 50
"""With more classes the matrix shows those that are confused most."""
LISTED = 24
PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as a row of a table.

    Args:
        look: The class.
        there: Pictures of it.
        said: Pictures said to be of it.
        figures: Recall, precision, F1.
        taken_for: What its pictures are taken for most often: class and count; ``None`` if never.
    """

    look: ClassLook
    there: int
    said: int
    figures: tuple[FigureRow, ...]
    taken_for: tuple[ClassLook, int] | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix, or the part of it that is confused most.

    Args:
        looks: Its classes.
        rows: Cells, row by row: what is there down, what was said across.
        whole: Whether all classes are in it.
    """

    looks: tuple[ClassLook, ...]
    rows: tuple[tuple[Cell, ...], ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A model of the run.

    Args:
        name: Its fold in words.
        accuracy: On the rows that it was held out from.
        pictures: How many these are.
        seconds: Wall time as text; empty if it is not known.
        done: Whether it is ready.
    """

    name: str
    accuracy: FigureRow
    pictures: int
    seconds: str
    done: bool


@dataclass(frozen=True, slots=True)
class TrainingPage:
    """Everything that the front page says.

    Args:
        run: Id of the run.
        lede: What was run, in a sentence.
        state: How far it came; empty if it is done.
        notes: What a reader should know.
        part: What was scored, in words.
        leading: Figures shown large.
        figures: All overall figures.
        by_chance: Calibration error that chance alone would make, as text.
        exposure: Rows by exposure.
        left_out: Why rows are not among them.
        drawn: What intervals draw, in words.
        level: Of the intervals, in percent, as text.
        test: Figures of the split ``test``; empty if nothing is known of it.
        plots: Curves over epochs.
        folds: One row a fold.
        dots: The reliability diagram.
        classes: One row a class.
        matrix: Confusions.
        confused: Pairs: true class, said class, count, most frequent first.
        groups: The least accurate groups: name, figure, pictures.
        group_count: How many groups there are.
        changes: Settings that differ from the defaults.
        recipe: All settings.
        sources: Where data and weights come from: name and value.
        environment: What it was computed with: name and value.
    """

    run: str
    lede: str
    state: str
    notes: tuple[str, ...]
    part: str
    leading: tuple[FigureRow, ...]
    figures: tuple[FigureRow, ...]
    by_chance: str
    exposure: Mapping[str, int]
    left_out: Mapping[str, int]
    drawn: str
    level: str
    test: tuple[FigureRow, ...]
    plots: tuple[LinePlot, ...]
    folds: tuple[FoldRow, ...]
    dots: tuple[ReliabilityDot, ...]
    classes: tuple[ClassRow, ...]
    matrix: Matrix
    confused: tuple[tuple[ClassLook, ClassLook, int], ...]
    groups: tuple[tuple[str, FigureRow, int], ...]
    group_count: int
    changes: tuple[Change, ...]
    recipe: Mapping[str, Any]
    sources: Mapping[str, str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrainingNav:
    """What the head of each page links.

    Args:
        lists: The lists of pictures.
        epochs: Logged epochs; 0 hides their page.
        home: What the front page is called.
        record: Name of the file with all numbers.
    """

    lists: tuple[AnswerList, ...]
    epochs: int = 0
    home: str = "Run"
    record: str = "training.json"


def write_training_page(
    site: Site, page: TrainingPage, previews: Mapping[AnswerList, Sequence[AnswerCard]], nav: TrainingNav
) -> Path:
    """Write ``index.html``; returns its path."""
    return site.write_page(
        "index.html", "training.html", page=page, previews=previews, nav=nav, listed=LISTED, epochs=EPOCHS
    )


def write_epoch_pages(site: Site, rows: Sequence[EpochRow], nav: TrainingNav) -> None:
    """Write the per-epoch table over as many pages as it needs; none for nothing."""
    pages = pages_of(len(rows), EPOCHS_PER_PAGE) if rows else 0
    for page in range(1, pages + 1):
        first = (page - 1) * EPOCHS_PER_PAGE
        site.write_page(
            EPOCHS.name(page),
            "epochs.html",
            rows=rows[first : first + EPOCHS_PER_PAGE],
            page=page,
            pages=pages,
            first=first + 1,
            total=len(rows),
            chooses=any(row.chosen or math.isfinite(row.held_loss) for row in rows),
            name_of=EPOCHS.name,
            nav=nav,
            epochs=EPOCHS,
        )


def figures_of(scores: ClassificationScores, reliability: Reliability) -> tuple[FigureRow, ...]:
    """All overall figures."""
    figures = {**scores.overall, **calibration_figures(reliability)}
    return tuple(figure_row(name, figure) for name, figure in figures.items())


def leading_of(scores: ClassificationScores) -> tuple[FigureRow, ...]:
    """What the head of the page shows large."""
    return tuple(figure_row(name, scores.overall[name]) for name in LEADING)


def class_rows(scores: ClassificationScores) -> tuple[ClassRow, ...]:
    """One row a class, in the order of the class map."""
    looks = looks_of(scores)
    return tuple(_class_row(one, looks, scores.confusion[k], k) for k, one in enumerate(scores.per_class))


def looks_of(scores: ClassificationScores) -> tuple[ClassLook, ...]:
    """How the classes look."""
    return tuple(look_of(index, name) for index, name in enumerate(scores.class_map))


def group_rows(groups: Sequence[GroupScore]) -> tuple[tuple[str, FigureRow, int], ...]:
    """The least accurate groups: name, accuracy, pictures."""
    return tuple(
        (one.name, figure_row("accuracy", one.accuracy), one.accuracy.images) for one in groups[:LISTED]
    )


def confused_pairs(
    scores: ClassificationScores, most: int = LISTED
) -> tuple[tuple[ClassLook, ClassLook, int], ...]:
    """What is taken for what most often."""
    looks, off = looks_of(scores), _off(scores.confusion)
    order = np.argsort(-off, axis=None, kind="stable")[:most]
    places = [divmod(place, len(looks)) for place in order.tolist()]
    return tuple((looks[a], looks[b], int(off[a, b])) for a, b in places if off[a, b])


def matrix_of(scores: ClassificationScores) -> Matrix:
    """The matrix; of many classes those with the most confusions, in the order of the class map."""
    looks, off = looks_of(scores), _off(scores.confusion)
    chosen = np.arange(len(looks))
    if len(looks) > WIDEST:
        chosen = np.sort(np.argsort(-(off.sum(axis=0) + off.sum(axis=1)), kind="stable")[:WIDEST])
    totals = np.maximum(scores.confusion.sum(axis=1), 1)
    rows = tuple(
        tuple(_cell(int(scores.confusion[a, b]), int(totals[a]), looks[a], looks[b]) for b in chosen.tolist())
        for a in chosen.tolist()
    )
    return Matrix(tuple(looks[k] for k in chosen.tolist()), rows, len(chosen) == len(looks))


def dots_of(reliability: Reliability) -> tuple[ReliabilityDot, ...]:
    """The dots of the reliability diagram."""
    return reliability_dots(reliability)


def _off(confusion: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    off = confusion.copy()
    np.fill_diagonal(off, 0)
    return off


def _cell(count: int, total: int, there: ClassLook, said: ClassLook) -> Cell:
    return Cell(count, count / total, there is said, f"{there.name} taken for {said.name}: {count}")


def _class_row(
    score: ClassScore, looks: Sequence[ClassLook], row: npt.NDArray[np.int64], label: int
) -> ClassRow:
    others = row.copy()
    others[label] = 0
    worst = int(others.argmax())
    figures = tuple(figure_row("accuracy", one) for one in (score.recall, score.precision, score.f1))
    taken_for = (looks[worst], int(others[worst])) if others[worst] else None
    return ClassRow(looks[label], score.there, score.said, figures, taken_for)
