"""Where the blind grid asks: crops of a picture, and points in each.

The layout is that of Segment Anything's automatic masks (Kirillov et al. 2023, appendix): layer ``k`` has
``2**k`` crops a side that overlap, and the points stand in the middle of equal cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.detect.proposal_settings import SamSettings


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of a picture that is looked at by itself.

    Args:
        x0, y0, x1, y1: Whole pixels.
        layer: 0 is the whole picture.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    layer: int

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.y1 - self.y0, self.x1 - self.x0


def cut_crops(size_hw: tuple[int, int], layers: int, overlap: float) -> Iterator[Crop]:
    """The whole picture, then layer by layer ``4, 16, ...`` crops that cover it.

    Args:
        size_hw: Height and width of the picture.
        layers: Layers of crops; 0 gives the picture alone.
        overlap: Of neighbours in the first layer, as a share of the short side; halved from layer to layer.
    """
    height, width = size_hw
    yield Crop(0, 0, width, height, 0)
    for layer in range(1, layers + 1):
        count = 2**layer
        shared = int(overlap * min(size_hw) * 2 / count)
        columns, rows = (list(_stretches(side, count, shared)) for side in (width, height))
        yield from (Crop(x0, y0, x1, y1, layer) for x0, x1 in columns for y0, y1 in rows)


def _stretches(side: int, count: int, shared: int) -> Iterator[tuple[int, int]]:
    """``count`` equal stretches of a side, each sharing ``shared`` pixels with the next."""
    length = math.ceil((side + shared * (count - 1)) / count)
    for k in range(count):
        start = k * (length - shared)
        if start < side:
            yield start, min(start + length, side)


def grid_points(size_hw: tuple[int, int], per_side: int) -> npt.NDArray[np.float32]:
    """``(per_side ** 2, 2)`` float32 ``x y`` in pixels, row by row."""
    middles = (np.arange(per_side) + 0.5) / per_side
    x, y = np.meshgrid(middles * size_hw[1], middles * size_hw[0])
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def points_in(crop: Crop, settings: SamSettings) -> npt.NDArray[np.float32]:
    """The points of the blind grid in one crop, in the crop's own pixels."""
    per_side = max(1, settings.points_per_side // settings.crop_downscale**crop.layer)
    return grid_points(crop.size_hw, per_side)


def count_prompts(size_hw: tuple[int, int], settings: SamSettings) -> int:
    """How many prompts the blind grid of a picture comes to, all layers together."""
    crops = cut_crops(size_hw, settings.crop_layers, settings.crop_overlap)
    return sum(len(points_in(crop, settings)) for crop in crops)
