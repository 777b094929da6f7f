"""Regions in the making: what is known of each, and which of them touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.superpixels import Pieces


@dataclass(slots=True, eq=False)
class Graph:
    """The living regions of one hierarchy; rows as in ``Pieces``. Merging changes it in place.

    Args:
        sizes: ``(k,)`` pixels.
        colours: ``(k, 3)`` sums of L*a*b*.
        histograms: ``(k, bins)`` pixels by bin.
        outlines: ``(k,)`` length of the outline in pixel sides.
        boxes: ``(k, 4)`` ``x0 y0 x1 y1``.
        pairs: ``(m, 2)`` touching regions.
        lengths: ``(m,)`` length of each common border.
        strengths: ``(m,)`` edge strength summed along each common border.
        pixels: Pixels of the picture.
    """

    sizes: npt.NDArray[np.float64]
    colours: npt.NDArray[np.float64]
    histograms: npt.NDArray[np.float64]
    outlines: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.float64]
    strengths: npt.NDArray[np.float64]
    pixels: int

    @classmethod
    def of(cls, pieces: Pieces) -> Graph:
        """Every piece a region of its own."""
        return cls(
            pieces.sizes,
            pieces.colours,
            pieces.histograms,
            pieces.outlines,
            pieces.boxes,
            pieces.pairs,
            pieces.lengths,
            pieces.strengths,
            pieces.labels.size,
        )

    def __len__(self) -> int:
        return len(self.sizes)

    def merge(self, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Make one region of both ends of each chosen pair; the first end stays, the second goes.

        Args:
            chosen: Rows of ``pairs``, no region at the end of two of them.

        Returns:
            ``(k,)`` bool: the rows that stay, in the order of the new rows.
        """
        stay, go = self.pairs[chosen].T
        keep = np.ones(len(self), np.bool_)
        keep[go] = False
        self._add_rows(stay, go, keep, self.lengths[chosen])
        target = np.arange(len(keep))
        target[go] = stay
        renumbered = np.cumsum(keep) - 1
        self._join_borders(renumbered[target])
        return keep

    def _add_rows(
        self,
        stay: npt.NDArray[np.int64],
        go: npt.NDArray[np.int64],
        keep: npt.NDArray[np.bool_],
        common: npt.NDArray[np.float64],
    ) -> None:
        for name in ("sizes", "colours", "histograms", "outlines"):
            column = getattr(self, name).copy()
            column[stay] += column[go]
            setattr(self, name, column)
        self.outlines[stay] -= 2 * common
        self.boxes = self.boxes.copy()
        self.boxes[stay, :2] = np.minimum(self.boxes[stay, :2], self.boxes[go, :2])
        self.boxes[stay, 2:] = np.maximum(self.boxes[stay, 2:], self.boxes[go, 2:])
        for name in ("sizes", "colours", "histograms", "outlines", "boxes"):
            setattr(self, name, getattr(self, name)[keep])

    def _join_borders(self, new_row: npt.NDArray[np.int64]) -> None:
        """Renumber both ends; borders inside a region vanish, parallel borders become one."""
        count = int(new_row.max()) + 1
        ends = np.sort(new_row[self.pairs], axis=1)
        outside = ends[:, 0] != ends[:, 1]
        keys = ends[outside, 0] * count + ends[outside, 1]
        found, inverse = np.unique(keys, return_inverse=True)
        self.pairs = np.stack(np.divmod(found, count), axis=1)
        self.lengths = np.bincount(inverse, self.lengths[outside], len(found)).astype(np.float64)
        self.strengths = np.bincount(inverse, self.strengths[outside], len(found)).astype(np.float64)
