"""Regions from hierarchies: every node within the limits, each set of pieces once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.criteria import CRITERIA
from lydite.detect.regions.hierarchy import Hierarchy, grow
from lydite.detect.regions.region import Region
from lydite.detect.regions.superpixels import Pieces

_HASH_SEED = 20130904


def find_nodes(pieces: Pieces, criteria: Sequence[str], areas: tuple[float, float]) -> Iterator[Region]:
    """Nodes of one hierarchy per criterion.

    Args:
        pieces: The superpixels.
        criteria: Names in ``CRITERIA``.
        areas: Least and largest area in working pixels, both included.
    """
    words = np.random.default_rng(_HASH_SEED).integers(0, 2**63, len(pieces), dtype=np.uint64)
    seen: set[int] = set()
    for name in criteria:
        tree = grow(pieces, CRITERIA[name])
        stability = survival(tree)
        hashes = _hash(tree, words)
        places = tree.place[pieces.labels].astype(np.int32)
        for node in np.flatnonzero((tree.sizes >= areas[0]) & (tree.sizes <= areas[1])).tolist():
            if hashes[node] not in seen:
                seen.add(hashes[node])
                yield _region(tree, node, places, name, stability[node])


def survival(tree: Hierarchy) -> list[float]:
    """For each node the share of its parent's height that it lasts: 0 born and gone, 1 for ever."""
    parents = np.full(len(tree), np.inf)
    leaves = len(tree.place)
    parents[tree.children.ravel()] = np.repeat(tree.heights[leaves:], 2)
    lasting = 1 - tree.heights / np.maximum(parents, 1e-12)
    shares: list[float] = np.clip(lasting, 0, 1).tolist()
    return shares


def _hash(tree: Hierarchy, words: npt.NDArray[np.uint64]) -> list[int]:
    """A number for each node that depends only on the set of its pieces (sum of their random words)."""
    laid_out = np.zeros(len(words) + 1, np.uint64)
    laid_out[tree.place + 1] = words
    sums = np.cumsum(laid_out, dtype=np.uint64)
    numbers: list[int] = (sums[tree.spans[:, 1]] - sums[tree.spans[:, 0]]).tolist()
    return numbers


def _region(
    tree: Hierarchy, node: int, places: npt.NDArray[np.int32], origin: str, stability: float
) -> Region:
    x0, y0, x1, y1 = tree.boxes[node].tolist()
    start, stop = tree.spans[node].tolist()
    crop = places[y0:y1, x0:x1]
    return Region(y0, x0, (crop >= start) & (crop < stop), origin, stability)
