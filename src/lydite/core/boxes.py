"""Boxes: float32 ``xyxy`` on pixel edges, origin 0.

A box that covers the pixels 3, 4 and 5 is ``3..6``. Foreign conventions are converted at the
door, once, by the methods here: COCO (``xywh``), Pascal VOC (counts from 1 and includes its ends)
and YOLO (centre and size relative to the picture).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core.errors import InvalidValue

Index = npt.NDArray[np.bool_] | npt.NDArray[np.integer] | Sequence[int] | slice


_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Row-aligned boxes.

    Args:
        xyxy: ``(n, 4)`` float32, ``x0 y0 x1 y1`` in pixels, ``x1 >= x0`` and ``y1 >= y0``, finite.

    Raises:
        InvalidValue: Naming the first row that breaks a rule.
    """

    xyxy: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        array = np.array(self.xyxy, dtype=np.float32, order="C")  # a copy: the caller's stays writeable
        if array.size == 0:
            array = array.reshape(0, 4)
        if array.ndim != 2 or array.shape[1] != 4:
            raise InvalidValue("Boxes.xyxy", "an array of shape (n, 4)", array.shape)
        bad = ~np.isfinite(array).all(axis=1) | (array[:, 2] < array[:, 0]) | (array[:, 3] < array[:, 1])
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InvalidValue(f"Boxes.xyxy[{row}]", "finite with x1 >= x0 and y1 >= y0", array[row].tolist())
        array.flags.writeable = False
        object.__setattr__(self, "xyxy", array)

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, index: Index) -> Boxes:
        """Rows by boolean mask, integer array or slice."""
        return Boxes(self.xyxy[index])

    @classmethod
    def empty(cls) -> Boxes:
        """No boxes."""
        return cls(np.zeros((0, 4), np.float32))

    @classmethod
    def concatenate(cls, parts: Iterable[Boxes]) -> Boxes:
        """All rows of all parts, in order."""
        arrays = [part.xyxy for part in parts]
        return cls(np.concatenate(arrays)) if arrays else cls.empty()

    @classmethod
    def from_xywh(cls, xywh: npt.ArrayLike) -> Boxes:
        """From COCO's ``x y width height`` (pixels, origin 0)."""
        array = _rows(xywh)
        with _quietly():
            return cls(np.concatenate([array[:, :2], array[:, :2] + array[:, 2:]], axis=1, dtype=np.float32))

    def to_xywh(self) -> npt.NDArray[np.float64]:
        """``(n, 4)`` float64 COCO ``x y width height``; exact, so that the way back is."""
        array = self.xyxy.astype(np.float64)
        return np.concatenate([array[:, :2], array[:, 2:] - array[:, :2]], axis=1)

    @classmethod
    def from_voc(cls, voc: npt.ArrayLike) -> Boxes:
        """From Pascal VOC's ``xmin ymin xmax ymax``, which count from 1 and include their ends."""
        with _quietly():
            array = _rows(voc) - np.array([1, 1, 0, 0])
            starts, ends = array[:, :2], array[:, 2:]
            # Adding 1 on the way out may have rounded a box without extent to one that runs backwards.
            array[:, 2:] = np.where((ends < starts) & (starts - ends < _ROUNDING), starts, ends)
            return cls(array.astype(np.float32))

    def to_voc(self) -> npt.NDArray[np.float64]:
        """``(n, 4)`` float64 Pascal VOC ``xmin ymin xmax ymax``; exact, so that the way back is."""
        voc: npt.NDArray[np.float64] = np.add(self.xyxy, [1, 1, 0, 0], dtype=np.float64)
        return voc

    @classmethod
    def from_yolo(cls, yolo: npt.ArrayLike, size_hw: tuple[int, int]) -> Boxes:
        """From YOLO's ``cx cy width height`` relative to a picture of ``size_hw`` pixels."""
        height, width = size_hw
        with _quietly():
            array = _rows(yolo) * np.array([width, height, width, height])
            centre, half = array[:, :2], array[:, 2:] / 2
            return cls(np.concatenate([centre - half, centre + half], axis=1, dtype=np.float32))

    def to_yolo(self, size_hw: tuple[int, int]) -> npt.NDArray[np.float64]:
        """``(n, 4)`` YOLO ``cx cy width height`` relative to a picture of ``size_hw`` pixels."""
        height, width = size_hw
        array = self.xyxy.astype(np.float64)
        centre = (array[:, :2] + array[:, 2:]) / 2
        size = array[:, 2:] - array[:, :2]
        relative: npt.NDArray[np.float64] = np.concatenate([centre, size], axis=1)
        return relative / np.array([width, height, width, height], np.float64)

    def clip(self, size_hw: tuple[int, int]) -> Boxes:
        """Cut at the edges of a picture; a box outside becomes empty (area 0). Idempotent."""
        height, width = size_hw
        limit = np.array([width, height, width, height], np.float32)
        return Boxes(np.minimum(np.maximum(self.xyxy, np.float32(0)), limit))

    @property
    def areas(self) -> npt.NDArray[np.float32]:
        """``(n,)`` areas in square pixels."""
        sizes = self.xyxy[:, 2:] - self.xyxy[:, :2]
        return sizes[:, 0] * sizes[:, 1]


def _rows(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    array = array.reshape(0, 4) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 4:
        raise InvalidValue("boxes", "an array of shape (n, 4)", array.shape)
    return array


def _quietly() -> np.errstate:
    """Let numbers overflow without a warning: construction refuses them and names the row."""
    return np.errstate(over="ignore", invalid="ignore")
