"""Nearest neighbours vote, each with the weight of its similarity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lydite.core import InvalidValue
from lydite.features.probe.problem import FittedHead, Labels, Part, Probabilities, Problem, Vectors, spread

_CELLS = 1 << 24
"""Cosines held at a time: 64 MiB."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The ``k`` known vectors of largest cosine vote with weight ``exp(cosine / temperature)``.

    Args:
        k: How many vote; all where fewer are known.
        temperature: Small values listen to the nearest only.

    Raises:
        InvalidValue: If an argument is not positive.
    """

    k: int = 10
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if self.k < 1 or not self.temperature > 0:
            raise InvalidValue("Neighbours", "k from 1, temperature above 0", [self.k, self.temperature])

    def fit(self, problem: Problem) -> NeighbourHead:
        """Remember every row."""
        return NeighbourHead(problem.vectors, problem.labels, problem.classes, self)

    def held_out(self, problem: Problem, parts: Sequence[Part]) -> Iterator[Probabilities]:
        """As ``Head.held_out``."""
        for part in parts:
            rows, asked = problem.vectors[part.known], problem.vectors[part.asked]

            def judge(
                labels: Labels, classes: int, rows: Vectors = rows, asked: Vectors = asked
            ) -> Probabilities:
                return NeighbourHead(rows, labels, classes, self).predict(asked)

            yield spread(part, problem, judge)


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourHead(FittedHead):
    """The known vectors themselves.

    Args:
        vectors: ``(n, dim)`` float32 unit vectors.
        labels: ``(n,)`` int64.
        classes: Number of classes.
        settings: How they vote.
    """

    vectors: Vectors
    labels: Labels
    classes: int
    settings: Neighbours

    def predict(self, vectors: Vectors) -> Probabilities:
        """``(n, classes)`` float32, rows that sum to 1; memory is bounded by blocks of rows."""
        shares = np.zeros((len(vectors), self.classes), np.float32)
        block = max(1, _CELLS // len(self.vectors))
        k = min(self.settings.k, len(self.vectors))
        for start in range(0, len(vectors), block):
            cosines = vectors[start : start + block] @ self.vectors.T
            nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
            near = np.take_along_axis(cosines, nearest, axis=1)
            votes = np.exp((near - near.max(axis=1, keepdims=True)) / self.settings.temperature)
            np.add.at(shares, (start + np.arange(len(near))[:, None], self.labels[nearest]), votes)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares
