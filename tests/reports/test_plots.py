"""Score planes hold every candidate at its place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lydite.detect.settings import RuleSettings
from lydite.reports.description import RunDescription
from lydite.reports.plots import SIDE, score_plots
from lydite.reports.tally import NO_NEGATIVE
from reports.fake_run import FakeRun


@pytest.fixture
def description(tmp_path: Path) -> RunDescription:
    return RunDescription.read(FakeRun(tmp_path).run)


def test_dots_lie_in_the_plot_and_count_everything(description: RunDescription) -> None:
    plane = Counter({("apple", True, 150, 100): 4, ("apple", False, 110, 120): 1, ("pear", False, 90, 95): 7})
    plots = score_plots(plane, description)
    assert [plot.look.name for plot in plots] == ["apple", "pear"]
    assert [(plot.accepted, plot.scored) for plot in plots] == [(4, 5), (0, 7)]
    for dot in (dot for plot in plots for dot in plot.dots):
        assert 0 < dot.x < SIDE
        assert 0 < dot.y < SIDE


def test_the_allowed_corner_holds_exactly_what_the_two_rules_let_pass(description: RunDescription) -> None:
    plane = Counter(
        {
            ("apple", False, positive, negative): 1
            for positive in range(0, 200, 7)
            for negative in (60, 118, 150)
        }
    )
    (plot,) = score_plots(plane, description)
    least, gap = RuleSettings().min_pos_score, RuleSettings().decision_threshold
    corners = [tuple(float(v) for v in pair.split(",")) for pair in plot.allowed.split()]
    for dot, (_, _, positive, negative) in zip(
        sorted(plot.dots, key=lambda d: (d.x, -d.y)), sorted(plane), strict=True
    ):
        p, n = (positive + 0.5) / 200, (negative + 0.5) / 200
        assert inside(corners, dot.x, dot.y) == (p >= least and p - n >= gap)


def test_without_negatives_height_means_number(description: RunDescription) -> None:
    plane = Counter({("apple", True, 150, NO_NEGATIVE): 9, ("apple", False, 100, NO_NEGATIVE): 1})
    (plot,) = score_plots(plane, description)
    assert not plot.has_negatives
    few, many = plot.dots
    assert many.y < few.y


def test_nothing_scored_makes_no_plot(description: RunDescription) -> None:
    assert score_plots(Counter(), description) == ()


def inside(corners: list[tuple[float, ...]], x: float, y: float) -> bool:
    """Whether a point lies in a polygon, by counting crossings."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            crossings += 1
    return crossings % 2 == 1
