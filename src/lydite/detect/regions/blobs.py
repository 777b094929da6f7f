"""Regions that are all brighter or all darker than what is around them: cells, nuclei, fruit, lamps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from lydite.detect.regions.regions import Crop, Regions
from lydite.detect.regions.view import View

_LEVELS = 8
_LEAST_RANGE = 4.0

Box = tuple[int, int, int, int]
Blob = tuple[Box, Crop]


def find_blobs(view: View, areas: tuple[float, float]) -> Regions:
    """Extremal regions (Matas et al. 2002) at eight evenly spaced thresholds of four channels.

    The channels are lightness, green-red, blue-yellow and colourfulness, each over its own range; a channel
    without range has no blobs. Stability is not asked for: the ranking's contrast and near-duplicate rule
    choose among the levels.

    Args:
        view: The picture.
        areas: Least and largest area in working pixels, both included.
    """
    blobs = [
        blob
        for channel in _channels(view.lab)
        for level in np.linspace(0, 255, _LEVELS + 2)[1:-1]
        for side in (channel > level, channel <= level)
        for blob in _components(side, areas)
    ]
    return _measure(blobs, view.sources) if blobs else Regions.empty()


def _components(side: npt.NDArray[np.bool_], areas: tuple[float, float]) -> Iterator[Blob]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        side.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    sizes = stats[1:, cv2.CC_STAT_AREA]
    for label in (np.flatnonzero((sizes >= areas[0]) & (sizes <= areas[1])) + 1).tolist():
        x, y, width, height, _ = stats[label].tolist()
        yield (x, y, x + width, y + height), labels[y : y + height, x : x + width] == label


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
