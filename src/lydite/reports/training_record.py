"""The pages of a run as JSON: every number with its interval, every error by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lydite import __version__
from lydite.data import printable
from lydite.metrics import ClassificationScores, Figure, Reliability
from lydite.reports.class_figures import calibration_figures
from lydite.train.finished import FinishedTraining
from lydite.train.honest import Honest


def training_record(
    run: FinishedTraining, rows: Honest, part: str, scores: ClassificationScores, sure: Reliability
) -> dict[str, Any]:
    """The content of ``training.json``; what cannot be said is null."""
    names = tuple(scores.class_map)
    return {
        "lydite": __version__,
        "run": run.id,
        "recipe": run.recipe.id,
        "state": str(run.status.state),
        "scored": part,
        "images": scores.images,
        "drawn": scores.units,
        "level": scores.level,
        "exposure": rows.counts,
        "left_out": dict(rows.left_out),
        "overall": {
            name: figure(one) for name, one in {**scores.overall, **calibration_figures(sure)}.items()
        },
        "calibration_error_by_chance": number(sure.by_chance),
        "reliability": [
            {
                "low": one.low,
                "high": one.high,
                "confidence": number(one.confidence),
                "accuracy": figure(one.accuracy),
            }
            for one in sure.bins
        ],
        "per_class": {
            one.name: {
                "there": one.there,
                "said": one.said,
                "recall": figure(one.recall),
                "precision": figure(one.precision),
                "f1": figure(one.f1),
            }
            for one in scores.per_class
        },
        "per_group": {printable(one.name): figure(one.accuracy) for one in scores.groups},
        "confusion": {"names": list(names), "rows_are": "truth", "counts": scores.confusion.tolist()},
        "errors": [
            {
                "item": printable(str(rows.rows[place].item)),
                "label": names[rows.judged.labels[place]],
                "said": names[rows.judged.said[place]],
                "confidence": float(rows.judged.confidence[place]),
            }
            for place in np.flatnonzero(~rows.judged.hits).tolist()
        ],
    }


def figure(one: Figure) -> Mapping[str, Any]:
    """A figure as JSON."""
    return {
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "images": one.images,
    }


def number(value: float) -> float | None:
    """A number as JSON; null for what is none."""
    return value if math.isfinite(value) else None
