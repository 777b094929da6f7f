"""How much of each mask lies in each cell of a grid: exact, from runs or from dense masks.

A grid of ``rows x columns`` cells covers a picture of ``height x width`` pixels exactly, whatever the
two sizes; cell edges may cut through pixels. Everything is counted in units of ``1 / (rows * columns)``
pixel, in which all areas are whole numbers: float64 holds them without rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import InvalidValue, Masks

_Ints = npt.NDArray[np.int64]
_BLOCK_CELLS = 1 << 22
_BLOCK_RUN_COLUMNS = 1 << 21
_SCAN_ROWS = 16


def coverage(masks: Masks, grid_hw: tuple[int, int]) -> csr_array:
    """The share of each mask's area that lies in each cell, computed from the runs.

    No mask is ever decoded. Each run, cut at the ends of picture columns, is a step up and a step
    down along one column of cells; a running sum over the steps of all masks at once gives the areas
    (the summed-area idea of Crow, 1984, in one dimension).

    Args:
        masks: ``n`` non-empty masks.
        grid_hw: Rows and columns of the grid.

    Returns:
        ``(n, rows * columns)`` float32, cells in row-major order; each row is non-negative, sums to 1
        and is never empty, however small the mask. Indices are sorted.

    Raises:
        InvalidValue: If a mask is empty (names its row), or the grid has no cell.
    """
    rows, columns = _require_grid(grid_hw)
    _require_filled(masks.areas)
    blocks = [_coverage_block(masks[block], (rows, columns)) for block in _blocks(masks, (rows, columns))]
    values, cells, lengths = zip(*blocks, strict=True) if blocks else ((), (), ())
    return _rows_to_csr(values, cells, np.concatenate(lengths) if lengths else [], rows * columns)


def coverage_dense(masks: npt.NDArray[np.bool_], grid_hw: tuple[int, int]) -> csr_array:
    """The same shares from dense masks.

    Rows of pixels are added up first, as bytes, between all edges of cells and of the pixels that
    these edges cut; the few sums that remain are shared out by two small matrix products.

    Args:
        masks: ``(n, height, width)`` bool, none of them empty.
        grid_hw: Rows and columns of the grid.

    Returns:
        ``(n, rows * columns)`` float32, as ``coverage`` gives them.

    Raises:
        InvalidValue: If a mask is empty (names its row), the shape is wrong, or the grid has no cell.
    """
    rows, columns = _require_grid(grid_hw)
    if masks.ndim != 3 or masks.dtype != np.bool_ or 0 in masks.shape[1:]:
        raise InvalidValue(
            "coverage_dense.masks", "bool of shape (n, height, width)", (masks.dtype, masks.shape)
        )
    down = _segments(masks.shape[1], rows)
    across = _segments(masks.shape[2], columns)
    parts: list[tuple[npt.NDArray[np.float32], _Ints]] = []
    areas = np.empty(len(masks), np.float64)
    for index, mask in enumerate(np.ascontiguousarray(masks).view(np.uint8)):
        near, low, high = _filled_stretches(mask, down[0])
        strips = _sum_rows(mask[low:high], down[0][near] - low)
        pieces = np.add.reduceat(strips, across[0], axis=1, dtype=np.int64).astype(np.float64)
        areas[index] = pieces.sum()
        flat = (down[1][:, near] @ pieces @ across[1].T).ravel()
        kept = np.flatnonzero(flat)
        parts.append(((flat[kept] / max(areas[index], 1.0)).astype(np.float32), kept))
    _require_filled(areas)
    return _rows_to_csr(
        [values for values, _ in parts],
        [cells for _, cells in parts],
        [len(cells) for _, cells in parts],
        rows * columns,
    )


def effective_cells(weights: csr_array) -> npt.NDArray[np.float32]:
    """How many cells each vector really averages: ``1 / sum(w^2)`` (Kish's effective sample size).

    Args:
        weights: ``(n, cells)``, as ``coverage`` gives them.

    Returns:
        ``(n,)`` float32, 1 for a mask inside one cell, ``cells`` for one spread evenly over all.
    """
    squares = np.asarray(weights.multiply(weights).sum(axis=1), dtype=np.float64).reshape(-1)
    return (1.0 / squares).astype(np.float32)


def _blocks(masks: Masks, grid_hw: tuple[int, int]) -> list[slice]:
    """Consecutive rows whose work fits into memory together."""
    _, _, window_rows, window_columns = _windows(masks, grid_hw)
    boxes = masks.boxes.xyxy
    runs = np.diff(masks.offsets) + (boxes[:, 2] - boxes[:, 0]).astype(np.int64)
    load = np.cumsum((window_rows + 1) * window_columns / _BLOCK_CELLS + runs / _BLOCK_RUN_COLUMNS)
    edges = np.searchsorted(load, np.arange(1, np.ceil(load[-1]) if len(load) else 0)).tolist()
    bounds = sorted({0, *edges, len(masks)})
    return [slice(low, high) for low, high in pairwise(bounds)]


def _coverage_block(masks: Masks, grid_hw: tuple[int, int]) -> tuple[npt.NDArray[np.float32], _Ints, _Ints]:
    """Values, cell numbers and row lengths of a few masks' shares."""
    (height, width), (rows, columns) = masks.size_hw, grid_hw
    top, left, window_rows, window_columns = _windows(masks, grid_hw)
    # Each mask owns a small array of its own cells, column after column, one slot spare per column.
    sizes = (window_rows + 1) * window_columns
    base = np.cumsum(sizes) - sizes

    run, x, y0, y1 = _cut_at_columns(masks)
    mask = np.repeat(np.arange(len(masks)), np.diff(masks.offsets))[run]
    piece, column, share = _cells_along(x, width, columns)
    mask, y0, y1 = mask[piece], y0[piece], y1[piece]
    origin = base[mask] + (column - left[mask]) * (window_rows[mask] + 1) - top[mask]

    # A step up at y: its own cell gains what lies below y, each further cell gains a full height.
    at, value = [], []
    for y, sign in ((y0, 1), (y1, -1)):
        cell, above = np.divmod(y * rows, height)
        at += [origin + cell, origin + cell + 1]
        value += [sign * share * (height - above), sign * share * above]
    steps = np.bincount(np.concatenate(at), np.concatenate(value), minlength=int(sizes.sum()) + 1)
    # Steps of a column cancel exactly, so one running sum serves all columns of all masks.
    areas = np.cumsum(steps)

    owner, place = _ragged(window_rows * window_columns)
    row, column = np.divmod(place, window_columns[owner])
    found = areas[base[owner] + column * (window_rows[owner] + 1) + row]
    kept = found > 0
    shares = found / (masks.areas[owner] * float(rows * columns))
    cells = (row + top[owner]) * columns + column + left[owner]
    return shares[kept].astype(np.float32), cells[kept], np.bincount(owner[kept], minlength=len(masks))


def _windows(masks: Masks, grid_hw: tuple[int, int]) -> tuple[_Ints, _Ints, _Ints, _Ints]:
    """Top row, left column, rows and columns of the cells that each mask's box touches."""
    (height, width), (rows, columns) = masks.size_hw, grid_hw
    x0, y0, x1, y1 = masks.boxes.xyxy.astype(np.int64).T
    top, left = y0 * rows // height, x0 * columns // width
    return top, left, -(-y1 * rows // height) - top, -(-x1 * columns // width) - left


def _cut_at_columns(masks: Masks) -> tuple[_Ints, _Ints, _Ints, _Ints]:
    """Runs cut at the ends of picture columns: run number, column, first and last row (exclusive)."""
    height = masks.size_hw[0]
    starts, stops = masks.runs[:, 0], masks.runs[:, 1]
    first = starts // height
    run, step = _ragged((stops - 1) // height - first + 1)
    x = first[run] + step
    y0 = np.maximum(starts[run] - x * height, 0)
    y1 = np.minimum(stops[run] - x * height, height)
    return run, x, y0, y1


def _cells_along(x: _Ints, pixels: int, cells: int) -> tuple[_Ints, _Ints, _Ints]:
    """For pixels ``x`` of an axis: which pixel, which cell it meets, by how much (unit ``1/cells``)."""
    first = x * cells // pixels
    pixel, step = _ragged(((x + 1) * cells - 1) // pixels - first + 1)
    cell = first[pixel] + step
    low, high = x[pixel] * cells, (x[pixel] + 1) * cells
    return pixel, cell, np.minimum(high, (cell + 1) * pixels) - np.maximum(low, cell * pixels)


def _ragged(lengths: _Ints) -> tuple[_Ints, _Ints]:
    """Row and place within the row of every element of rows of the given lengths."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _segments(pixels: int, cells: int) -> tuple[_Ints, npt.NDArray[np.float64]]:
    """Starts of the stretches of pixels that no cell edge cuts, and each cell's share of them."""
    edges = np.arange(1, cells) * pixels
    starts = np.unique(np.concatenate([[0], edges // cells, -(-edges // cells)]))
    starts = starts[starts < pixels]
    pixel, cell, share = _cells_along(starts, pixels, cells)
    shares = np.zeros((cells, len(starts)))
    shares[cell, pixel] = share / cells
    return starts, shares


def _filled_stretches(mask: npt.NDArray[np.uint8], starts: _Ints) -> tuple[slice, int, int]:
    """The stretches outside of which a mask is empty, and their first and last row (exclusive)."""
    height, width = mask.shape
    whole = height // _SCAN_ROWS
    # Eight pixels a word, many rows a step: this scan reads all pixels and must not cost more than that.
    words = mask[: whole * _SCAN_ROWS].reshape(whole, _SCAN_ROWS * width).view(np.uint64)
    hit = np.append(words.max(axis=1) != 0, mask[whole * _SCAN_ROWS :].any())
    filled = np.flatnonzero(hit)
    low, high = (int(filled[0]) * _SCAN_ROWS, (int(filled[-1]) + 1) * _SCAN_ROWS) if len(filled) else (0, 1)
    near = slice(int(np.searchsorted(starts, low, "right")) - 1, int(np.searchsorted(starts, high, "left")))
    edges = np.append(starts, height)
    return near, int(edges[near.start]), int(edges[near.stop])


def _sum_rows(mask: npt.NDArray[np.uint8], starts: _Ints) -> npt.NDArray[np.unsignedinteger]:
    """Sums of the rows from each start to the next."""
    lengths = np.diff(np.append(starts, len(mask)))
    kind: type[np.unsignedinteger] = np.uint8 if lengths.max() <= 255 else np.uint32
    if (lengths == lengths[0]).all():
        return _fold_rows(mask.reshape(len(starts), int(lengths[0]), -1).astype(kind, copy=False))
    # First rows of all stretches, then second rows of those that have one, ...
    sums = mask[starts].astype(kind)
    for step in range(1, int(lengths.max())):
        long = lengths > step
        sums[long] += mask[starts[long] + step]
    return sums


def _fold_rows(stack: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.unsignedinteger]:
    """Sum over the middle axis by halves: few calls, each along contiguous memory."""
    while stack.shape[1] > 1:
        half, odd = divmod(stack.shape[1], 2)
        folded = stack[:, :half] + stack[:, half : 2 * half]
        if odd:
            folded[:, 0] += stack[:, -1]
        stack = folded
    return stack[:, 0]


def _rows_to_csr(
    values: Sequence[npt.NDArray[np.float32]], cells: Sequence[_Ints], lengths: npt.ArrayLike, width: int
) -> csr_array:
    ends = np.concatenate([[0], np.cumsum(np.asarray(lengths, np.int64))])
    data = np.concatenate([np.zeros(0, np.float32), *values])
    return csr_array(
        (data, np.concatenate([np.zeros(0, np.int64), *cells]), ends), shape=(len(ends) - 1, width)
    )


def _require_grid(grid_hw: tuple[int, int]) -> tuple[int, int]:
    rows, columns = int(grid_hw[0]), int(grid_hw[1])
    if rows < 1 or columns < 1:
        raise InvalidValue("grid_hw", "at least 1x1", grid_hw)
    return rows, columns


def _require_filled(areas: npt.NDArray[np.generic]) -> None:
    empty = np.flatnonzero(areas == 0)
    if len(empty):
        raise InvalidValue(f"Mask {int(empty[0])}", "of at least one pixel: an empty mask covers no cell", 0)
