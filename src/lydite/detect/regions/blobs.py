"""Regions that are stable under thresholds: cells, nuclei, fruit, lamps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from lydite.detect.regions.regions import Crop, Regions
from lydite.detect.regions.view import View

_STEP = 4
_LARGEST_VARIATION = 0.5
_LEAST_DIVERSITY = 0.2
_LEAST_RANGE = 4.0
_SMALLEST_SIDE = 3


def find_blobs(view: View, areas: tuple[float, float]) -> Regions:
    """Maximally stable extremal regions (Matas et al. 2002), bright and dark, of four channels.

    The channels are lightness, green-red, blue-yellow and colourfulness, each stretched over its own
    range; a channel without range has no blobs.

    Args:
        view: The picture.
        areas: Least and largest area in working pixels, both included.
    """
    if min(view.size_hw) < _SMALLEST_SIDE:
        return Regions.empty()
    low, high = int(np.ceil(areas[0])), int(areas[1])
    finder = cv2.MSER.create(
        delta=_STEP,
        min_area=low,
        max_area=high,
        max_variation=_LARGEST_VARIATION,
        min_diversity=_LEAST_DIVERSITY,
    )
    blobs: list[npt.NDArray[np.int32]] = []
    for channel in _channels(view.lab):
        points_of, _ = finder.detectRegions(channel)
        blobs += [points for points in points_of if low <= len(points) <= high]
    return _measure(blobs, view.sources) if blobs else Regions.empty()


def _measure(blobs: list[npt.NDArray[np.int32]], sources: npt.NDArray[np.float32]) -> Regions:
    """Columns of regions that are given as lists of their pixels ``(x, y)``."""
    areas = np.array([len(points) for points in blobs])
    starts = np.cumsum(areas) - areas
    points = np.concatenate(blobs)
    low = np.minimum.reduceat(points, starts)
    high = np.maximum.reduceat(points, starts) + 1
    boxes = np.concatenate([low, high], axis=1).astype(np.int64)
    fluxes = np.add.reduceat(sources[points[:, 1], points[:, 0]], starts, dtype=np.float64)
    crops = [_paint(blob, box) for blob, box in zip(blobs, boxes.tolist(), strict=True)]
    outlines = np.array([_outline(crop) for crop in crops], np.float64)
    return Regions(
        boxes,
        areas.astype(np.float64),
        outlines,
        fluxes,
        ("blob",) * len(blobs),
        tuple(partial(np.copy, crop) for crop in crops),
    )


def _paint(points: npt.NDArray[np.int32], box: list[int]) -> Crop:
    x0, y0, x1, y1 = box
    crop = np.zeros((y1 - y0, x1 - x0), np.bool_)
    crop[points[:, 1] - y0, points[:, 0] - x0] = True
    return crop


def _outline(crop: Crop) -> int:
    """Pixel sides between the region and what is around it."""
    inside = np.count_nonzero(crop[1:] != crop[:-1]) + np.count_nonzero(crop[:, 1:] != crop[:, :-1])
    ends = (crop[0], crop[-1], crop[:, 0], crop[:, -1])
    return int(inside + sum(np.count_nonzero(end) for end in ends))


def _channels(lab: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.uint8]]:
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    for channel in (lab[..., 0], lab[..., 1], lab[..., 2], chroma):
        low, high = np.percentile(channel, (0.5, 99.5))
        if high - low >= _LEAST_RANGE:
            yield np.clip((channel - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
