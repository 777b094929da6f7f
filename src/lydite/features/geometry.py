"""At which size a network looks at a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.core.errors import InvalidValue

LONG_SIDE_CAP = 4
"""The long side is at most this many short sides: beyond, the picture is squeezed along it."""


def input_hw(size_hw: tuple[int, int], short_side: int, multiple: int) -> tuple[int, int]:
    """The size at which a network with cells of ``multiple`` pixels looks at a picture.

    The short side becomes ``short_side`` and the long side follows, at most ``LONG_SIDE_CAP`` times as
    long; then each side is rounded to the nearest multiple (halves up), at least one cell. The grid thus
    covers the whole picture exactly: nothing is cropped or padded, at the price of a stretch of at most
    half a cell, or of more where the cap bites.

    Args:
        size_hw: Height and width of the picture in pixels, at least 1x1.
        short_side: Wanted length of the short side in pixels.
        multiple: Pixels per cell of the coarsest map of the network (its total stride or patch).

    Raises:
        InvalidValue: If a length is not positive.
    """
    if min(*size_hw, short_side, multiple) < 1:
        raise InvalidValue("input_hw", "asked with positive lengths", (size_hw, short_side, multiple))
    shortest = min(size_hw)
    height, width = (_in_cells(side, shortest, short_side, multiple) for side in size_hw)
    return height, width


def _in_cells(side: int, shortest: int, short_side: int, multiple: int) -> int:
    wanted = min(side * short_side / shortest, LONG_SIDE_CAP * short_side)
    return max(1, int(wanted / multiple + 0.5)) * multiple


def resize(pixels: npt.NDArray[np.uint8], size_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture at another size, by Pillow's bicubic filter.

    Its support grows with the reduction, so shrinking is antialiased; it computes in integers, so the
    result is the same on every machine; and it is what most backbones were trained and tested with.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB.
        size_hw: Wanted height and width in pixels.
    """
    height, width = size_hw
    if pixels.shape[:2] == size_hw:
        return pixels
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
