"""From a dense map to one unit vector per mask: coverage-weighted mean, then L2, once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import CollapsedFeatures, FeatureMap, Features, InvalidValue, Masks
from lydite.core.errors import shorten
from lydite.features.overlap import coverage
from lydite.features.rules import NEAREST, mean_of_largest, nearest, topk_of

POOLING = "coverage-mean, L2"
"""The rule by its name in ``FeatureSpace.pooling``."""

_SPARSE_BELOW = 0.12
"""Filled share of the weights below which the sparse product is the faster one (measured)."""


def pool(
    feature_map: FeatureMap, masks: Masks, ids: Sequence[str], weights: csr_array | None = None
) -> Features:
    """One vector per mask, by the rule that the map's space names.

    By default ``L2(coverage @ cells)``, all masks in one matrix product; for the others see ``rules``.

    Args:
        feature_map: The dense map of the picture.
        masks: ``n`` non-empty masks of that picture.
        ids: ``n`` distinct texts, one for each mask.
        weights: The coverage of the map's grid by the masks, where a caller has it already.

    Returns:
        ``n`` unit vectors of the map's space.

    Raises:
        InvalidValue: If the masks are of another picture size, one is empty, or ids do not fit.
        CollapsedFeatures: If a pooled vector is zero; names the ids.
    """
    if masks.size_hw != feature_map.size_hw:
        raise InvalidValue(
            "Masks", f"of the picture's size {feature_map.size_hw} (height, width)", masks.size_hw
        )
    if len(masks) != len(ids):
        raise InvalidValue("ids", f"one for each of {len(masks)} masks", len(ids))
    if feature_map.space.pooling == NEAREST:
        return pool_weighted(feature_map, nearest(masks, feature_map.grid_hw), ids)
    weights = coverage(masks, feature_map.grid_hw) if weights is None else weights
    k = topk_of(feature_map.space)
    if not k:
        return pool_weighted(feature_map, weights, ids)
    cells = feature_map.cells.reshape(-1, feature_map.space.dim)
    return Features(_unit(mean_of_largest(cells, weights, k), ids), tuple(ids), feature_map.space)


def pool_weighted(feature_map: FeatureMap, weights: csr_array, ids: Sequence[str]) -> Features:
    """One vector per row of weights, for a caller that has computed (and wants to keep) the coverage.

    Args:
        feature_map: The dense map of the picture.
        weights: ``(n, rows * columns)`` float32, as ``coverage`` gives them.
        ids: ``n`` distinct texts, one for each row.

    Returns:
        ``n`` unit vectors of the map's space.

    Raises:
        InvalidValue: If the weights do not fit the grid, or the ids do not fit the weights.
        CollapsedFeatures: If a pooled vector is zero; names the ids.
    """
    cells = feature_map.cells.reshape(-1, feature_map.space.dim)
    if weights.shape != (len(ids), len(cells)):
        raise InvalidValue("weights", f"of shape ({len(ids)}, {len(cells)})", weights.shape)
    sparse = weights.nnz < _SPARSE_BELOW * weights.shape[0] * weights.shape[1]
    sums = weights @ cells if sparse else weights.toarray() @ cells
    return Features(_unit(sums, ids), tuple(ids), feature_map.space)


def pool_image(feature_map: FeatureMap, identifier: str) -> Features:
    """The vector of a whole picture: a mask that covers everything.

    Args:
        feature_map: The dense map of the picture.
        identifier: The id of the one row.

    Returns:
        One unit vector: ``L2(mean of all cells)``, or by the rule that the map's space names.

    Raises:
        CollapsedFeatures: If the mean is zero.
    """
    k = topk_of(feature_map.space)
    if k:
        cells = feature_map.cells.reshape(-1, feature_map.space.dim)
        whole = csr_array(np.full((1, len(cells)), 1 / len(cells), np.float32))
        return Features(
            _unit(mean_of_largest(cells, whole, k), (identifier,)), (identifier,), feature_map.space
        )
    mean = feature_map.cells.mean(axis=(0, 1), dtype=np.float64)[None]
    return Features(_unit(mean, (identifier,)), (identifier,), feature_map.space)


def _unit(
    sums: npt.NDArray[np.float32] | npt.NDArray[np.float64], ids: Sequence[str]
) -> npt.NDArray[np.float32]:
    norms = np.sqrt(np.einsum("nd,nd->n", sums, sums, dtype=np.float64))
    dead = np.flatnonzero(~(norms > np.finfo(np.float32).tiny))
    if len(dead):
        named = ", ".join(repr(ids[int(row)]) for row in dead[:8])
        raise CollapsedFeatures(
            f"{len(dead)} of {len(ids)} pooled vectors are zero and point nowhere: {shorten(named)}.",
            "The encoder sees nothing there: check its weights and its input.",
        )
    unit: npt.NDArray[np.float32] = (sums / norms[:, None]).astype(np.float32)
    return unit
