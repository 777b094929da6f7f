"""What lies around each mask: the vector of its surround, to tell a thing from a part of one.

Inside a part of a large apple there is apple, and around it there is apple too. Inside a whole apple there is
apple, and around it something else. The surround is the mean of the cells of the enlarged box that the mask
does not cover; sums over boxes come from one integral image (Crow 1984), so the cost does not depend
on the size of the masks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import FeatureMap, Features, Masks
from lydite.features.overlap import coverage
from lydite.features.rules import mean_of_largest, topk_of

_REACH = 0.35
"""How far the surround reaches beyond the box on each side, as a share of the box's side."""
_LEAST_CELLS = 1.5
"""... but at least so many cells."""


def pool_surround(
    feature_map: FeatureMap, masks: Masks, ids: Sequence[str], weights: csr_array | None = None
) -> Features:
    """One unit vector per mask for what surrounds it.

    Where nothing surrounds a mask (it fills its enlarged box) the vector is that of the whole picture.

    Args:
        feature_map: The dense map of the picture.
        masks: ``n`` non-empty masks of that picture.
        ids: ``n`` distinct texts, one for each mask.
        weights: The coverage of the map's grid by the masks, where a caller has it already.

    Returns:
        ``n`` unit vectors of the map's space.
    """
    weights = coverage(masks, feature_map.grid_hw) if weights is None else weights
    k = topk_of(feature_map.space)
    if k:
        return Features(_largest_around(feature_map, masks, weights, k), tuple(ids), feature_map.space)
    cells = feature_map.cells.astype(np.float64)
    rows, columns, dim = cells.shape
    cell_hw = np.array(masks.size_hw) / (rows, columns)
    area = masks.areas / cell_hw.prod()
    inside = (weights @ cells.reshape(-1, dim)) * area[:, None]
    top, left, bottom, right = _reach(masks, cell_hw, (rows, columns))
    around = _box_sums(cells, top, left, bottom, right) - inside
    left_over = (bottom - top) * (right - left) - area
    nothing = left_over < 0.5
    around[nothing] = cells.sum(axis=(0, 1))
    return Features(_unit(around, feature_map), tuple(ids), feature_map.space)


def _largest_around(
    feature_map: FeatureMap, masks: Masks, covered: csr_array, k: int
) -> npt.NDArray[np.float32]:
    """By top-k pooling: of the cells of each enlarged box that its mask covers less than half of."""
    grid = feature_map.grid_hw
    cell_hw = np.array(masks.size_hw) / grid
    numbers = np.arange(grid[0] * grid[1]).reshape(grid)
    weights = np.zeros((len(masks), numbers.size), np.float32)
    for row, (top, left, bottom, right) in enumerate(zip(*_reach(masks, cell_hw, grid), strict=True)):
        weights[row, numbers[top:bottom, left:right].ravel()] = 1
        start, stop = covered.indptr[row : row + 2]
        full = covered.data[start:stop] * masks.areas[row] >= 0.5 * cell_hw.prod()
        weights[row, covered.indices[start:stop][full]] = 0
        weights[row] = weights[row] if weights[row].any() else 1
    pooled = mean_of_largest(feature_map.cells.reshape(numbers.size, -1), csr_array(weights), k)
    return _unit(pooled.astype(np.float64), feature_map)


def _reach(
    masks: Masks, cell_hw: npt.NDArray[np.float64], grid_hw: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], ...]:
    """Enlarged boxes in whole cells: top, left, bottom, right."""
    x0, y0, x1, y1 = masks.boxes.xyxy.astype(np.float64).T
    reach_y = np.maximum((y1 - y0) * _REACH, _LEAST_CELLS * cell_hw[0])
    reach_x = np.maximum((x1 - x0) * _REACH, _LEAST_CELLS * cell_hw[1])
    top, bottom = np.floor((y0 - reach_y) / cell_hw[0]), np.ceil((y1 + reach_y) / cell_hw[0])
    left, right = np.floor((x0 - reach_x) / cell_hw[1]), np.ceil((x1 + reach_x) / cell_hw[1])
    height, width = grid_hw
    return (
        np.clip(top, 0, height).astype(np.int64),
        np.clip(left, 0, width).astype(np.int64),
        np.clip(bottom, 0, height).astype(np.int64),
        np.clip(right, 0, width).astype(np.int64),
    )


def _box_sums(
    cells: npt.NDArray[np.float64],
    top: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64],
    bottom: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    rows, columns, dim = cells.shape
    integral = np.zeros((rows + 1, columns + 1, dim))
    # Sums grow by whole rows and columns of cells: numpy's cumsum walks these axes value by value.
    for row in range(rows):
        np.add(integral[row, 1:], cells[row], out=integral[row + 1, 1:])
    for column in range(columns):
        integral[1:, column + 1] += integral[1:, column]
    sums: npt.NDArray[np.float64] = (
        integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
    )
    return sums


def _unit(sums: npt.NDArray[np.float64], feature_map: FeatureMap) -> npt.NDArray[np.float32]:
    """L2 norm 1; a sum that cancels to nothing has no direction and takes the picture's."""
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    sums = np.where(norms > 1e-9, sums, feature_map.cells.astype(np.float64).mean(axis=(0, 1)))
    unit: npt.NDArray[np.float32] = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    return unit
