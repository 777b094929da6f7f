"""Regions at the working size: what is measured of each, and its mask when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue
from lydite.core.boxes import Index

Crop = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Row-aligned regions. Masks are cut when asked for: thousands are measured, few are kept.

    Args:
        boxes: ``(n, 4)`` int64: tight ``x0 y0 x1 y1`` on pixel edges.
        areas: ``(n,)`` float64: pixels.
        outlines: ``(n,)`` float64: length of the outline in pixel sides, the picture's frame included.
        fluxes: ``(n, 3)`` float64: slope of L*a*b* into the region, summed along its outline.
        origins: ``n`` texts: the source of each.
        crops: ``n`` functions that cut the mask: bool, of the size of the box.

    Raises:
        InvalidValue: If the columns differ in length.
    """

    boxes: npt.NDArray[np.int64]
    areas: npt.NDArray[np.float64]
    outlines: npt.NDArray[np.float64]
    fluxes: npt.NDArray[np.float64]
    origins: tuple[str, ...]
    crops: tuple[Callable[[], Crop], ...]

    def __post_init__(self) -> None:
        columns = (self.boxes, self.areas, self.outlines, self.fluxes, self.origins, self.crops)
        lengths = [len(column) for column in columns]
        if len(set(lengths)) != 1:
            raise InvalidValue("Regions", "columns of one length", lengths)

    def __len__(self) -> int:
        return len(self.areas)

    def __getitem__(self, index: Index) -> Regions:
        """Rows by boolean mask, integer array or slice; every column follows."""
        rows = np.arange(len(self))[index]
        return Regions(
            self.boxes[rows],
            self.areas[rows],
            self.outlines[rows],
            self.fluxes[rows],
            tuple(self.origins[row] for row in rows.tolist()),
            tuple(self.crops[row] for row in rows.tolist()),
        )

    @classmethod
    def empty(cls) -> Regions:
        """No regions."""
        return cls(np.zeros((0, 4), np.int64), np.zeros(0), np.zeros(0), np.zeros((0, 3)), (), ())

    @classmethod
    def concatenate(cls, parts: Sequence[Regions]) -> Regions:
        """All rows of all parts, in order."""
        parts = [cls.empty(), *parts]
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.areas for part in parts]),
            np.concatenate([part.outlines for part in parts]),
            np.concatenate([part.fluxes for part in parts]),
            tuple(origin for part in parts for origin in part.origins),
            tuple(crop for part in parts for crop in part.crops),
        )
