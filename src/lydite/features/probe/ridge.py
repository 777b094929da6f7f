"""Ridge regression on one-hot targets: closed form, its penalty chosen by leave-one-out, then calibrated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from lydite.core import InvalidValue
from lydite.features.probe.logistic import LinearHead
from lydite.features.probe.problem import Labels, Part, Probabilities, Problem, Vectors, spread
from lydite.features.probe.softmax import softmax

_TEMPERATURES = (-7.0, 2.0)
"""Logarithms between which the temperature is looked for."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """One-hot targets on centred vectors. Leave-one-out errors are exact and cost no refit.

    Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section 7.10.

    Args:
        penalties: Candidates; the one with the least squared leave-one-out error is taken.

    Raises:
        InvalidValue: If there is none, or one is not positive.
    """

    penalties: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def __post_init__(self) -> None:
        if not self.penalties or min(self.penalties) <= 0:
            raise InvalidValue("Ridge.penalties", "positive, at least one", self.penalties)

    def fit(self, problem: Problem) -> LinearHead:
        """Fit on every row."""
        return self._fit(problem.vectors, problem.labels, problem.classes)

    def held_out(self, problem: Problem, parts: Sequence[Part]) -> Iterator[Probabilities]:
        """As ``Head.held_out``; penalty and temperature are chosen on the known rows of each part."""
        for part in parts:
            rows, asked = problem.vectors[part.known], problem.vectors[part.asked]

            def judge(
                labels: Labels, classes: int, rows: Vectors = rows, asked: Vectors = asked
            ) -> Probabilities:
                return self._fit(rows, labels, classes).predict(asked)

            yield spread(part, problem, judge)

    def _fit(self, rows: Vectors, labels: Labels, classes: int) -> LinearHead:
        mean = rows.mean(axis=0)
        left, values, axes = _decompose(rows - mean)
        target = np.zeros((len(rows), classes), np.float32)
        target[np.arange(len(rows)), labels] = 1
        share = target.mean(axis=0)
        inner = left.T @ (target - share)
        tried = [(self._left_out(left, values, inner, share, target, p), p) for p in self.penalties]
        scores, penalty = min(tried, key=lambda pair: float(np.square(pair[0] - target).sum()))
        sharpness = np.float32(1 / _temperature(scores, labels))
        kept = values > values.max(initial=0) * 1e-5
        weights = axes[:, kept] @ ((values / (values**2 + penalty))[kept, None] * inner[kept])
        return LinearHead(weights * sharpness, (share - mean @ weights) * sharpness)

    @staticmethod
    def _left_out(
        left: Vectors, values: Vectors, inner: Vectors, share: Vectors, target: Vectors, penalty: float
    ) -> Vectors:
        """The score of each row by a fit on all others: ``(n, classes)``."""
        kept = values**2 / (values**2 + penalty)
        leverage = np.square(left) @ kept + 1 / len(left)
        fitted = left @ (kept[:, None] * inner) + share
        scores = target - (target - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]
        return np.asarray(scores, target.dtype)


def _decompose(centred: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """Thin singular value decomposition by the smaller Gram matrix: left, values, right ``(dim, r)``."""
    if len(centred) < centred.shape[1]:
        right, values, left = _decompose(np.ascontiguousarray(centred.T))
        return left, values, right
    squares, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred.astype(np.float64))
    values = np.sqrt(np.maximum(squares, 0))
    kept = values > values.max(initial=0) * 1e-6
    axes32, values32 = axes[:, kept].astype(np.float32), values[kept].astype(np.float32)
    return (centred @ axes32) / values32, values32, axes32


def _temperature(scores: Vectors, labels: Labels) -> float:
    """What to divide scores by, so that their softmax has the least cross entropy."""
    each = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        shares = softmax(scores / np.float32(np.exp(log_temperature)))
        return float(-np.log(np.maximum(shares[each, labels], 1e-30)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded").x))
