"""Two voices about every label, each from items other than the one that is judged.

The first is ridge regression on one-hot labels: its leave-one-out scores are exact and cost no refit. The
second are the nearest neighbours. Both can leave rows out of what they learn from and judge them too.
Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section 7.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_PENALTY = 0.1
_VOTERS = 10
_TEMPERATURE = 0.05
_CELLS = 1 << 24


@dataclass(frozen=True, eq=False)
class Voices:
    """What is prepared once, whatever the labels.

    Args:
        vectors: ``(n, dim)`` float32 unit vectors.
        kin: ``(n,)`` int64: rows of one number show the same picture and do not vote for one another.
    """

    vectors: npt.NDArray[np.float32]
    kin: npt.NDArray[np.int64]

    def left_out(self, targets: Floats, heard: npt.NDArray[np.bool_]) -> Floats:
        """Ridge scores of every row by a fit on the heard rows other than itself: ``(n, classes)``.

        Args:
            targets: ``(n, classes)`` one-hot labels.
            heard: ``(n,)`` rows to learn from.
        """
        known = self.vectors[heard].astype(np.float64)
        mean, share = known.mean(axis=0), targets[heard].mean(axis=0)
        known -= mean
        inverse = np.linalg.inv(known.T @ known + _PENALTY * np.eye(known.shape[1]))
        weights = inverse @ (known.T @ (targets[heard] - share))
        centred = self.vectors - mean
        fitted = centred @ weights + share
        leverage = np.einsum("nd,nd->n", centred @ inverse, centred) + 1 / len(known)
        own = np.maximum(1 - leverage[heard], 1e-6)[:, None]
        fitted[heard] = (fitted[heard] - leverage[heard, None] * targets[heard]) / own
        return np.asarray(fitted, np.float64)

    def neighbours(self, targets: Floats, heard: npt.NDArray[np.bool_]) -> Floats:
        """Votes of the ten nearest heard rows, by similarity: ``(n, classes)``, rows that sum to 1 or 0."""
        votes = np.zeros_like(targets)
        block = max(1, _CELLS // max(len(self.vectors), 1))
        voters = min(_VOTERS, len(self.vectors) - 1)
        for start in range(0, len(self.vectors), block):
            rows = slice(start, start + block)
            cosines = self.vectors[rows] @ self.vectors.T
            cosines[:, ~heard] = -2
            cosines[self.kin[rows, None] == self.kin[None]] = -2
            nearest = np.argpartition(-cosines, voters - 1, axis=1)[:, :voters]
            near = np.take_along_axis(cosines, nearest, axis=1).astype(np.float64)
            weights = np.where(near > -1.5, np.exp((near - 1) / _TEMPERATURE), 0.0)
            weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
            for place in range(voters):
                votes[rows] += weights[:, place, None] * targets[nearest[:, place]]
        return votes
