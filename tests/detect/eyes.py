"""A small encoder for laws about everything but encoders: mean colours of cells, and a count of looks."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import FeatureMap, FeatureSpace

SPACE = FeatureSpace("colours", "w", "last", "none", "RGB", (0, 0, 0), (1, 1, 1), "coverage-mean, L2", dim=4)


@dataclass
class ColourEncoder:
    """Cells of 8 pixels: red, green and blue around grey, and a small constant.

    Args:
        flat: See nothing: the same in every cell.
    """

    flat: bool = False
    looks: list[tuple[int, int]] = field(default_factory=list)

    @property
    def space(self) -> FeatureSpace:
        """One space, whatever the picture."""
        return SPACE

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The map; the size of each picture looked at is remembered."""
        height, width = pixels.shape[:2]
        self.looks.append((height, width))
        grid = (max(width // 8, 1), max(height // 8, 1))
        colours = cv2.resize(pixels, grid, interpolation=cv2.INTER_AREA).astype(np.float32) / 128 - 1
        cells = np.concatenate([colours, np.full((*grid[::-1], 1), 0.1, np.float32)], axis=2)
        cells = np.ones_like(cells) if self.flat else cells
        return FeatureMap(cells, (height, width), SPACE, (height, width))

    def smaller(self, divisor: int) -> ColourEncoder:  # noqa: ARG002 - the same at any size
        """An encoder of one size."""
        return self
