"""What a head is fitted on, and what it is: unit vectors and labels in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One fold of a cross-fit.

    Args:
        known: Rows to fit on, at least one.
        asked: Rows to judge; none of them is known.

    Raises:
        InvalidValue: If nothing is known, or a row stands on both sides.
    """

    known: Rows
    asked: Rows

    def __post_init__(self) -> None:
        if not len(self.known):
            raise InvalidValue("Part.known", "at least one row", 0)
        both = np.intersect1d(self.known, self.asked)
        if len(both):
            raise InvalidValue("Part.known", "apart from what is asked", both.tolist()[:8])


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

    def held_out(self, problem: Problem, parts: Sequence[Part]) -> Iterator[Probabilities]:
        """For each part, probabilities of its asked rows by a head fitted on its known rows alone.

        What does not depend on labels may be computed once, from the vectors of all rows.

        Returns:
            ``(asked, problem.classes)`` float32 each; 0 for classes that no known row has.
        """
        ...


def spread(part: Part, problem: Problem, judge: Callable[[Labels, int], Probabilities]) -> Probabilities:
    """Let a head work on the classes that the known rows have, and put its columns where they belong.

    Args:
        part: Known and asked rows.
        problem: All rows.
        judge: From labels of the known rows, without gaps, and their number of classes to
            ``(asked, classes)`` probabilities.
    """
    there, labels = np.unique(problem.labels[part.known], return_inverse=True)
    wide = np.zeros((len(part.asked), problem.classes), np.float32)
    wide[:, there] = judge(labels, len(there))
    return wide
