"""What a head is fitted on, and what it is: unit vectors and labels in, probabilities out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Vectors with labels; every class in ``0..classes - 1`` has a row.

    Args:
        vectors: ``(n, dim)`` float32, finite.
        labels: ``(n,)`` int64.

    Raises:
        InvalidValue: If shapes disagree, a value is not finite, a class is missing, or there is no row.
    """

    vectors: Vectors
    labels: Labels

    def __post_init__(self) -> None:
        object.__setattr__(self, "vectors", np.ascontiguousarray(self.vectors, np.float32))
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, np.int64))
        if self.vectors.ndim != 2 or self.labels.shape != self.vectors.shape[:1] or not len(self.labels):
            shapes = [self.vectors.shape, self.labels.shape]
            raise InvalidValue("Problem", "vectors (n, dim) and labels (n,), n at least 1", shapes)
        if not np.isfinite(self.vectors).all():
            raise InvalidValue("Problem.vectors", "finite", int((~np.isfinite(self.vectors)).sum()))
        if self.labels.min() < 0 or not np.bincount(self.labels).all():
            raise InvalidValue(
                "Problem.labels", "0..classes - 1, each class with a row", np.unique(self.labels).tolist()
            )

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1


class FittedHead(Protocol):
    """A head that has seen its rows."""

    def predict(self, vectors: Vectors) -> Probabilities:
        """``(n, classes)`` float32, rows that sum to 1."""
        ...


class Head(Protocol):
    """How a head is fitted; frozen settings."""

    def fit(self, problem: Problem) -> FittedHead:
        """Fit on every row of the problem."""
        ...

    def held_out(self, problem: Problem, known: Rows, asked: Rows) -> Probabilities:
        """Probabilities of the rows ``asked`` by a head fitted on the rows ``known`` alone.

        Args:
            problem: Every row. What does not depend on labels may be taken from all of it.
            known: Rows to fit on; every class of theirs counts, others have probability 0.
            asked: Rows to judge; none of them is in ``known``.
        """
        ...
