"""Curves over epochs and reliability diagrams as plain geometry that a template draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lydite.metrics import Reliability

WIDTH, HEIGHT = 360, 200
SQUARE = 240
_TICKS = 5
_FINE = 400
"""A line is drawn with at most so many points."""
Point = tuple[float, float]
Curve = tuple[str, str, Sequence[Point]]
"""Kind, title and points."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    Args:
        kind: Its role, which the style sheet knows: ``"learned"``, ``"held"``, ``"mean"``.
        title: What it is, in words.
        path: Data of an SVG path.
        dot: Place of a line of one point; ``None`` for longer ones.
    """

    kind: str
    title: str
    path: str
    dot: Point | None


@dataclass(frozen=True, slots=True)
class LinePlot:
    """Curves on common axes.

    Args:
        title: What is drawn.
        lines: The curves, in the order of drawing.
        across: ``(text, place)`` of the ticks of the lower edge.
        up: ``(text, place)`` of the ticks of the left edge, place from the top.
    """

    title: str
    lines: tuple[Line, ...]
    across: tuple[tuple[str, float], ...]
    up: tuple[tuple[str, float], ...]


def plot_lines(title: str, curves: Iterable[Curve], *, from_zero: bool = False) -> LinePlot | None:
    """Place curves in a plot.

    Args:
        title: What is drawn.
        curves: Kind, title and points of each; points that are no numbers are left out.
        from_zero: Whether the lower edge is 0.

    Returns:
        ``None`` if there is no point.
    """
    known = [
        (kind, text, [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)])
        for kind, text, points in curves
    ]
    xs = [x for _, _, points in known for x, _ in points]
    ys = [y for _, _, points in known for _, y in points]
    if not xs:
        return None
    left, right = min(xs), max(*xs, min(xs) + 1)
    marks = ticks(0.0 if from_zero else min(ys), max(ys))
    low, high = min(marks[0], *ys), max(marks[-1], *ys)

    def place(point: Point) -> Point:
        x, y = point
        return (
            round((x - left) / (right - left) * WIDTH, 1),
            round((1 - (y - low) / (high - low)) * HEIGHT, 1),
        )

    return LinePlot(
        title,
        tuple(
            _line(kind, text, [place(point) for point in thin(points)])
            for kind, text, points in known
            if points
        ),
        tuple((_number(x), place((x, low))[0]) for x in ticks(left, right, whole=True) if left <= x <= right),
        tuple((_number(y), place((left, y))[1]) for y in marks),
    )


def thin(points: Sequence[Point]) -> list[Point]:
    """At most so many of the points, both ends among them."""
    if len(points) <= _FINE:
        return list(points)
    step = (len(points) - 1) / (_FINE - 1)
    return [points[round(number * step)] for number in range(_FINE)]


def ticks(low: float, high: float, *, whole: bool = False) -> tuple[float, ...]:
    """Round numbers, the first at or below ``low`` and the last at or above ``high``; two at least."""
    span = max(high - low, abs(high) * 1e-6, 1e-12)
    size = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= _TICKS)
    step = max(step, 1.0) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(number * step for number in range(first, max(last, first + 1) + 1))


def _line(kind: str, text: str, places: list[Point]) -> Line:
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    return Line(kind, text, path, places[0] if len(places) == 1 else None)


def _number(value: float) -> str:
    return f"{value:.6g}"


@dataclass(frozen=True, slots=True)
class ReliabilityDot:
    """A bin of a reliability diagram.

    Args:
        x: Mean confidence, from the left.
        y: Accuracy, from the top.
        radius: Grows with the rows of the bin.
        low: Lower end of the accuracy's interval, from the top; equal to ``y`` if there is none.
        high: Upper end.
        title: The bin in words.
    """

    x: float
    y: float
    radius: float
    low: float
    high: float
    title: str


def reliability_dots(reliability: Reliability) -> tuple[ReliabilityDot, ...]:
    """Where the bins with rows lie on a square, confidence across and accuracy up."""
    most = max((one.accuracy.images for one in reliability.bins), default=0)
    return tuple(
        ReliabilityDot(
            round(one.confidence * SQUARE, 1),
            _up(one.accuracy.value),
            round(2.2 + 5.8 * math.sqrt(one.accuracy.images / most), 1),
            _up(one.accuracy.low if one.accuracy.has_interval else one.accuracy.value),
            _up(one.accuracy.high if one.accuracy.has_interval else one.accuracy.value),
            f"sure {one.confidence:.3f}, right {one.accuracy.value:.3f} in {one.accuracy.images} pictures",
        )
        for one in reliability.bins
        if one.accuracy.images
    )


def _up(share: float) -> float:
    return round((1 - share) * SQUARE, 1)
