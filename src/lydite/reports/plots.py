"""Score planes as plain geometry that a template draws: no plotting library, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lydite.reports.description import RunDescription
from lydite.reports.palette import ClassLook
from lydite.reports.tally import BINS, NO_NEGATIVE

SIDE = 240
_LARGEST_DOT = 5.0
_SMALLEST_DOT = 1.1
_FAR = 2.0
"""A score outside of any plot."""


@dataclass(frozen=True, slots=True)
class Dot:
    """Candidates of one cell of the plane.

    Args:
        x: Across, in units of the plot.
        y: Down.
        radius: Its area grows with the count, up to a limit.
        accepted: Whether they were accepted.
        count: How many.
    """

    x: float
    y: float
    radius: float
    accepted: bool
    count: int


@dataclass(frozen=True, slots=True)
class ScorePlot:
    """Positive against negative score of all scored candidates of one class.

    Args:
        look: The class.
        dots: What to draw, refused ones first.
        ticks: ``(text, place)`` along both axes, place in units from the left.
        allowed: Corners of what ``min_pos_score`` and ``decision_threshold`` let pass, as an SVG polygon;
            may leave the plot; empty when other rules decide, or none.
        accepted: Accepted candidates.
        scored: All scored candidates.
        has_negatives: False when there was nothing to compare with and height means number.
    """

    look: ClassLook
    dots: tuple[Dot, ...]
    ticks: tuple[tuple[str, float], ...]
    allowed: str
    accepted: int
    scored: int
    has_negatives: bool


def score_plots(
    plane: Counter[tuple[str, bool, int, int]], description: RunDescription
) -> tuple[ScorePlot, ...]:
    """One plot a class that was scored, on one common scale, in the order of the class map."""
    cells = [cell for _, _, *both in plane for cell in both if cell != NO_NEGATIVE]
    low = max(0.0, min(cells, default=0) / BINS - 0.02)
    high = min(1.0, (max(cells, default=BINS) + 1) / BINS + 0.02)
    by_class: dict[str, list[tuple[bool, int, int, int]]] = {}
    for (name, accepted, positive, negative), count in sorted(plane.items()):
        by_class.setdefault(name, []).append((accepted, positive, negative, count))
    axis = _Axis(low, max(high, low + 0.1))
    return tuple(
        _plot(look, by_class[look.name], axis, description)
        for look in description.classes
        if look.name in by_class
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float

    def place(self, score: float) -> float:
        return round((score - self.low) / (self.high - self.low) * SIDE, 1)

    def ticks(self) -> Iterable[tuple[str, float]]:
        step = next(s for s in (0.02, 0.05, 0.1, 0.2, 0.5) if (self.high - self.low) / s <= 6)
        for k in range(int(1 / step) + 1):
            if self.low < k * step < self.high:
                yield f"{k * step:.2g}", self.place(k * step)


def _plot(
    look: ClassLook, cells: list[tuple[bool, int, int, int]], axis: _Axis, description: RunDescription
) -> ScorePlot:
    has_negatives = any(negative != NO_NEGATIVE for _, _, negative, _ in cells)
    dots = [_dot(cell, axis) for cell in cells] if has_negatives else _columns(cells, axis)
    return ScorePlot(
        look,
        tuple(sorted(dots, key=lambda dot: dot.accepted)),
        tuple(axis.ticks()),
        _allowed(axis, description, has_negatives) if description.decides_by_scores else "",
        sum(count for accepted, *_, count in cells if accepted),
        sum(count for *_, count in cells),
        has_negatives,
    )


def _allowed(axis: _Axis, description: RunDescription, has_negatives: bool) -> str:
    least = description.threshold("min_pos_score")
    gap = description.threshold("decision_threshold") if has_negatives else -_FAR
    corners = ((least, least - gap), (_FAR, _FAR - gap), (_FAR, -_FAR), (least, -_FAR))
    return " ".join(f"{axis.place(x)},{SIDE - axis.place(y):.1f}" for x, y in corners)


def _dot(cell: tuple[bool, int, int, int], axis: _Axis) -> Dot:
    accepted, positive, negative, count = cell
    x, y = axis.place((positive + 0.5) / BINS), SIDE - axis.place((max(negative, 0) + 0.5) / BINS)
    return Dot(x, y, _radius(count), accepted, count)


def _columns(cells: list[tuple[bool, int, int, int]], axis: _Axis) -> list[Dot]:
    """Without negatives: one dot a positive score, piled up by count."""
    most = max(count for *_, count in cells)
    return [
        Dot(
            axis.place((positive + 0.5) / BINS),
            round(SIDE * (1 - 0.9 * count / most), 1),
            3.0,
            accepted,
            count,
        )
        for accepted, positive, _, count in cells
    ]


def _radius(count: int) -> float:
    grown: float = _SMALLEST_DOT + 0.45 * (count - 1) ** 0.5
    return round(min(_LARGEST_DOT, grown), 1)
