"""A window on a picture with shapes drawn in it: what galleries of errors and changes show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, ImageError, Masks, MissingExtra
from lydite.data import ImageLimits, load_image
from lydite.detect.store import ImageRecord
from lydite.reports.exemplar_art import ImageRef, write_jpeg
from lydite.reports.overlays import Frame, outlines, shrink
from lydite.reports.site import Site

WINDOW_SIDE = 320
"""Most pixels of a window's file along each side."""
_MARGIN = 0.45
_LEAST_SIDE = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline in a window.

    Args:
        kind: Its role, which the style sheet knows: ``"found"``, ``"missed"``, ``"other"``.
        colour: ``#rrggbb``.
        path: Data of an SVG path in pixels of the picture.
    """

    kind: str
    colour: str
    path: str


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture.

    Args:
        left: In pixels of the picture.
        top: In pixels of the picture.
        width: In pixels of the picture.
        height: In pixels of the picture.
        image: The file that shows it; ``None`` if the picture cannot be read any more.
    """

    left: int
    top: int
    width: int
    height: int
    image: ImageRef | None = None

    @property
    def view_box(self) -> str:
        """The window as an SVG view box."""
        return f"{self.left} {self.top} {self.width} {self.height}"

    def touching(self, shapes: Masks | Boxes) -> npt.NDArray[np.int64]:
        """Rows whose boxes reach into the window."""
        x0, y0, x1, y1 = (shapes.boxes if isinstance(shapes, Masks) else shapes).xyxy.T
        inside = (x1 > self.left) & (x0 < self.left + self.width)
        rows: npt.NDArray[np.int64] = np.flatnonzero(inside & (y1 > self.top) & (y0 < self.top + self.height))
        return rows


def window_around(boxes_xyxy: Iterable[Sequence[float]], size_hw: tuple[int, int]) -> Window:
    """A square around boxes with a margin, as far as the picture reaches."""
    corners = np.array(list(boxes_xyxy), np.float64).reshape(-1, 4)
    x0, y0 = corners[:, :2].min(axis=0)
    x1, y1 = corners[:, 2:].max(axis=0)
    height, width = size_hw
    side = max(max(x1 - x0, y1 - y0) * (1 + 2 * _MARGIN), _LEAST_SIDE)
    left, right = _span((x0 + x1) / 2, side, width)
    top, bottom = _span((y0 + y1) / 2, side, height)
    return Window(left, top, right - left, bottom - top)


def _span(centre: float, side: float, limit: int) -> tuple[int, int]:
    """A stretch of a side, moved into the picture before it is cut."""
    length = min(int(np.ceil(side)), limit)
    start = int(np.clip(round(centre - length / 2), 0, limit - length))
    return start, start + length


def draw_window(site: Site, name: str, window: Window, pixels: npt.NDArray[np.uint8] | None) -> Window:
    """Write the window's part of a picture as a file."""
    if pixels is None:
        return window
    piece = pixels[window.top : window.top + window.height, window.left : window.left + window.width]
    frame = Frame.fit((piece.shape[0], piece.shape[1]), WINDOW_SIDE)
    image = write_jpeg(site, name, shrink(piece, frame))
    return Window(window.left, window.top, window.width, window.height, image)


def trace_shapes(shapes: Masks | Boxes, size_hw: tuple[int, int]) -> tuple[str, ...]:
    """Outlines in pixels of the picture; boxes as they are."""
    if isinstance(shapes, Masks):
        return outlines(shapes, Frame(size_hw, size_hw[1], size_hw[0]))
    return tuple(f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z" for x0, y0, x1, y1 in shapes.xyxy.tolist())


def open_pixels(record: ImageRecord, limits: ImageLimits) -> npt.NDArray[np.uint8] | None:
    """The picture of a record; ``None`` if its file is gone or another by now."""
    try:
        picture = load_image(record.path, limits)
    except (ImageError, MissingExtra):
        return None
    return picture.pixels if str(picture.image_id) == record.image_id else None
