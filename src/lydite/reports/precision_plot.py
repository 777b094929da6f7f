"""Precision against recall as plain geometry that a template draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lydite.detect.evaluation_record import thin
from lydite.metrics import Curve, Operating
from lydite.reports.palette import ClassLook

SIDE = 240
_POINTS = 160


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """One curve with the run's own point and the oracle's.

    Args:
        look: The class; ``None`` for all classes pooled.
        path: Data of an SVG path; empty if nothing was scored.
        own: Place of what the run accepted; ``None`` if it accepted nothing.
        oracle: Place of the oracle; ``None`` if it accepts nothing.
        own_point: The numbers of the run.
        oracle_point: The numbers of the oracle.
    """

    look: ClassLook | None
    path: str
    own: tuple[float, float] | None
    oracle: tuple[float, float] | None
    own_point: Operating
    oracle_point: Operating


def plot_curve(curve: Curve, look: ClassLook | None) -> CurvePlot:
    """Place a curve on a square, recall across and precision up."""
    rows = thin(len(curve.recall), _POINTS)
    points = [
        _place(recall, precision)
        for recall, precision in zip(curve.recall[rows].tolist(), curve.precision[rows].tolist(), strict=True)
    ]
    path = "M" + "L".join(f"{x} {y}" for x, y in points) if points else ""
    return CurvePlot(look, path, _of(curve.own), _of(curve.oracle), curve.own, curve.oracle)


def _of(point: Operating) -> tuple[float, float] | None:
    known = math.isfinite(point.recall) and math.isfinite(point.precision)
    return _place(point.recall, point.precision) if known else None


def _place(recall: float, precision: float) -> tuple[float, float]:
    return round(recall * SIDE, 1), round((1 - precision) * SIDE, 1)
