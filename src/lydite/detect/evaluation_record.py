"""An evaluation as JSON: every number with its interval and what it rests on, every error by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite import __version__
from lydite.core import Boxes, Masks
from lydite.detect.evaluation import Evaluation, FalseAlarm, MissedObject
from lydite.detect.fate import Fate
from lydite.metrics import Curve, Figure, Operating
from lydite.metrics.measures import ALL

CURVE_POINTS = 400
"""A curve in the file has at most so many points; the ends are kept."""


def evaluation_record(evaluation: Evaluation) -> dict[str, Any]:
    """The content of ``evaluation.json``; what cannot be said is null."""
    assessment, terms = evaluation.assessment, evaluation.assessment.terms
    names = tuple(terms.class_map)
    return {
        "lydite": __version__,
        "run": evaluation.run.description["fingerprint"],
        "terms": {
            "format": evaluation.truth.format,
            "compared": "masks" if terms.iou_type == "segm" else "boxes",
            "iou_threshold": terms.threshold,
            "max_dets": terms.max_dets,
            "draws": terms.draws,
            "level": terms.level,
        },
        "pictures": assessment.images,
        "exhaustive_pictures": assessment.exhaustive,
        "true_instances": sum(assessment.asked),
        "accepted_instances": evaluation.accepted,
        "crowded_pictures": evaluation.crowded,
        "left_out": asdict(evaluation.truth.left_out),
        "overall": _figures(assessment.overall),
        "per_class": {
            name: _figures(figures) for name, figures in zip(names, assessment.per_class, strict=True)
        },
        "per_size": {size: _figures(figures) for size, figures in assessment.per_size.items()},
        "curves": {
            "all" if label == ALL else names[label]: _curve(curve)
            for label, curve in assessment.curves.items()
        },
        "confusion": {
            "names": list(assessment.confusion.names),
            "rows_are": "truth",
            "counts": assessment.confusion.counts.tolist(),
        },
        "misses": [_miss(miss) for miss in evaluation.misses],
        "false_alarms": [_alarm(alarm) for alarm in evaluation.false_alarms],
    }


def _figures(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: _figure(figure) for name, figure in figures.items()}


def _figure(figure: Figure) -> dict[str, Any]:
    if figure.withheld:
        return {"value": None, "withheld": figure.withheld}
    return {
        "value": number(figure.value),
        "low": number(figure.low),
        "high": number(figure.high),
        "pictures": figure.images,
        "instances": figure.instances,
    }


def _curve(curve: Curve) -> dict[str, Any]:
    rows = thin(len(curve.recall), CURVE_POINTS)
    return {
        "recall": [number(value) for value in curve.recall[rows].tolist()],
        "precision": [number(value) for value in curve.precision[rows].tolist()],
        "threshold": [number(value) for value in curve.threshold[rows].tolist()],
        "run": _operating(curve.own),
        "oracle": _operating(curve.oracle),
    }


def _operating(point: Operating) -> dict[str, float | None]:
    return {name: number(value) for name, value in asdict(point).items()}


def _miss(miss: MissedObject) -> dict[str, Any]:
    return {
        "item": miss.record.item,
        "truth_row": miss.row,
        "class": miss.class_name,
        "box_xyxy": _box(miss.shape),
        "nearest_candidate": fate_record(miss.fate),
    }


def _alarm(alarm: FalseAlarm) -> dict[str, Any]:
    return {
        "region": str(alarm.region),
        "class": alarm.class_name,
        "box_xyxy": _box(alarm.shape),
        "score": number(alarm.score),
        "rank": number(alarm.rank),
        "best_iou": number(alarm.best_iou),
        "lies_on": alarm.instead or None,
    }


def fate_record(fate: Fate) -> dict[str, Any]:
    """The candidate that came nearest, as JSON."""
    return {
        "outcome": fate.outcome,
        "region": None if fate.region < 0 else fate.region,
        "class": fate.class_name or None,
        "iou": number(fate.iou),
        "score": number(fate.score),
        "rank": number(fate.rank),
        "blocks": [asdict(block) for block in fate.blocks],
    }


def _box(shape: Masks | Boxes) -> list[float]:
    boxes = shape.boxes if isinstance(shape, Masks) else shape
    box: list[float] = [round(side, 2) for side in boxes.xyxy[0].tolist()]
    return box


def number(value: float) -> float | None:
    """Six decimals; JSON has neither NaN nor infinity."""
    return round(float(value), 6) if math.isfinite(value) else None


def thin(count: int, most: int) -> npt.NDArray[np.int64]:
    """At most ``most`` of ``count`` places, evenly, both ends kept."""
    return (
        np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
        if count
        else np.zeros(0, np.int64)
    )
