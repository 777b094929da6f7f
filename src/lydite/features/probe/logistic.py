"""Multinomial logistic regression: scikit-learn's objective, reached by preconditioned Newton steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lydite.core import InvalidValue
from lydite.features.probe.newton import Directions, leading_directions, minimise
from lydite.features.probe.problem import FittedHead, Labels, Part, Probabilities, Problem, Vectors, spread
from lydite.features.probe.softmax import softmax


@dataclass(frozen=True, slots=True)
class Logistic:
    """Minimises ``c * sum(cross entropy) + |weights|^2 / 2``; the intercept is not penalised.

    Args:
        c: Weight of the data against the penalty, as scikit-learn's ``C``.
        tolerance: The largest entry of the gradient, over ``c`` and the number of rows, at which to stop.

    Raises:
        InvalidValue: If an argument is not positive.
    """

    c: float = 30.0
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("c", "tolerance"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"Logistic.{name}", "positive", getattr(self, name))

    def fit(self, problem: Problem) -> LinearHead:
        """Fit on every row."""
        mean, centred, back = _reduced(problem.vectors)
        weights = self._solve(centred, problem.labels, problem.classes, leading_directions(centred))
        inner = weights[:-1] if back is None else back @ weights[:-1]
        return LinearHead(np.ascontiguousarray(inner), weights[-1] - mean @ inner)

    def held_out(self, problem: Problem, parts: Sequence[Part]) -> Iterator[Probabilities]:
        """As ``Head.held_out``. Each part starts from nothing: a start that saw all labels leaves a trace."""
        _, centred, _ = _reduced(problem.vectors)
        directions = leading_directions(centred)
        for part in parts:
            rows, asked = centred[part.known], centred[part.asked]

            def judge(
                labels: Labels, classes: int, rows: Vectors = rows, asked: Vectors = asked
            ) -> Probabilities:
                share = len(rows) / len(centred)
                weights = self._solve(rows, labels, classes, directions.scaled(share))
                return softmax(asked @ weights[:-1] + weights[-1])

            yield spread(part, problem, judge)

    def _solve(self, rows: Vectors, labels: Labels, classes: int, directions: Directions) -> Vectors:
        if classes == 1:
            return np.zeros((rows.shape[1] + 1, 1), np.float32)
        return minimise(rows, labels, classes, self.c, directions, self.tolerance)


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
