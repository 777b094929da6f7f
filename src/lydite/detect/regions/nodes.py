"""Regions from hierarchies: every node within the limits, each set of pieces once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.criteria import CRITERIA
from lydite.detect.regions.hierarchy import Hierarchy, grow
from lydite.detect.regions.regions import Crop, Regions
from lydite.detect.regions.superpixels import Pieces

_WORD_SEED = 2013

Number = TypeVar("Number", np.float64, np.uint64)


def find_nodes(pieces: Pieces, criteria: Sequence[str], areas: tuple[float, float]) -> Regions:
    """Nodes of one hierarchy per criterion.

    Args:
        pieces: The superpixels.
        criteria: Names in ``CRITERIA``.
        areas: Least and largest area in working pixels, both included.
    """
    words = np.random.default_rng(_WORD_SEED).integers(0, 2**63, len(pieces), dtype=np.uint64)
    seen = np.zeros(0, np.uint64)
    parts: list[Regions] = []
    for name in criteria:
        tree = grow(pieces, CRITERIA[name])
        names_of_sets = _sum_over_nodes(tree, words)
        fits = (tree.sizes >= areas[0]) & (tree.sizes <= areas[1]) & ~np.isin(names_of_sets, seen)
        seen = np.concatenate([seen, names_of_sets[fits]])
        parts.append(_regions(tree, pieces, np.flatnonzero(fits), name))
    return Regions.concatenate(parts)


def _regions(tree: Hierarchy, pieces: Pieces, nodes: npt.NDArray[np.int64], origin: str) -> Regions:
    places = tree.place.astype(np.int32)[pieces.labels]
    crops: list[Callable[[], Crop]] = [
        partial(_cut, places, box, span)
        for box, span in zip(tree.boxes[nodes].tolist(), tree.spans[nodes].tolist(), strict=True)
    ]
    return Regions(
        tree.boxes[nodes],
        tree.sizes[nodes],
        tree.outlines[nodes],
        _sum_over_nodes(tree, pieces.fluxes)[nodes],
        (origin,) * len(nodes),
        tuple(crops),
    )


def _sum_over_nodes(tree: Hierarchy, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """For each node the sum of a value of its pieces.

    Random 64-bit words, summed with wrap-around, give each set of pieces a name of its own.
    """
    laid_out = np.zeros((len(values) + 1, *values.shape[1:]), values.dtype)
    laid_out[tree.place + 1] = values
    sums = np.cumsum(laid_out, axis=0, dtype=values.dtype)
    totals: npt.NDArray[Number] = sums[tree.spans[:, 1]] - sums[tree.spans[:, 0]]
    return totals


def _cut(places: npt.NDArray[np.int32], box: Sequence[int], span: Sequence[int]) -> Crop:
    x0, y0, x1, y1 = box
    crop = places[y0:y1, x0:x1]
    return (crop >= span[0]) & (crop < span[1])
