"""Masks as runs: exact, small, and cheap to measure.

A mask is the sorted list of its foreground runs in column-major order (position ``x * height + y``,
the order of COCO's RLE). Runs never touch, so equal masks have equal runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core.boxes import Boxes, Index
from lydite.core.errors import InvalidValue

Runs = npt.NDArray[np.int64]

_TILE = 32
"""Columns turned into rows at a time: few enough that both sides stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Row-aligned masks of one picture.

    Args:
        runs: ``(r, 2)`` int64 start and stop (exclusive) of each run, mask after mask.
        offsets: ``(n + 1,)`` int64; the runs of mask ``i`` are ``runs[offsets[i]:offsets[i + 1]]``.
        size_hw: Height and width of the picture in pixels.

    Raises:
        InvalidValue: If runs are unsorted, touch each other, are empty, or leave the picture.
    """

    runs: Runs
    offsets: npt.NDArray[np.int64]
    size_hw: tuple[int, int]

    def __post_init__(self) -> None:
        runs = np.ascontiguousarray(self.runs, dtype=np.int64)
        runs = runs.reshape(0, 2) if runs.size == 0 else runs
        offsets = np.ascontiguousarray(self.offsets, dtype=np.int64)
        if runs.ndim != 2 or runs.shape[1] != 2:
            raise InvalidValue("Masks.runs", "an array of shape (r, 2)", runs.shape)
        height, width = int(self.size_hw[0]), int(self.size_hw[1])
        if height < 0 or width < 0:
            raise InvalidValue("Masks.size_hw", "a height and width of 0 or more", self.size_hw)
        if offsets.ndim != 1 or len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != len(runs):
            raise InvalidValue("Masks.offsets", f"from 0 to {len(runs)}", offsets.tolist()[:8])
        if (np.diff(offsets) < 0).any():
            raise InvalidValue("Masks.offsets", "ascending", offsets.tolist()[:8])
        if len(runs):
            _check_runs(runs, offsets, height * width)
        object.__setattr__(self, "runs", runs)
        object.__setattr__(self, "offsets", offsets)
        object.__setattr__(self, "size_hw", (height, width))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[npt.NDArray[np.bool_]]:
        return (self.decode(row) for row in range(len(self)))

    def __getitem__(self, index: Index) -> Masks:
        """Rows by boolean mask, integer array or slice."""
        rows = np.arange(len(self))[index]
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        take = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Masks._trusted(self.runs[take], offsets, self.size_hw)

    @classmethod
    def empty(cls, size_hw: tuple[int, int]) -> Masks:
        """No masks."""
        return cls(np.zeros((0, 2), np.int64), np.zeros(1, np.int64), size_hw)

    @classmethod
    def concatenate(cls, parts: Sequence[Masks], size_hw: tuple[int, int]) -> Masks:
        """All rows of all parts, in order.

        Raises:
            InvalidValue: If a part is of another picture size.
        """
        for part in parts:
            if part.size_hw != size_hw:
                raise InvalidValue("Masks.concatenate", f"of size {size_hw}", part.size_hw)
        return cls._from_run_lists(
            [part._runs_of(row) for part in parts for row in range(len(part))], size_hw
        )

    @classmethod
    def from_dense(cls, masks: npt.ArrayLike) -> Masks:
        """From ``(n, height, width)``; anything but zero is foreground."""
        array = np.asarray(masks)
        if array.ndim != 3:
            raise InvalidValue("Masks.from_dense", "an array of shape (n, height, width)", array.shape)
        size_hw = (array.shape[1], array.shape[2])
        return cls.from_crops(((0, 0, mask) for mask in array), size_hw)

    @classmethod
    def from_crops(
        cls, crops: Iterable[tuple[int, int, npt.NDArray[np.generic]]], size_hw: tuple[int, int]
    ) -> Masks:
        """From dense pieces: ``(y, x, piece)`` puts the top left corner of ``piece`` at ``(y, x)``.

        Raises:
            InvalidValue: If a piece leaves the picture.
        """
        height, width = size_hw
        run_lists: list[Runs] = []
        for y, x, piece in crops:
            if y < 0 or x < 0 or y + piece.shape[0] > height or x + piece.shape[1] > width:
                raise InvalidValue("Masks.from_crops", f"inside {size_hw}", (y, x, piece.shape))
            run_lists.append(_runs_of_piece(piece, y, x, height))
        return cls._from_run_lists(run_lists, size_hw)

    @classmethod
    def from_boxes(cls, boxes: Boxes, size_hw: tuple[int, int]) -> Masks:
        """Filled boxes: a pixel belongs to a box that holds its centre."""
        height, width = size_hw
        edges = np.ceil(boxes.xyxy.astype(np.float64) - 0.5)
        edges = np.clip(edges, 0, np.array([width, height, width, height])).astype(np.int64)
        run_lists: list[Runs] = []
        for x0, y0, x1, y1 in edges:
            columns = np.arange(x0, x1, dtype=np.int64) * height
            runs = np.stack([columns + y0, columns + y1], axis=1) if y1 > y0 else np.zeros((0, 2), np.int64)
            run_lists.append(_join_touching(runs))
        return cls._from_run_lists(run_lists, size_hw)

    @classmethod
    def from_counts(cls, counts: Iterable[npt.ArrayLike], size_hw: tuple[int, int]) -> Masks:
        """From COCO's uncompressed RLE: lengths of alternating background and foreground runs.

        Raises:
            InvalidValue: If lengths are negative or do not add up to the picture.
        """
        pixels = size_hw[0] * size_hw[1]
        run_lists: list[Runs] = []
        for row in counts:
            lengths = np.asarray(row, dtype=np.int64).reshape(-1)
            if (lengths < 0).any() or lengths.sum() != pixels:
                raise InvalidValue("RLE counts", f"0 or more and {pixels} in sum", int(lengths.sum()))
            edges = np.cumsum(lengths)
            edges = edges[: len(edges) // 2 * 2]
            runs = edges.reshape(-1, 2)
            run_lists.append(_join_touching(runs[runs[:, 1] > runs[:, 0]]))
        return cls._from_run_lists(run_lists, size_hw)

    def to_counts(self, row: int) -> list[int]:
        """COCO's uncompressed RLE of one mask: background first."""
        edges = np.concatenate([[0], self._runs_of(row).ravel(), [self.size_hw[0] * self.size_hw[1]]])
        counts: list[int] = np.diff(edges).tolist()
        return counts if counts[-1] or len(counts) == 1 else counts[:-1]

    def decode(self, row: int) -> npt.NDArray[np.bool_]:
        """One mask as ``(height, width)`` bool."""
        dense = np.zeros(self.size_hw, np.bool_)
        _paint(self._runs_of(row), dense)
        return dense

    def crop(self, row: int) -> tuple[int, int, npt.NDArray[np.bool_]]:
        """The smallest dense piece that holds one mask: ``(y, x, piece)`` as ``from_crops`` takes it."""
        runs = self._runs_of(row)
        if not len(runs):
            return 0, 0, np.zeros((0, 0), np.bool_)
        columns, tops = np.divmod(runs[:, 0], self.size_hw[0])
        last_columns, last_rows = np.divmod(runs[:, 1] - 1, self.size_hw[0])
        left, right = int(columns[0]), int(last_columns[-1]) + 1
        if (columns != last_columns).any():  # a run that wraps from one column into the next: all rows
            return 0, left, np.ascontiguousarray(self.decode(row)[:, left:right])
        top, bottom = int(tops.min()), int(last_rows.max()) + 1
        steps = np.zeros((right - left, bottom - top + 1), np.int8)
        steps[columns - left, tops - top] = 1
        steps[columns - left, last_rows + 1 - top] -= 1
        piece = np.cumsum(steps[:, :-1], axis=1, dtype=np.int8)
        return top, left, np.ascontiguousarray(piece.T).view(np.bool_)

    def to_dense(self) -> npt.NDArray[np.bool_]:
        """``(n, height, width)`` bool."""
        dense = np.zeros((len(self), *self.size_hw), np.bool_)
        for row in range(len(self)):
            _paint(self._runs_of(row), dense[row])
        return dense

    @property
    def areas(self) -> npt.NDArray[np.int64]:
        """``(n,)`` int64: pixels of each mask."""
        covered = np.concatenate([[0], np.cumsum(self.runs[:, 1] - self.runs[:, 0])])
        areas: npt.NDArray[np.int64] = np.diff(covered[self.offsets])
        return areas

    @property
    def boxes(self) -> Boxes:
        """The tight box of each mask; an empty mask has the box ``0 0 0 0``."""
        boxes = np.zeros((len(self), 4), np.float32)
        filled = np.diff(self.offsets) > 0
        if filled.any():
            height = self.size_hw[0]
            first_column, top = np.divmod(self.runs[:, 0], height)
            last_column, bottom = np.divmod(self.runs[:, 1] - 1, height)
            spans = last_column > first_column
            at = self.offsets[:-1][filled]
            boxes[filled, 0] = np.minimum.reduceat(first_column, at)
            boxes[filled, 1] = np.minimum.reduceat(np.where(spans, 0, top), at)
            boxes[filled, 2] = np.maximum.reduceat(last_column, at) + 1
            boxes[filled, 3] = np.maximum.reduceat(np.where(spans, height - 1, bottom), at) + 1
        return Boxes(boxes)

    def _runs_of(self, row: int) -> Runs:
        return self.runs[self.offsets[row] : self.offsets[row + 1]]

    @classmethod
    def _from_run_lists(cls, run_lists: Sequence[Runs], size_hw: tuple[int, int]) -> Masks:
        offsets = np.concatenate([[0], np.cumsum([len(runs) for runs in run_lists])]).astype(np.int64)
        runs = np.concatenate(run_lists) if run_lists else np.zeros((0, 2), np.int64)
        return cls(runs, offsets, size_hw)

    @classmethod
    def _trusted(cls, runs: Runs, offsets: npt.NDArray[np.int64], size_hw: tuple[int, int]) -> Masks:
        """Rows of masks that were checked when they were built; checking again would double the cost."""
        masks = object.__new__(cls)
        object.__setattr__(masks, "runs", runs)
        object.__setattr__(masks, "offsets", offsets)
        object.__setattr__(masks, "size_hw", size_hw)
        return masks


def _check_runs(runs: Runs, offsets: npt.NDArray[np.int64], pixels: int) -> None:
    if runs.min() < 0 or runs[:, 1].max() > pixels or (runs[:, 1] <= runs[:, 0]).any():
        raise InvalidValue(
            "Masks.runs", f"non-empty and inside 0..{pixels}", [int(runs.min()), int(runs.max())]
        )
    continues = np.ones(len(runs), np.bool_)
    continues[offsets[:-1][np.diff(offsets) > 0]] = False
    touching = continues[1:] & (runs[1:, 0] <= runs[:-1, 1])
    if touching.any():
        row = int(np.flatnonzero(touching)[0])
        raise InvalidValue("Masks.runs", "ascending without touching", runs[row : row + 2].tolist())


def _runs_of_piece(piece: npt.NDArray[np.generic], y: int, x: int, height: int) -> Runs:
    """Runs of a dense piece whose corner is at ``(y, x)`` of a picture ``height`` pixels high."""
    foreground = piece if piece.dtype == np.bool_ else piece != 0
    rows, columns = foreground.shape
    if not foreground.size:
        return np.zeros((0, 2), np.int64)
    # Where a column changes on the way down, read row by row as it lies in memory, then put in order.
    # A background row on either side closes every column, so that no run crosses into the next.
    changes = np.empty((rows + 1, columns), np.bool_)
    changes[0] = foreground[0]
    np.not_equal(foreground[1:], foreground[:-1], out=changes[1:-1])
    changes[-1] = foreground[-1]
    row, column = np.divmod(np.flatnonzero(changes), columns)
    column, row = np.divmod(np.sort(column * (rows + 1) + row), rows + 1)
    return _join_touching(((x + column) * height + y + row).reshape(-1, 2))


def _paint(runs: Runs, dense: npt.NDArray[np.bool_]) -> None:
    """Set the pixels of the runs in a ``(height, width)`` array of ``False``."""
    if not len(runs):
        return
    height = dense.shape[0]
    left, right = int(runs[0, 0]) // height, -(-int(runs[-1, 1]) // height)
    edges = np.concatenate([[left * height], runs.ravel(), [right * height]])
    inside = np.arange(len(edges) - 1) % 2 == 1
    columns = np.repeat(inside, np.diff(edges)).reshape(right - left, height)
    target = dense[:, left:right]
    for x in range(0, right - left, _TILE):
        target[:, x : x + _TILE] = columns[x : x + _TILE].T


def _join_touching(runs: Runs) -> Runs:
    """Sorted runs with those that touch made one."""
    if len(runs) < 2:
        return runs
    apart = runs[1:, 0] > runs[:-1, 1]
    starts = runs[np.concatenate([[True], apart]), 0]
    stops = runs[np.concatenate([apart, [True]]), 1]
    return np.stack([starts, stops], axis=1)
