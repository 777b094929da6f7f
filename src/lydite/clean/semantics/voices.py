"""Two voices about every label, each from items other than the one that is judged.

The first is ridge regression on one-hot labels: its leave-one-out scores are exact and cost no refit. The
second are the nearest neighbours. Both can leave rows out of what they learn from and judge them too, and
both read the vectors in blocks.
Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section 7.10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.clean.stack import Tall, blocks

Floats = npt.NDArray[np.float64]
_PENALTY = 0.1
_VOTERS = 10
_TEMPERATURE = 0.05
_BLOCK, _TILE = 1024, 8192


@dataclass(frozen=True, eq=False)
class Voices:
    """What is prepared once, whatever the labels.

    Args:
        vectors: ``(n, dim)`` float32 unit vectors, an array or a stack on disk.
        kin: ``(n,)`` int64: rows of one number show the same picture and do not vote for one another.
    """

    vectors: Tall
    kin: npt.NDArray[np.int64]

    def left_out(self, targets: Floats, heard: npt.NDArray[np.bool_]) -> Floats:
        """Ridge scores of every row by a fit on the heard rows other than itself: ``(n, classes)``.

        Args:
            targets: ``(n, classes)`` one-hot labels.
            heard: ``(n,)`` rows to learn from.
        """
        count, share = int(heard.sum()), targets[heard].mean(axis=0)
        total, gram, cross = self._sums(targets, heard)
        mean = total / count
        gram -= count * np.outer(mean, mean)
        cross -= count * np.outer(mean, share)
        inverse = np.linalg.inv(gram + _PENALTY * np.eye(len(gram)))
        weights = inverse @ cross
        fitted = np.empty_like(targets)
        for rows, block in blocks(self.vectors):
            centred, known = block - mean, heard[rows]
            scores = centred @ weights + share
            leverage = np.einsum("nd,nd->n", centred @ inverse, centred) + 1 / count
            rest = np.maximum(1 - leverage[known], 1e-6)[:, None]
            scores[known] = (scores[known] - leverage[known, None] * targets[rows][known]) / rest
            fitted[rows] = scores
        return fitted

    def _sums(self, targets: Floats, heard: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        """Of the heard rows: their sum, their products with one another, and with the targets."""
        dim = self.vectors[:1].shape[1]
        total, gram, cross = np.zeros(dim), np.zeros((dim, dim)), np.zeros((dim, targets.shape[1]))
        for rows, block in blocks(self.vectors):
            known = block[heard[rows]].astype(np.float64)
            total += known.sum(axis=0)
            gram += known.T @ known
            cross += known.T @ targets[rows][heard[rows]]
        return total, gram, cross

    def neighbours(self, targets: Floats, heard: npt.NDArray[np.bool_]) -> Floats:
        """Votes of the ten nearest heard rows, by similarity: ``(n, classes)``, rows that sum to 1 or 0."""
        votes = np.zeros_like(targets)
        voters = min(_VOTERS, len(self.vectors) - 1)
        for rows, block in blocks(self.vectors, _BLOCK):
            near, nearest = self._nearest(rows, block, heard, voters)
            weights = np.where(near > -1.5, np.exp((near - 1) / _TEMPERATURE), 0.0)
            weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
            for place in range(voters):
                votes[rows] += weights[:, place, None] * targets[nearest[:, place]]
        return votes

    def _nearest(
        self, rows: slice, block: npt.NDArray[np.float32], heard: npt.NDArray[np.bool_], voters: int
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Cosine and row of the nearest heard rows of a block that are not kin; -2 where there are fewer."""
        near = np.full((len(block), voters), -2.0)
        nearest = np.zeros((len(block), voters), np.int64)
        for there, tile in blocks(self.vectors, _TILE):
            cosines = block @ tile.T
            cosines[:, ~heard[there]] = -2
            cosines[self.kin[rows, None] == self.kin[None, there]] = -2
            few = min(voters, cosines.shape[1])
            best = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
            near = np.concatenate([near, np.take_along_axis(cosines, best, axis=1)], axis=1)
            nearest = np.concatenate([nearest, there.start + best], axis=1)
            order = np.argsort(-near, axis=1, kind="stable")[:, :voters]
            near, nearest = (np.take_along_axis(side, order, axis=1) for side in (near, nearest))
        return near, nearest
