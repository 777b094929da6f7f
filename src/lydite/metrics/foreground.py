"""Pixels of a class as a whole: how far the foregrounds of truth and result agree."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Masks
from lydite.metrics.instances import ImageResult, ImageTruth

Pixels = npt.NDArray[np.float64]
"""``(images, classes, 3)``: pixels in both, in the truth, in the result."""


def count_pixels(truth: Iterable[ImageTruth], accepted: Iterable[ImageResult], class_map: ClassMap) -> Pixels:
    """Pixels that the instances of each class cover together, picture by picture.

    Pixels under an instance that is marked ``crowd`` or ``difficult``, and under no instance of the class
    that counts, are looked at on neither side.

    Args:
        truth: Pictures with masks.
        accepted: The same pictures in the same order, with masks.
        class_map: Meaning of the labels.
    """
    rows = [_count(one, found, len(class_map)) for one, found in zip(truth, accepted, strict=True)]
    return np.array(rows, np.float64).reshape(-1, len(class_map), 3)


def foreground_iou(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Intersection over union from sums or means ``(..., 3)``; NaN where both are empty."""
    both, there, said = np.moveaxis(np.asarray(pixels), -1, 0)
    return _ratio(both, there + said - both)


def foreground_dice(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Twice the intersection over both areas; NaN where both are empty (Dice, Ecology 26, 1945)."""
    both, there, said = np.moveaxis(np.asarray(pixels), -1, 0)
    return _ratio(2 * both, there + said)


def _count(one: ImageTruth, found: ImageResult, classes: int) -> npt.NDArray[np.int64]:
    counts = np.zeros((classes, 3), np.int64)
    if one.masks is None or found.masks is None:
        return counts
    for label in range(classes):
        mine, own = found.labels == label, one.labels == label
        if not (mine.any() or own.any()):
            continue
        there = _union(one.masks, own & one.counted)
        said = _union(found.masks, mine) & ~(_union(one.masks, own & ~one.counted) & ~there)
        counts[label] = (there & said).sum(), there.sum(), said.sum()
    return counts


def _union(masks: Masks, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    covered = np.zeros(masks.size_hw, np.bool_)
    for row in np.flatnonzero(rows).tolist():
        y, x, piece = masks.crop(row)
        covered[y : y + piece.shape[0], x : x + piece.shape[1]] |= piece
    return covered


def _ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    ratio = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
