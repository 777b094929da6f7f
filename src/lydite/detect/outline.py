"""What betrays an artefact: an outline too straight to be grown, and holes where a thing should be.

Segmenters leave frames, tiles and whole pictures behind, all of them rectangles; phones and plates are
rectangles too. So these are numbers, and whether they count is a rule that is off until someone asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Masks

_LONGEST_SIDE_PX = 128
_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Row-aligned with masks.

    Args:
        rectangle: ``(n,)`` float64 area within the outer outlines over the area of the smallest rectangle,
            at any angle, that holds them; 1 is a rectangle, pi / 4 a disc.
        square: ``(n,)`` float64 the same over the smallest such square; never more than ``rectangle``.
        holes: ``(n,)`` float64 share of the area within the outer outlines that is not of the mask.
        measured: False where nobody asked and all are 0.
    """

    rectangle: npt.NDArray[np.float64]
    square: npt.NDArray[np.float64]
    holes: npt.NDArray[np.float64]
    measured: bool = True

    def __len__(self) -> int:
        return len(self.rectangle)

    @classmethod
    def unmeasured(cls, count: int) -> Outlines:
        """Rows that no rule may look at: measuring takes a fifth of a millisecond a mask."""
        nothing = np.zeros(count)
        return cls(nothing, nothing, nothing, measured=False)


def measure_outlines(masks: Masks) -> Outlines:
    """Rectangle, square and holes of each mask, on pieces of at most 128 pixels a side.

    Args:
        masks: Non-empty masks.
    """
    sides = (masks.boxes.xyxy[:, 2:] - masks.boxes.xyxy[:, :2]).astype(np.float64)
    areas = masks.areas
    numbers = np.zeros((len(masks), 3))
    full = areas == sides.prod(axis=1)
    numbers[full, 0] = 1.0
    numbers[full, 1] = areas[full] / sides[full].max(axis=1) ** 2
    for row in np.flatnonzero(~full & (areas > 0)):
        numbers[row] = _measure(_at_most(masks.crop(int(row))[2]))
    return Outlines(*np.ascontiguousarray(numbers.T))


def fill_outlines(piece: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The piece with all its holes filled, as 0 and 1."""
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(piece)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled


def _measure(piece: npt.NDArray[np.uint8]) -> tuple[float, float, float]:
    filled = fill_outlines(piece)
    area = int(filled.sum())
    ys, xs = np.nonzero(filled)
    hull = cv2.convexHull(np.stack([xs, ys], axis=1).astype(np.float32))
    # A pixel is a square: its corners count, not its centre.
    _, (width, height), _ = cv2.minAreaRect((hull + _CORNERS).reshape(-1, 2))
    longer = max(width, height)
    return min(area / (width * height), 1.0), min(area / longer**2, 1.0), 1 - int(piece.sum()) / area


def _at_most(piece: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """The piece as 0 and 1, every so many pixels where it is large."""
    step = -(-max(piece.shape) // _LONGEST_SIDE_PX)
    small = np.ascontiguousarray(piece[step // 2 :: step, step // 2 :: step]).view(np.uint8)
    return small if small.any() else np.ones((1, 1), np.uint8)
