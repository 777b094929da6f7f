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
    _, labels = cv2.connectedComponents(side.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    found, boxes = _boxes_within(side, np.asarray(labels, np.int32), areas)
    for label, (x0, y0, x1, y1) in zip(found.tolist(), boxes.tolist(), strict=True):
        yield (x0, y0, x1, y1), labels[y0:y1, x0:x1] == label


def _boxes_within(
    side: npt.NDArray[np.bool_], labels: npt.NDArray[np.int32], areas: tuple[float, float]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Labels of an area within the limits, and ``(n, 4)`` their boxes.

    Counted on the runs of the rows, of which there are far fewer than pixels.
    """
    height, width = side.shape
    framed = np.zeros((height, width + 1), np.bool_)
    framed[:, :-1] = side
    flat = framed.ravel()
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    ends = np.concatenate([[0], ends]) if flat[0] else ends
    (row, x0), x1 = np.divmod(ends[::2], width + 1), ends[1::2] % (width + 1)
    of = labels[row, x0]
    sizes = np.bincount(of, x1 - x0)
    found = np.flatnonzero((sizes >= areas[0]) & (sizes <= areas[1]) & (sizes > 0))
    boxes = np.zeros((len(sizes), 4), np.int64)
    boxes[:, 0] = width
    np.minimum.at(boxes[:, 0], of, x0)
    boxes[of[::-1], 1] = row[::-1]  # the last write is that of the first row
    np.maximum.at(boxes[:, 2], of, x1)
    boxes[of, 3] = row + 1
    return found, boxes[found]


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
