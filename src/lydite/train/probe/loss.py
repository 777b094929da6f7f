"""Cross entropy with smoothed labels and weights of classes, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.train.recipe import Recipe

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What rows are drawn to.

    Args:
        labels: ``(n,)`` int64 without gaps.
        weights: ``(n,)`` float32 of mean 1.
        smoothing: Share of each target that is spread over all classes.
    """

    labels: npt.NDArray[np.int64]
    weights: Array
    smoothing: float

    @classmethod
    def of(cls, labels: npt.NDArray[np.int64], recipe: Recipe) -> Targets:
        """Those of a recipe; balanced classes weigh the same in sum."""
        counts = np.bincount(labels)
        weights = np.ones(len(labels), np.float32)
        if recipe.loss.class_weights == "balanced":
            weights = (len(labels) / len(counts) / counts)[labels].astype(np.float32)
        return cls(labels, weights, recipe.loss.label_smoothing)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    def loss(self, logits: Array, rows: npt.NDArray[np.int64]) -> tuple[float, Array]:
        """Mean loss of rows, and its gradient by the logits."""
        shifted = logits - logits.max(axis=1, keepdims=True)
        powers = np.exp(shifted)
        sums = powers.sum(axis=1, keepdims=True)
        logs = shifted - np.log(sums)
        wanted = np.full(logits.shape, self.smoothing / self.classes, np.float32)
        wanted[np.arange(len(rows)), self.labels[rows]] += np.float32(1 - self.smoothing)
        shares = (self.weights[rows] / np.float32(len(rows)))[:, None]
        return -float((shares * wanted * logs).sum()), (powers / sums - wanted) * shares
