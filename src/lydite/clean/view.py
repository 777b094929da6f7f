"""What the checks of one picture look at: made from one decoding, once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.image import Picture
from lydite.data.luma import Luma

LONG_SIDE = 256
"""Most pixels of the long side of the picture that blur, detail and brightness are measured on."""
DECODED_SIDE = 2 * LONG_SIDE
"""Pixels of the long side that are decoded at least: how the decoder shrinks stays below notice."""
THUMB_SIDE = 64
"""Side of the square grey picture that near duplicates are found by."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture at the sizes that checks need.

    Args:
        size_hw: Height and width of the picture in pixels.
        grey: ``(h, w)`` uint8 luma, the long side at most ``LONG_SIDE``.
        histogram: ``(256,)`` float64: share of the pixels of ``grey`` at each level; sums to 1.
        thumb: ``(THUMB_SIDE, THUMB_SIDE)`` uint8 luma of the whole picture, stretched to a square.
    """

    size_hw: tuple[int, int]
    grey: npt.NDArray[np.uint8]
    histogram: npt.NDArray[np.float64]
    thumb: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, picture: Picture) -> View:
        """The view of a picture that was decoded with all its colours and pixels."""
        luma = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        return cls.of_luma(Luma(luma, picture.size_hw, picture.image_id))

    @classmethod
    def of_luma(cls, luma: Luma) -> View:
        """The view of a picture's brightness, the longer side of which has ``DECODED_SIDE`` pixels or all."""
        height, width = luma.size_hw
        scale = min(1.0, LONG_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = _shrink(luma.pixels, size)
        thumb = cv2.resize(grey, (THUMB_SIDE, THUMB_SIDE), interpolation=cv2.INTER_AREA)
        counts = cv2.calcHist([np.asarray(grey)], [0], None, [256], [0, 256]).ravel().astype(np.float64)
        return cls(luma.size_hw, np.asarray(grey, np.uint8), counts / grey.size, np.asarray(thumb, np.uint8))

    def level(self, share: float) -> float:
        """The level, in [0, 1], that a share of the pixels does not exceed."""
        return float(np.searchsorted(self.histogram.cumsum(), share - 1e-9)) / 255


def _shrink(pixels: cv2.typing.MatLike, size: tuple[int, int]) -> cv2.typing.MatLike:
    """The mean of what each pixel of a smaller picture covers.

    To shrink by less than a half, area by area, costs more than all checks together. Twice the wanted size,
    interpolated, and then the mean of each two by two comes to nearly the same for a third of that.
    """
    if pixels.shape == (size[1], size[0]):
        return pixels
    twice = (2 * size[0], 2 * size[1])
    if pixels.shape[0] < twice[1] and pixels.shape[1] < twice[0]:
        pixels = cv2.resize(pixels, twice, interpolation=cv2.INTER_LINEAR)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
