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

Blob = tuple[tuple[int, int, int, int], Crop]


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
    blobs: list[Blob] = []
    for channel in _channels(view.lab):
        points_of, boxes = finder.detectRegions(channel)
        blobs += [
            _paint(np.asarray(points), np.asarray(box))
            for points, box in zip(points_of, boxes, strict=True)
            if low <= len(points) <= high
        ]
    return _measure(blobs, view.sources) if blobs else Regions.empty()


def _paint(points: npt.NDArray[np.int32], box: npt.NDArray[np.int32]) -> Blob:
    """From a list of pixels ``(x, y)`` and the box ``x y width height`` around them."""
    x, y, width, height = box.tolist()
    crop = np.zeros((height, width), np.bool_)
    crop[points[:, 1] - y, points[:, 0] - x] = True
    return (x, y, x + width, y + height), crop


def _measure(blobs: list[Blob], sources: npt.NDArray[np.float32]) -> Regions:
    areas = np.array([np.count_nonzero(crop) for _, crop in blobs], np.float64)
    means = [cv2.mean(sources[y0:y1, x0:x1], crop.view(np.uint8))[:3] for (x0, y0, x1, y1), crop in blobs]
    return Regions(
        np.array([box for box, _ in blobs], np.int64),
        areas,
        np.array([_outline(crop) for _, crop in blobs], np.float64),
        np.array(means, np.float64) * areas[:, None],
        ("blob",) * len(blobs),
        tuple(partial(np.copy, crop) for _, crop in blobs),
    )


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
