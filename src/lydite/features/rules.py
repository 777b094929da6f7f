"""Pooling rules beside the coverage-weighted mean; each makes vectors of a space of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import FeatureMap, FeatureSpace, Masks
from lydite.features.encoder import Encoder
from lydite.features.overlap import coverage

NEAREST = "nearest-mean, L2"
_TOPK, _TOPK_END = "top-", " of each channel, L2"
_COVERED = 0.5
"""A cell is of the mask for top-k pooling if the mask covers it at least this share of its best cell's."""


class PoolingRule(StrEnum):
    """How the cells under a mask become one vector."""

    COVERAGE = "coverage"
    NEAREST = "nearest"
    TOPK = "topk"


def topk_name(k: int) -> str:
    """What a feature space calls top-k pooling."""
    return f"{_TOPK}{k}{_TOPK_END}"


def topk_of(space: FeatureSpace) -> int:
    """The k of a space whose rule is top-k pooling, else 0."""
    text = space.pooling
    is_topk = text.startswith(_TOPK) and text.endswith(_TOPK_END)
    return int(text.removeprefix(_TOPK).removesuffix(_TOPK_END)) if is_topk else 0


@dataclass(frozen=True, slots=True, eq=False)
class Repooled:
    """An encoder whose maps are pooled by another rule.

    Args:
        encoder: What looks.
        pooling: The rule's name in the space.
    """

    encoder: Encoder
    pooling: str

    @property
    def space(self) -> FeatureSpace:
        """The encoder's space but for the rule."""
        return replace(self.encoder.space, pooling=self.pooling)

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The encoder's map, of this space."""
        return replace(self.encoder.encode(pixels), space=self.space)

    def smaller(self, divisor: int) -> Repooled:
        """See ``Encoder.smaller``."""
        return replace(self, encoder=self.encoder.smaller(divisor))


def nearest(masks: Masks, grid_hw: tuple[int, int]) -> csr_array:
    """Equal weights for the cells whose top left pixel is of the mask: masks resized to the grid by nearest.

    A mask that holds no such pixel would vanish; it gets its exact coverage instead.

    Args:
        masks: ``n`` non-empty masks.
        grid_hw: Rows and columns of the grid.

    Returns:
        ``(n, rows * columns)`` float32, each row in sum 1.
    """
    (height, width), (rows, columns) = masks.size_hw, grid_hw
    y, x = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    # Sampled positions in the order of runs: column after column.
    sampled = (x[:, None] * height + y).ravel()
    cell = (np.arange(columns)[:, None] + np.arange(rows) * columns).ravel()
    first, last = np.searchsorted(sampled, masks.runs.T)
    hits = last - first
    at = np.repeat(first - (np.cumsum(hits) - hits), hits) + np.arange(hits.sum())
    mask = np.repeat(np.repeat(np.arange(len(masks)), np.diff(masks.offsets)), hits)
    counts = np.bincount(mask, minlength=len(masks))
    shares = np.ones(len(at), np.float32) / np.maximum(counts, 1)[mask].astype(np.float32)
    weights = csr_array((shares, (mask, cell[at])), shape=(len(masks), rows * columns))
    missed = np.flatnonzero(counts == 0)
    if len(missed):
        lent = coverage(masks[missed], grid_hw).tocoo()
        more = csr_array((lent.data, (missed[lent.row], lent.col)), shape=weights.shape)
        weights = csr_array(weights + more)
    return weights


def mean_of_largest(cells: npt.NDArray[np.float32], weights: csr_array, k: int) -> npt.NDArray[np.float32]:
    """For each mask the mean of the k largest values of each channel (k-max pooling; Durand et al. 2016).

    Args:
        cells: ``(cells, dim)``.
        weights: ``(n, cells)`` coverage of each mask.
        k: Values a channel; all of them where a mask has fewer cells.

    Returns:
        ``(n, dim)`` float32.
    """
    pooled = np.empty((weights.shape[0], cells.shape[1]), np.float32)
    for row, (start, stop) in enumerate(zip(weights.indptr[:-1], weights.indptr[1:], strict=True)):
        shares = weights.data[start:stop]
        covered = cells[weights.indices[start:stop][shares >= _COVERED * shares.max()]]
        spare = max(len(covered) - k, 0)
        pooled[row] = np.partition(covered, spare, axis=0)[spare:].mean(axis=0) if spare else covered.mean(0)
    return pooled
