"""Whether a classifier is as sure as it is right: reliability bins, expected calibration error, Brier score.

Sources: Guo et al., "On calibration of modern neural networks", ICML 2017 (the error over equal bins of
confidence); Brier, "Verification of forecasts expressed in terms of probability", 1950. The error of a
perfectly calibrated classifier is not 0 on finitely many rows; what it would be is given beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue
from lydite.metrics.figures import NAN, Figure
from lydite.metrics.intervals import Statistic, bootstrap
from lydite.metrics.judgements import Judgements
from lydite.metrics.proportions import share

Floats: TypeAlias = npt.NDArray[np.float64]
_SIMULATIONS = 200


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of similar confidence.

    Args:
        low: Confidence from which on they are here; the first bin includes 0.
        high: Confidence up to which, included.
        confidence: Mean of theirs; NaN without rows.
        accuracy: Share of them that is right.
    """

    low: float
    high: float
    confidence: float
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class Reliability:
    """How sure and how right.

    Args:
        bins: Of equal width over 0 to 1.
        error: Expected calibration error: mean distance of confidence and accuracy over bins, by their rows.
        by_chance: What that error would be on average, were every probability exactly right.
        overconfidence: Mean confidence minus accuracy.
        brier: Mean squared distance of the probabilities from the truth, summed over classes, 0 to 2.
    """

    bins: tuple[Bin, ...]
    error: Figure
    by_chance: float
    overconfidence: Figure
    brier: Figure


def reliability(
    judged: Judgements, *, bins: int = 10, draws: int = 1000, level: float = 0.95, seed: int = 0
) -> Reliability:
    """Bins by the confidence of the class that was said.

    Args:
        judged: Labels and logits; may be empty.
        bins: How many.
        draws: Resamples of each bootstrap.
        level: Of all intervals, in (0, 1).
        seed: Of the simulated labels behind ``by_chance``.

    Raises:
        InvalidValue: If an argument is out of range.
    """
    if bins < 1 or draws < 1 or not 0 < level < 1:
        raise InvalidValue("Bins, draws and level", "1 or more twice, and in (0, 1)", [bins, draws, level])
    sure, place = judged.confidence, _places(judged.confidence, bins)
    onehot = np.eye(len(judged.class_map))[judged.labels]
    squares = ((np.exp(judged.log_probabilities) - onehot) ** 2).sum(axis=1)
    gaps = [(place == number) * (sure - judged.hits) for number in range(bins)]
    return Reliability(
        tuple(_bin(judged, number, place == number, bins, level) for number in range(bins)),
        _figure(judged, gaps, lambda means: np.abs(means[:, :-1]).sum(axis=1) / means[:, -1], draws, level),
        _error_by_chance(sure, place, bins, seed),
        _figure(judged, [sure - judged.hits], _mean, draws, level),
        _figure(judged, [squares], _mean, draws, level),
    )


def _places(sure: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Bins that include their upper end, as Guo's and scikit-learn's do."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], sure, side="left")


def _bin(judged: Judgements, number: int, here: npt.NDArray[np.bool_], bins: int, level: float) -> Bin:
    sure = float(judged.confidence[here].mean()) if here.any() else NAN
    accuracy = share(judged.hits[here], judged.units[here], level)
    return Bin(number / bins, (number + 1) / bins, sure, accuracy)


def _mean(means: Floats) -> Floats:
    return means[:, 0] / means[:, 1]


def _figure(
    judged: Judgements, columns: list[npt.NDArray[np.float64]], statistic: Statistic, draws: int, level: float
) -> Figure:
    rows = len(judged)
    if not rows:
        return Figure(NAN, NAN, NAN, 0, 0)
    sums = judged.unit_sums(*columns)
    made = bootstrap(sums, statistic, draws=draws, level=level)
    low, high = (NAN, NAN) if len(sums) < 2 else (made.low, made.high)
    return Figure(made.estimate, low, high, rows, rows)


def _error_by_chance(sure: Floats, place: npt.NDArray[np.int64], bins: int, seed: int) -> float:
    if not len(sure):
        return NAN
    random = np.random.default_rng(seed)
    errors = []
    for _ in range(_SIMULATIONS):
        gaps = np.bincount(place, sure - (random.random(len(sure)) < sure), minlength=bins)
        errors.append(np.abs(gaps).sum() / len(sure))
    return float(np.mean(errors))
