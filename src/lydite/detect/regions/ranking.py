"""Which regions come first: a quality for each, then variety among the best."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.regions import Regions

_CONTRAST_SCALE = 3.0
_HALF_AREA_FRAC = 1e-3
_REPEAT_DISCOUNT = 0.7
_LENIENCE = 3
"""Power of the overlap in the order: what overlaps an earlier region by half is hardly put off by it."""
_DUPLICATE_BOX_IOU = 0.8


def measure_quality(regions: Regions, picture_px: int) -> npt.NDArray[np.float32]:
    """How much each region looks like one thing: contrast times shape times size.

    * Contrast: the height of the mean step in L*a*b* across the outline. Steps that point in and out by
      turns cancel, so a piece cut from texture has little. Measured against the picture's own median.
    * Shape: how much of its box it fills, and how near to round its outline is. Mild.
    * Size: half at a thousandth of the picture, which ranks specks behind things without dropping them.

    Args:
        regions: ``n`` regions.
        picture_px: Pixels of the working picture.

    Returns:
        ``(n,)`` float32 in [0, 1].
    """
    if not len(regions):
        return np.zeros(0, np.float32)
    steps = np.linalg.norm(regions.fluxes, axis=1) / regions.outlines
    contrast = steps / (steps + _CONTRAST_SCALE * max(float(np.median(steps)), 1e-6))
    sides = (regions.boxes[:, 2:] - regions.boxes[:, :2]).prod(axis=1)
    # A disc's outline counted in pixel sides is 4/pi times its circumference.
    roundness = np.minimum(1, 4 * np.pi * regions.areas / np.square(regions.outlines * np.pi / 4))
    shape = np.sqrt(regions.areas / sides * np.sqrt(roundness))
    size = regions.areas / (regions.areas + _HALF_AREA_FRAC * picture_px)
    return np.asarray(contrast * shape * size, np.float32)


def rank(
    regions: Regions, quality: npt.NDArray[np.float32], duplicate_iou: float
) -> Iterator[tuple[int, float]]:
    """Rows in the order in which they are worth a look, each with its discounted quality.

    Repeats are discounted by their box overlap with those before them (maximal marginal relevance, Carbonell
    and Goldstein 1998), twice, since two things are asked. Which comes next? The one of the highest quality
    after a discount by the cube of the overlap: a cut anywhere leaves a varied set that still holds a second
    and a third guess at an outline. How sure is it that this is one thing? Discounted by the overlap itself,
    for of several guesses at most one is right. So the quality told need not fall from each to the next.

    Near-equal regions never come: IoU of at least ``duplicate_iou`` with an earlier one (looked for where the
    boxes overlap by 0.8).

    Args:
        regions: ``n`` regions.
        quality: ``(n,)`` float32 in [0, 1].
        duplicate_iou: Overlap at which a region counts as the same as an earlier one.
    """
    x0, y0, x1, y1 = regions.boxes.T.astype(np.float32)
    sides = (x1 - x0) * (y1 - y0)
    overlap = np.zeros(len(regions), np.float32)
    alive = np.ones(len(regions), np.bool_)
    worth = quality.astype(np.float32)
    while alive.any():
        best = int(worth.argmax())
        alive[best] = False
        yield best, float(quality[best] * (1 - _REPEAT_DISCOUNT * overlap[best]))
        width = np.minimum(x1, x1[best]) - np.maximum(x0, x0[best])
        height = np.minimum(y1, y1[best]) - np.maximum(y0, y0[best])
        near = np.flatnonzero((width > 0) & (height > 0))
        common = width[near] * height[near]
        iou = common / (sides[near] + sides[best] - common)
        overlap[near] = np.maximum(overlap[near], iou)
        for rival in near[alive[near] & (iou >= _DUPLICATE_BOX_IOU)].tolist():
            alive[rival] = _mask_iou(regions, best, rival, duplicate_iou) < duplicate_iou
        discounted = quality[near] * (1 - _REPEAT_DISCOUNT * overlap[near] ** _LENIENCE)
        worth[near] = np.where(alive[near], discounted, -1)


def _mask_iou(regions: Regions, one: int, other: int, enough: float) -> float:
    """IoU of two masks; an upper bound where the areas alone rule out ``enough``."""
    small, large = sorted((float(regions.areas[one]), float(regions.areas[other])))
    if small / large < enough:
        return small / large
    ax0, ay0, ax1, ay1 = regions.boxes[one].tolist()
    bx0, by0, bx1, by1 = regions.boxes[other].tolist()
    x0, y0, x1, y1 = max(ax0, bx0), max(ay0, by0), min(ax1, bx1), min(ay1, by1)
    left = regions.crops[one]()[y0 - ay0 : y1 - ay0, x0 - ax0 : x1 - ax0]
    right = regions.crops[other]()[y0 - by0 : y1 - by0, x0 - bx0 : x1 - bx0]
    common = np.count_nonzero(left & right)
    return common / (small + large - common)
