"""The front page of an evaluation: figures with intervals, curves, confusions, and what led to misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lydite.detect.evaluation import Evaluation
from lydite.metrics import Figure
from lydite.metrics.measures import ALL
from lydite.reports.measures import (
    LEADING,
    PER_CLASS,
    SUMMARY,
    basis_text,
    interval_text,
    label_of,
    meaning_of,
    value_text,
)
from lydite.reports.pages.errors import ErrorCard
from lydite.reports.palette import ClassLook, look_of
from lydite.reports.precision_plot import CurvePlot, plot_curve
from lydite.reports.site import Site

SHOWN_PLOTS = 12
PREVIEWS = 10
LISTED = 12
FATES = {
    "not proposed": "no candidate covers it",
    "filtered": "a candidate filter dropped the candidate",
    "refused": "a score rule refused the candidate",
    "suppressed": "a stronger instance covers the candidate",
    "accepted": "accepted, but as another class or for another object",
}
"""What may have become of the candidate for a missed instance, in the order of the chain."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as a row of a table.

    Args:
        label: How people call it.
        meaning: What it is.
        value: The number as text.
        interval: Its interval as text; empty if there is none.
        basis: What it rests on.
        withheld: Why it is not given.
    """

    label: str
    meaning: str
    value: str
    interval: str
    basis: str
    withheld: str = ""

    @classmethod
    def of(cls, name: str, figure: Figure) -> FigureRow:
        """The row of a figure."""
        return cls(
            label_of(name),
            meaning_of(name),
            value_text(figure),
            interval_text(figure),
            basis_text(figure),
            figure.withheld,
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the confusion matrix.

    Args:
        count: How many; ``None`` where it is not known.
        share: Of its row, 0 to 1.
        hit: Whether it is on the diagonal.
        title: The cell in words.
    """

    count: int | None
    share: float
    hit: bool
    title: str


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    """Everything that the front page says.

    Args:
        evaluation: What was evaluated.
        looks: The classes.
        leading: Figures shown large.
        figures: All overall figures that are given.
        withheld: Reasons, each with the figures that it keeps back.
        classes: Class, true instances, and a row of figures each.
        columns: Labels and meanings of those figures.
        sizes: Size, true instances, recall, AP and AR.
        plots: Curves: all classes first.
        matrix: The confusion matrix, row by row.
        fates: What became of the candidates for missed instances: outcome, meaning, count.
        misses: The first few.
        alarms: The first few.
    """

    evaluation: Evaluation
    looks: tuple[ClassLook, ...]
    leading: tuple[FigureRow, ...]
    figures: tuple[FigureRow, ...]
    withheld: tuple[tuple[str, str], ...]
    classes: tuple[tuple[ClassLook, int, tuple[FigureRow, ...]], ...]
    columns: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, int, tuple[FigureRow, ...]], ...]
    plots: tuple[CurvePlot, ...]
    matrix: tuple[tuple[Cell, ...], ...]
    fates: tuple[tuple[str, str, int], ...]
    misses: tuple[ErrorCard, ...]
    alarms: tuple[ErrorCard, ...]


def write_evaluation_page(
    site: Site, evaluation: Evaluation, misses: Sequence[ErrorCard], alarms: Sequence[ErrorCard], nav: object
) -> Path:
    """Write ``index.html``; returns its path."""
    assessment = evaluation.assessment
    looks = tuple(look_of(index, name) for index, name in enumerate(assessment.terms.class_map))
    names = [*SUMMARY[:8], *(f"ar_{most}" for most in assessment.terms.limits), *SUMMARY[8:]]
    rows = {name: FigureRow.of(name, assessment.overall[name]) for name in names}
    given = [name for name in PER_CLASS if not all(c[name].withheld for c in assessment.per_class)]
    page = EvaluationPage(
        evaluation,
        looks,
        tuple(rows[name] for name in LEADING if not rows[name].withheld),
        tuple(row for row in rows.values() if not row.withheld),
        _withheld(rows.values()),
        tuple(
            (look, count, tuple(FigureRow.of(name, figures[name]) for name in given))
            for look, count, figures in zip(looks, assessment.asked, assessment.per_class, strict=True)
        ),
        tuple((label_of(name), meaning_of(name)) for name in given),
        tuple(
            (size, figures["recall"].instances, tuple(FigureRow.of(n, f) for n, f in figures.items()))
            for size, figures in assessment.per_size.items()
        ),
        tuple(
            plot_curve(curve, None if label == ALL else looks[label])
            for label, curve in assessment.curves.items()
            if (label == ALL and len(looks) > 1) or (label != ALL and assessment.asked[label])
        ),
        _matrix(evaluation),
        _fates(evaluation),
        tuple(misses[:PREVIEWS]),
        tuple(alarms[:PREVIEWS]),
    )
    return site.write_page(
        "index.html", "evaluation.html", page=page, nav=nav, shown_plots=SHOWN_PLOTS, listed=LISTED
    )


def _withheld(rows: Iterable[FigureRow]) -> tuple[tuple[str, str], ...]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.withheld:
            reasons.setdefault(row.withheld, []).append(row.label)
    return tuple((reason, ", ".join(labels)) for reason, labels in reasons.items())


def _matrix(evaluation: Evaluation) -> tuple[tuple[Cell, ...], ...]:
    confusion = evaluation.assessment.confusion
    known_background = evaluation.assessment.exhaustive > 0
    names, last = confusion.names, len(confusion.names) - 1
    totals = np.maximum(confusion.counts.sum(axis=1), 1)
    rows = []
    for there in range(len(names)):
        cells = []
        for said in range(len(names)):
            count: int | None = int(confusion.counts[there, said])
            if there == last and (said == last or not known_background):
                count = None
            title = f"{names[there]} taken for {names[said]}: {'not known' if count is None else count}"
            share = 0.0 if count is None else count / int(totals[there])
            cells.append(Cell(count, share, there == said, title))
        rows.append(tuple(cells))
    return tuple(rows)


def _fates(evaluation: Evaluation) -> tuple[tuple[str, str, int], ...]:
    counts = Counter(miss.fate.outcome for miss in evaluation.misses)
    return tuple((outcome, meaning, counts[outcome]) for outcome, meaning in FATES.items() if counts[outcome])
