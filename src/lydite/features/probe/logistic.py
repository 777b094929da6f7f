"""Multinomial logistic regression: scikit-learn's objective, reached by preconditioned L-BFGS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lydite.core import InvalidValue
from lydite.features.probe.descent import Directions, leading_directions, minimise, minimise_leading
from lydite.features.probe.problem import FittedHead, Labels, Part, Probabilities, Problem, Vectors, spread
from lydite.features.probe.softmax import softmax

_LEADING = 256
"""Directions that are settled first where all are asked for."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Minimises ``c * sum(cross entropy) + |weights|^2 / 2``; the intercept is not penalised.

    Args:
        c: Weight of the data against the penalty, as scikit-learn's ``C``.
        tolerance: The largest entry of the gradient, over ``c`` and the number of rows, at which to stop;
            scikit-learn's ``tol``, of which the default is 1e-4.
        rank: Of the vectors, look at so many leading directions only (principal components): several times
            faster, another optimum. ``None`` keeps all.

    Raises:
        InvalidValue: If an argument is not positive.
    """

    c: float = 30.0
    tolerance: float = 1e-5
    rank: int | None = None

    def __post_init__(self) -> None:
        for name in ("c", "tolerance", "rank"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidValue(f"Logistic.{name}", "positive", value)

    def fit(self, problem: Problem) -> LinearHead:
        """Fit on every row."""
        mean, centred, back = _reduced(problem.vectors)
        directions = leading_directions(centred, self.rank or _LEADING)
        low = centred @ directions.axes
        weights = self._solve(centred, low, problem.labels, problem.classes, directions)
        inner = weights[:-1]
        if self.rank is not None:
            inner = directions.axes @ inner
        if back is not None:
            inner = back @ inner
        return LinearHead(np.ascontiguousarray(inner), weights[-1] - mean @ inner)

    def held_out(self, problem: Problem, parts: Sequence[Part]) -> Iterator[Probabilities]:
        """As ``Head.held_out``. Each part starts from nothing: a start that saw all labels leaves a trace."""
        _, centred, _ = _reduced(problem.vectors)
        directions = leading_directions(centred, self.rank or _LEADING)
        low = centred @ directions.axes
        seen = centred if self.rank is None else low
        for part in parts:
            rows, narrow, asked = seen[part.known], low[part.known], seen[part.asked]

            def judge(
                labels: Labels,
                classes: int,
                rows: Vectors = rows,
                narrow: Vectors = narrow,
                asked: Vectors = asked,
            ) -> Probabilities:
                here = directions.scaled(len(rows) / len(centred))
                weights = self._solve(rows, narrow, labels, classes, here)
                return softmax(asked @ weights[:-1] + weights[-1])

            yield spread(part, problem, judge)

    def _solve(
        self, rows: Vectors, low: Vectors, labels: Labels, classes: int, directions: Directions
    ) -> Vectors:
        """Weights of ``rows``, or of ``low`` where a rank is given; the intercepts last."""
        if classes == 1:
            dim = (rows if self.rank is None else low).shape[1]
            return np.zeros((dim + 1, 1), np.float32)
        if self.rank is None:
            return minimise(rows, low, labels, classes, self.c, directions, self.tolerance)
        return minimise_leading(low, labels, classes, self.c, directions.spread, self.tolerance)


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead(FittedHead):
    """Scores that are linear in the vector, then softmax.

    Args:
        weights: ``(dim, classes)`` float32.
        intercept: ``(classes,)`` float32.
    """

    weights: Vectors
    intercept: Vectors

    def predict(self, vectors: Vectors) -> Probabilities:
        """``(n, classes)`` float32, rows that sum to 1."""
        return softmax(vectors @ self.weights + self.intercept)


def _reduced(vectors: Vectors) -> tuple[Vectors, Vectors, Vectors | None]:
    """Mean, centred vectors, and the way back where fewer rows than dimensions allow a smaller space.

    The intercept takes up the mean, and an optimum lies in the span of the rows, so neither moves it.
    """
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    if len(vectors) >= vectors.shape[1]:
        return mean, centred, None
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    return mean, np.ascontiguousarray(left * values), np.ascontiguousarray(right.T)
