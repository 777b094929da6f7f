"""The smallest pieces of a picture, and which of them touch."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lydite.detect.regions.view import View

_TEXTURE_BINS = 8
_LIGHTNESS_BINS = 16
_COLOUR_BINS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Superpixels and their adjacency; every column adds up when two pieces become one.

    Args:
        labels: ``(h, w)`` int32: the piece of each pixel, ``0..n-1``.
        sizes: ``(n,)`` float64: pixels.
        colours: ``(n, 3)`` float64: sums of L*a*b* over the pixels.
        histograms: ``(n, bins)`` float64: pixels by lightness, by two colours and by edge strength.
        fluxes: ``(n, 3)`` float64: sums of the view's ``sources`` over the pixels.
        outlines: ``(n,)`` float64: length of the outline in pixel sides, the picture's frame included.
        boxes: ``(n, 4)`` int64: ``x0 y0 x1 y1`` on pixel edges.
        pairs: ``(m, 2)`` int64: touching pieces, the lower number first, each pair once.
        lengths: ``(m,)`` float64: length of the common border in pixels.
        strengths: ``(m,)`` float64: edge strength summed along the common border.
    """

    labels: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.float64]
    colours: npt.NDArray[np.float64]
    histograms: npt.NDArray[np.float64]
    fluxes: npt.NDArray[np.float64]
    outlines: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.float64]
    strengths: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sizes)


def cut(view: View, superpixels: int) -> Pieces:
    """Cut a picture into about ``superpixels`` pieces.

    The pieces are flooded from the local minima of edge strength, likest neighbours first (Meyer's
    watershed, 1992): flat ground gives few large pieces, detail gives many small ones.
    """
    labels = _flood(view, superpixels)
    count = int(labels.max()) + 1
    flat = labels.ravel()
    pairs, lengths, strengths = _borders(labels, view.edges)
    return Pieces(
        labels,
        sizes=np.bincount(flat, minlength=count).astype(np.float64),
        colours=_sums(view.lab, flat, count),
        histograms=_histograms(view, flat, count),
        fluxes=_sums(view.sources, flat, count),
        outlines=_outlines(labels, pairs, lengths),
        boxes=_boxes(labels),
        pairs=pairs,
        lengths=lengths,
        strengths=strengths,
    )


def _flood(view: View, superpixels: int) -> npt.NDArray[np.int32]:
    reach = max(3, round(float(np.sqrt(view.edges.size / superpixels))) | 1)
    minima = (view.edges <= cv2.erode(view.edges, np.ones((reach, reach), np.uint8))).astype(np.uint8)
    _, markers = cv2.connectedComponents(minima, connectivity=8, ltype=cv2.CV_32S)
    # The flooding leaves out the outermost pixels, so it is given a frame to lose.
    ground = cv2.copyMakeBorder(_stretch(view.lab), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    flooded = cv2.watershed(ground, cv2.copyMakeBorder(markers, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0))
    labels = _close_borders(np.asarray(flooded[1:-1, 1:-1], np.int32), view.lab)
    number = np.cumsum(np.bincount(labels.ravel()) > 0, dtype=np.int32) - 1
    return np.asarray(number[labels], np.int32)


def _stretch(lab: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """All three channels on one scale of 0..255 that the widest of them fills."""
    low, high = lab.min(axis=(0, 1)), lab.max(axis=(0, 1))
    scale = 255 / max(float((high - low).max()), 1.0)
    return np.asarray(np.round((lab - low) * scale), np.uint8)


def _close_borders(flooded: npt.NDArray[np.int32], lab: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Give each pixel on a dividing line to the touching piece whose nearest pixel looks likest."""
    labels = np.pad(flooded, 1, constant_values=-1)
    colours = np.pad(lab, ((1, 1), (1, 1), (0, 0)), mode="edge")
    width = labels.shape[1]
    flat, flat_colours = labels.ravel(), colours.reshape(-1, 3)
    inside = np.pad(np.ones(flooded.shape, np.bool_), 1).ravel()
    while len(open_ := np.flatnonzero(inside & (flat < 0))):
        around = open_[:, None] + np.array([-width, -1, 1, width])
        apart = np.square(flat_colours[around] - flat_colours[open_, None]).sum(axis=2)
        apart[flat[around] < 0] = np.inf
        likest = around[np.arange(len(open_)), apart.argmin(axis=1)]
        flat[open_] = flat[likest]
    return labels[1:-1, 1:-1]


def _borders(
    labels: npt.NDArray[np.int32], edges: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Touching pairs with the length and the summed strength of their common border."""
    count = int(labels.max()) + 1
    keys, strengths = [], []
    for here, there in (((..., slice(None, -1)), (..., slice(1, None))), (slice(None, -1), slice(1, None))):
        apart = labels[here] != labels[there]
        one, other = labels[here][apart].astype(np.int64), labels[there][apart].astype(np.int64)
        keys.append(np.minimum(one, other) * count + np.maximum(one, other))
        strengths.append(np.maximum(edges[here][apart], edges[there][apart]))
    found, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    pairs = np.stack(np.divmod(found, count), axis=1)
    lengths = np.bincount(inverse, minlength=len(found)).astype(np.float64)
    summed = np.bincount(inverse, np.concatenate(strengths), len(found)).astype(np.float64)
    return pairs.astype(np.int64), lengths, summed


def _sums(image: npt.NDArray[np.float32], flat: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.float64]:
    channels = image.reshape(-1, image.shape[2])
    return np.stack([np.bincount(flat, channel, count) for channel in channels.T], axis=1)


def _outlines(
    labels: npt.NDArray[np.int32], pairs: npt.NDArray[np.int64], lengths: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    count = int(labels.max()) + 1
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    shared = np.bincount(pairs.ravel(), np.repeat(lengths, 2), count)
    return np.asarray(shared + np.bincount(frame, minlength=count), np.float64)


def _histograms(view: View, flat: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.float64]:
    """Four histograms side by side: lightness, green-red, blue-yellow, edge strength."""
    lightness, green_red, blue_yellow = np.moveaxis(view.lab.reshape(-1, 3), 1, 0)
    columns: list[tuple[npt.NDArray[np.floating], int]] = [
        (lightness / 100, _LIGHTNESS_BINS),
        (green_red / 160 + 0.5, _COLOUR_BINS),
        (blue_yellow / 160 + 0.5, _COLOUR_BINS),
        (view.edges.ravel(), _TEXTURE_BINS),
    ]
    parts = []
    for values, bins in columns:
        bin_of = np.clip(values * bins, 0, bins - 1).astype(np.int64)
        cells = np.bincount(flat.astype(np.int64) * bins + bin_of, minlength=count * bins)
        parts.append(cells.reshape(count, bins))
    return np.concatenate(parts, axis=1).astype(np.float64)


def _boxes(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    spans = ndimage.find_objects(labels + 1)
    return np.array([[x.start, y.start, x.stop, y.stop] for y, x in spans], np.int64)
