"""A second, closer look at what the first one saw in less than a few cells.

The picture is cut into overlapping tiles, each looked at as if it were the picture; only tiles in which
something small lies are. A mask goes to the tile in whose middle it is most, whatever other masks there
are, so one mask has one vector. The vectors are of the same space: a network sees one space at any scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import FeatureMap, Features, Masks
from lydite.features.encoder import Encoder
from lydite.features.overlap import coverage
from lydite.features.pooling import pool
from lydite.features.surround import pool_surround

Pooler = Callable[[FeatureMap, Masks, Sequence[str], csr_array | None], Features]


@dataclass(frozen=True, slots=True)
class Zoom:
    """When and how closely to look again.

    Args:
        cells: Masks of a smaller area, in cells of the first map, are looked at again; 0 for none.
        factor: A tile's sides are so many times shorter than the picture's.
    """

    cells: float = 0.0
    factor: int = 2


def pool_closer(
    pixels: npt.NDArray[np.uint8],
    encoder: Encoder,
    feature_map: FeatureMap,
    masks: Masks,
    ids: Sequence[str],
    zoom: Zoom,
    rules: Sequence[Pooler] = (pool, pool_surround),
) -> tuple[Features, ...]:
    """What each mask is and what lies around it, small ones from a closer look.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB.
        encoder: The encoder of the map.
        feature_map: The first look.
        masks: ``n`` non-empty masks.
        ids: ``n`` distinct texts.
        zoom: Which are small, and how much closer to look.
        rules: What is pooled.

    Returns:
        ``n`` unit vectors for each rule.
    """
    seen = _pool_all(feature_map, masks, ids, rules)
    small = np.flatnonzero(_cells(feature_map, masks) < zoom.cells)
    if not len(small):
        return seen
    vectors = [features.vectors.copy() for features in seen]
    for (top, left, bottom, right), rows in _tiles(masks, small, zoom.factor):
        closer = encoder.encode(np.ascontiguousarray(pixels[top:bottom, left:right]))
        moved = ((y - top, x - left, piece) for y, x, piece in map(masks.crop, rows.tolist()))
        there = Masks.from_crops(moved, (bottom - top, right - left))
        names = [ids[row] for row in rows]
        for known, found in zip(vectors, _pool_all(closer, there, names, rules), strict=True):
            known[rows] = found.vectors
    return tuple(Features(known, tuple(ids), feature_map.space) for known in vectors)


def _pool_all(
    feature_map: FeatureMap, masks: Masks, ids: Sequence[str], rules: Sequence[Pooler]
) -> tuple[Features, ...]:
    weights = coverage(masks, feature_map.grid_hw)
    return tuple(rule(feature_map, masks, ids, weights) for rule in rules)


def _cells(feature_map: FeatureMap, masks: Masks) -> npt.NDArray[np.float64]:
    """``(n,)`` area of each mask in cells."""
    cells: npt.NDArray[np.float64] = masks.areas * (np.prod(feature_map.grid_hw) / np.prod(masks.size_hw))
    return cells


def _tiles(
    masks: Masks, rows: npt.NDArray[np.int64], factor: int
) -> Iterator[tuple[tuple[int, int, int, int], npt.NDArray[np.int64]]]:
    """Tiles as top, left, bottom, right, and the rows that each shows; what fits into no tile is in none."""
    height, width = masks.size_hw
    x0, y0, x1, y1 = masks.boxes.xyxy[rows].astype(np.int64).T
    corners = [
        (top, left, top + tile_h, left + tile_w)
        for top, tile_h in _starts(height, factor)
        for left, tile_w in _starts(width, factor)
    ]
    tiles = np.array(corners, np.int64)
    room = np.minimum.reduce([y0 - tiles[:, :1], x0 - tiles[:, 1:2], tiles[:, 2:3] - y1, tiles[:, 3:] - x1])
    best = room.argmax(axis=0)
    fits = room.max(axis=0) >= 0
    for tile in np.unique(best[fits]):
        yield corners[tile], rows[fits & (best == tile)]


def _starts(side: int, factor: int) -> list[tuple[int, int]]:
    """First pixel and length of tiles along an axis, each half over the one before."""
    length = max(1, -(-side // factor))
    starts = np.linspace(0, side - length, 2 * factor - 1).round().astype(int)
    return [(int(start), length) for start in np.unique(starts)]
