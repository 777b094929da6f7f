"""Masks as outlines and pixels as small JPEGs: what pages draw."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.core import Masks

PAGE_SIDE = 1600
THUMB_SIDE = 480
CROP_SIDE = 120
QUALITY = 85
_RASTER_SIDE = 256
"""Outlines are traced on a raster with at most this long side, or at the drawn size if that is larger."""
_SMALLEST_RASTER = 96
_TOLERANCE = 0.6
_SHARP_BELOW = 400
"""Pictures whose long side is smaller keep full colour resolution: each pixel is seen."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How a picture is scaled for drawing.

    Args:
        size_hw: Height and width of the picture.
        width: Drawn width in pixels; at most the picture's own.
        height: Drawn height in pixels.
    """

    size_hw: tuple[int, int]
    width: int
    height: int

    @classmethod
    def fit(cls, size_hw: tuple[int, int], side: int) -> Frame:
        """The largest frame with a long side of at most ``side`` that does not enlarge."""
        height, width = max(size_hw[0], 1), max(size_hw[1], 1)
        scale = min(1.0, side / max(height, width))
        return cls((height, width), max(1, round(width * scale)), max(1, round(height * scale)))

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Drawn pixels per pixel of the picture, across and down."""
        return self.width / self.size_hw[1], self.height / self.size_hw[0]


def shrink(pixels: npt.NDArray[np.uint8], frame: Frame) -> npt.NDArray[np.uint8]:
    """``(height, width, 3)`` pixels at the size of a frame."""
    if (frame.height, frame.width) == pixels.shape[:2]:
        return pixels
    resized = cv2.resize(pixels, (frame.width, frame.height), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)


def jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    """RGB pixels as a JPEG file, without metadata."""
    out = io.BytesIO()
    if max(pixels.shape[:2]) < _SHARP_BELOW:
        Image.fromarray(pixels).save(out, "JPEG", quality=95, subsampling=0)
    else:
        Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def crop(
    pixels: npt.NDArray[np.uint8], box_xyxy: npt.ArrayLike, margin: float = 0.15
) -> npt.NDArray[np.uint8]:
    """The part of a picture around a box, with a margin as a share of the box, at most ``CROP_SIDE``."""
    x0, y0, x1, y1 = np.asarray(box_xyxy, np.float64)
    pad = margin * max(x1 - x0, y1 - y0)
    height, width = pixels.shape[:2]
    left, top = max(0, int(x0 - pad)), max(0, int(y0 - pad))
    right, bottom = min(width, int(np.ceil(x1 + pad))), min(height, int(np.ceil(y1 + pad)))
    piece = pixels[min(top, height - 1) : max(bottom, top + 1), min(left, width - 1) : max(right, left + 1)]
    return shrink(piece, Frame.fit((piece.shape[0], piece.shape[1]), CROP_SIDE))


def outlines(masks: Masks, frame: Frame) -> tuple[str, ...]:
    """Each mask as the data of an SVG path in the coordinates of a frame, holes included.

    The outline runs along the edges of pixels, within half a cell of the raster that it is traced on. A
    mask too thin to trace shows as its box; an empty mask gives an empty text.
    """
    boxes = masks.boxes.xyxy.astype(int).tolist()
    return tuple(_outline(masks, row, box, frame) for row, box in enumerate(boxes))


def _outline(masks: Masks, row: int, box_xyxy: list[int], frame: Frame) -> str:
    x0, y0, x1, y1 = box_xyxy
    if x1 <= x0 or y1 <= y0:
        return ""
    piece = masks.decode(row)[y0:y1, x0:x1]
    raster, step_xy = _raster(piece, max(frame.scale_xy))
    scale_x, scale_y = frame.scale_xy
    digits = 1 if max(frame.width, frame.height) >= _SHARP_BELOW else 2
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)
    # From centres of padded raster cells to pixels of the picture.
    traced = [(points - 0.5) * step_xy + (x0, y0) for points in _trace(raster)]
    return "".join(_path(points * (scale_x, scale_y), digits) for points in traced or [corners])


def _path(points: npt.NDArray[np.float64], digits: int) -> str:
    return "M" + "L".join(f"{x:.{digits}f} {y:.{digits}f}" for x, y in points.tolist()) + "Z"


def _raster(piece: npt.NDArray[np.bool_], scale: float) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
    """A mask at tracing size with a border of one cell, and pixels of the picture per cell."""
    height, width = piece.shape
    solid = np.ascontiguousarray(piece, np.uint8)
    if max(height, width) < _SMALLEST_RASTER:  # enlarged, so that the trace follows the edges of pixels
        times = int(np.ceil(_SMALLEST_RASTER / max(height, width)))
        solid = np.repeat(np.repeat(solid, times, axis=0), times, axis=1)
    else:
        shrinking = min(1.0, max(_RASTER_SIDE / max(height, width), scale))
        size = (max(1, round(width * shrinking)), max(1, round(height * shrinking)))
        solid = np.asarray(cv2.resize(solid * 255, size, interpolation=cv2.INTER_AREA) >= 128, np.uint8)
        if not solid.any():
            solid[:] = 1
    rows, columns = solid.shape
    return np.pad(solid, 1), (width / columns, height / rows)


def _trace(raster: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.float64]]:
    contours, _ = cv2.findContours(raster, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        points = cv2.approxPolyDP(contour, _TOLERANCE, True)[:, 0, :]
        if len(points) >= 3:
            yield points.astype(np.float64)
