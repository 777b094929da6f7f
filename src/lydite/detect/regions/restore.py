"""From the working size back to the picture's own."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from lydite.detect.regions.regions import Crop

Placed = tuple[int, int, Crop]


def restore(
    crop: Crop, corner_yx: tuple[int, int], working_hw: tuple[int, int], full_hw: tuple[int, int]
) -> Placed:
    """A mask at the picture's own size: larger, smaller or as it is.

    A pixel belongs to the mask where the mask, interpolated between pixel centres, is at least a half.

    Args:
        crop: ``(rows, columns)`` bool at the working size.
        corner_yx: Row and column of its top left corner in the working picture.
        working_hw: Size of the working picture.
        full_hw: Size of the picture.

    Returns:
        Top row, left column and ``(rows, columns)`` bool at the picture's size; may hold no pixel when
        the picture is smaller than its working size.
    """
    if working_hw == full_hw:
        return *corner_yx, crop
    down, right = full_hw[0] / working_hw[0], full_hw[1] / working_hw[1]
    top, bottom = _reach(corner_yx[0], crop.shape[0], down, full_hw[0])
    left, far = _reach(corner_yx[1], crop.shape[1], right, full_hw[1])
    # Pixel centres: full + 0.5 = (working + 0.5) * scale; the piece begins one pixel before the crop.
    to_piece = np.array(
        [
            [1 / right, 0, (left + 0.5) / right + 0.5 - corner_yx[1]],
            [0, 1 / down, (top + 0.5) / down + 0.5 - corner_yx[0]],
        ],
        np.float64,
    )
    soft = cv2.warpAffine(
        _with_rim(crop, corner_yx, working_hw),
        to_piece,
        (far - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return top, left, np.asarray(soft >= 128, np.bool_)


def _reach(start: int, length: int, scale: float, limit: int) -> tuple[int, int]:
    low = max(0, math.floor((start - 0.5) * scale))
    return low, min(limit, math.ceil((start + length + 0.5) * scale))


def _with_rim(crop: Crop, corner_yx: tuple[int, int], working_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """One pixel of background around; at the picture's frame the mask goes on instead."""
    rows, columns = crop.shape
    piece = np.zeros((rows + 2, columns + 2), np.uint8)
    piece[1:-1, 1:-1][crop] = 255
    if corner_yx[0] == 0:
        piece[0] = piece[1]
    if corner_yx[0] + rows == working_hw[0]:
        piece[-1] = piece[-2]
    if corner_yx[1] == 0:
        piece[:, 0] = piece[:, 1]
    if corner_yx[1] + columns == working_hw[1]:
        piece[:, -1] = piece[:, -2]
    return piece
