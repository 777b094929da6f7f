"""The front page of a comparison: which run is better, how sure that is, what could have been seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lydite.metrics import Comparison
from lydite.reports.class_figures import points
from lydite.reports.line_plot import ReliabilityDot
from lydite.reports.pages.answers import AnswerCard, AnswerList
from lydite.reports.pages.evaluation import FigureRow
from lydite.reports.pages.training import LISTED, TrainingNav
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.train.recipe import Change


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Args:
        title: ``first`` or ``second``.
        run: Its id.
        lede: What was run, in a sentence.
        link: Address of its own pages; empty if there are none to link.
        figures: Its figures on the common rows.
        dots: Its reliability diagram on them.
        by_chance: Calibration error that chance alone would make, as text.
    """

    title: str
    run: str
    lede: str
    link: str
    figures: tuple[FigureRow, ...]
    dots: tuple[ReliabilityDot, ...]
    by_chance: str


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Everything that the front page says.

    Args:
        verdict: Who is better, in words.
        because: Why that is the verdict.
        images: Rows.
        drawn: What intervals draw, in words.
        level: Of the intervals, in percent, as text.
        power: In percent, as text.
        difference: Of accuracy, in percentage points.
        interval: Its interval; empty if there is none.
        p_value: As text.
        detectable: Smallest detectable difference, in percentage points.
        rows_for: Rows that would show one, and a half, of a percentage point.
        loss: Difference of log-loss.
        loss_interval: Its interval; empty if there is none.
        improved: Rows that only the second has right.
        worsened: Rows that only the first has right.
        both_right: Rows.
        both_wrong: Rows.
        left_out: Why items are not among the rows.
        sides: The two runs.
        classes: Look, rows, both right, improved, worsened, both wrong; those with the most change first.
        changes: Settings in which the runs differ.
        facts: Other things in which they differ: name, first, second.
    """

    verdict: str
    because: str
    images: int
    drawn: str
    level: str
    power: str
    difference: str
    interval: str
    p_value: str
    detectable: str
    rows_for: tuple[tuple[str, int], ...]
    loss: str
    loss_interval: str
    improved: int
    worsened: int
    both_right: int
    both_wrong: int
    left_out: Mapping[str, int]
    sides: tuple[Side, Side]
    classes: tuple[tuple[ClassLook, int, int, int, int, int], ...]
    changes: tuple[Change, ...]
    facts: tuple[tuple[str, Any, Any], ...]


def write_comparison_page(
    site: Site, page: ComparisonPage, previews: Mapping[AnswerList, Sequence[AnswerCard]], nav: TrainingNav
) -> Path:
    """Write ``index.html``; returns its path."""
    return site.write_page(
        "index.html", "comparison.html", page=page, previews=previews, nav=nav, listed=LISTED
    )


def verdict_of(made: Comparison) -> tuple[str, str]:
    """Who is better, and why that is said."""
    if not made.images:
        return "The runs cannot be compared", "There is no picture on which both are honest."
    least, level = points(made.detectable).removeprefix("+"), f"{100 * made.level:g} %"
    if not made.difference.has_interval:
        return "The runs cannot be told apart", "All pictures are of one group."
    if made.difference.low > 0 or made.difference.high < 0:
        better = "The second run is better" if made.difference.low > 0 else "The first run is better"
        return better, f"The {level} interval of the difference does not hold 0."
    power = f"{100 * made.power:g} %"
    because = (
        f"The {level} interval of the difference holds 0. A true difference of {least} would be seen in "
        f"{power} of such comparisons; a smaller one rarely."
    )
    return "The runs cannot be told apart", because
