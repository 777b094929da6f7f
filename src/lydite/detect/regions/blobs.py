"""Regions that are stable under thresholds: cells, nuclei, fruit, lamps."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from lydite.detect.regions.region import Region
from lydite.detect.regions.view import View

_STEP = 4
_LARGEST_VARIATION = 0.5
_LEAST_DIVERSITY = 0.2
_LEAST_RANGE = 4.0


def find_blobs(view: View, areas: tuple[float, float]) -> Iterator[Region]:
    """Maximally stable extremal regions (Matas et al. 2002), bright and dark, of four channels.

    The channels are lightness, green-red, blue-yellow and colourfulness, each stretched over its own
    range; a channel without range has no blobs.

    Args:
        view: The picture.
        areas: Least and largest area in working pixels, both included.
    """
    low, high = int(np.ceil(areas[0])), int(areas[1])
    finder = cv2.MSER.create(
        delta=_STEP,
        min_area=low,
        max_area=high,
        max_variation=_LARGEST_VARIATION,
        min_diversity=_LEAST_DIVERSITY,
    )
    for channel in _channels(view.lab):
        points_of, boxes = finder.detectRegions(channel)
        for points, (x, y, width, height) in zip(points_of, boxes, strict=True):
            if low <= len(points) <= high:
                mask = np.zeros((height, width), np.bool_)
                mask[points[:, 1] - y, points[:, 0] - x] = True
                yield Region(int(y), int(x), mask, "blob", 1.0)


def _channels(lab: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.uint8]]:
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    for channel in (lab[..., 0], lab[..., 1], lab[..., 2], chroma):
        low, high = np.percentile(channel, (0.5, 99.5))
        if high - low >= _LEAST_RANGE:
            yield np.clip((channel - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
