"""Regions in the making: what is known of each, and which of them touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.superpixels import Pieces


@dataclass(slots=True, eq=False)
class Graph:
    """The regions of one hierarchy; rows as in ``Pieces``. Merging changes it in place.

    A region keeps the row of its first piece; the rows of what was merged into it are of no more use.

    Args:
        sizes: ``(n,)`` pixels.
        colours: ``(n, 3)`` sums of L*a*b*.
        histograms: ``(n, bins)`` pixels by bin.
        outlines: ``(n,)`` length of the outline in pixel sides.
        boxes: ``(n, 4)`` ``x0 y0 x1 y1``.
        pairs: ``(m, 2)`` rows of touching regions, the smaller first, in ascending order.
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
            pieces.sizes.copy(),
            pieces.colours.copy(),
            pieces.histograms.copy(),
            pieces.outlines.copy(),
            pieces.boxes.copy(),
            pieces.pairs,
            pieces.lengths,
            pieces.strengths,
            pieces.labels.size,
        )

    def __len__(self) -> int:
        return len(self.sizes)

    def merge(self, chosen: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Make one region of both ends of each chosen pair; the first end stays, the second goes.

        Args:
            chosen: Rows of ``pairs``, no region at the end of two of them.

        Returns:
            For each new row of ``pairs`` a row that it had, and whether anything about it has changed.
        """
        stay, go = self.pairs[chosen].T
        for column in (self.sizes, self.colours, self.histograms, self.outlines):
            column[stay] += column[go]
        self.outlines[stay] -= 2 * self.lengths[chosen]
        self.boxes[stay, :2] = np.minimum(self.boxes[stay, :2], self.boxes[go, :2])
        self.boxes[stay, 2:] = np.maximum(self.boxes[stay, 2:], self.boxes[go, 2:])
        target = np.arange(len(self))
        target[go] = stay
        before = self._join_borders(target)
        grown = np.zeros(len(self), np.bool_)
        grown[stay] = True
        return before, np.asarray(grown[self.pairs].any(axis=1), np.bool_)

    def _join_borders(self, target: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give both ends their new rows; borders inside a region vanish, parallel borders become one."""
        ends = np.sort(target[self.pairs], axis=1)
        outside = np.flatnonzero(ends[:, 0] != ends[:, 1])
        keys = ends[outside, 0] * len(self) + ends[outside, 1]
        found, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        self.pairs = np.stack(np.divmod(found, len(self)), axis=1)
        self.lengths = np.bincount(inverse, self.lengths[outside], len(found)).astype(np.float64)
        self.strengths = np.bincount(inverse, self.strengths[outside], len(found)).astype(np.float64)
        return outside[first]
