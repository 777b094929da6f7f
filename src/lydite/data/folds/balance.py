"""How even folds are, as one number; the measure that dealing out makes small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def tally(classes: npt.ArrayLike, folds: npt.ArrayLike, count: int) -> Ints:
    """``(classes, count)``: items of each class in each fold, from two aligned columns."""
    codes, numbers = np.asarray(classes, np.int64), np.asarray(folds, np.int64)
    width = int(codes.max(initial=-1)) + 1
    return np.bincount(codes * count + numbers, minlength=width * count).reshape(width, count)


def imbalance(counts: Ints) -> float:
    """Mean over classes of the standard deviation, over folds, of the share of the class in each fold.

    Args:
        counts: ``(classes, folds)``; every class has an item.
    """
    if not len(counts):
        return 0.0
    return float((counts / counts.sum(axis=1, keepdims=True)).std(axis=1).mean())
