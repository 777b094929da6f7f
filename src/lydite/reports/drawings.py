"""What was found, as PNG files at the picture's own size: one function a drawing, one line in the table."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.core import ClassMap, ImageError, Masks, UsageError
from lydite.data import ImageLimits, load_image
from lydite.data.files import write_once
from lydite.detect.accepted import Found
from lydite.detect.store import ImageRecord
from lydite.reports.palette import look_of

Pixels = npt.NDArray[np.uint8]
Drawing = Callable[[Path, Found, ClassMap, ImageLimits], None]

_OPACITY = 0.45
_LINE_SHARE = 500
"""An outline is one pixel thick for each of so many pixels of the long side."""
_LARGEST_INDEX = 255


def draw_overlay(folder: Path, found: Found, class_map: ClassMap, limits: ImageLimits) -> None:
    """``<picture>.png``: the picture with its instances tinted and outlined, smaller ones on top.

    Raises:
        ImageError: If the picture cannot be read any more, or has changed since the run.
    """
    pixels = _reopen(found.record, limits).copy()
    for colour, part, piece in _pieces(found, class_map, pixels):
        part[piece] = np.round((1 - _OPACITY) * part[piece] + _OPACITY * colour)
        part[_rim(piece, pixels.shape)] = colour
    _save(folder, found, Image.fromarray(pixels))


def draw_contours(folder: Path, found: Found, class_map: ClassMap, limits: ImageLimits) -> None:  # noqa: ARG001
    """``<picture>.png``: the outlines alone, in the colours of their classes on white."""
    pixels = np.full((*found.image.size_hw, 3), 255, np.uint8)
    for colour, part, piece in _pieces(found, class_map, pixels):
        part[_rim(piece, pixels.shape)] = colour
    _save(folder, found, Image.fromarray(pixels))


def draw_semantic(folder: Path, found: Found, class_map: ClassMap, limits: ImageLimits) -> None:  # noqa: ARG001
    """``<picture>.png``, indexed: 0 where nothing is, else the number of the class from 1 on; smaller on top.

    Raises:
        UsageError: If there are more classes than an indexed picture can tell apart.
    """
    if len(class_map) > _LARGEST_INDEX:
        raise UsageError(
            f"A semantic map tells at most {_LARGEST_INDEX} classes apart.", "Export as coco.", len(class_map)
        )
    indices = np.zeros(found.image.size_hw, np.uint8)
    for row, y, x, piece in _large_first(found):
        height, width = piece.shape
        indices[y : y + height, x : x + width][piece] = found.image.labels[row] + 1
    image = Image.fromarray(indices).convert("P")
    colours = [_colour(index, class_map) for index in range(len(class_map))]
    image.putpalette(np.concatenate([[np.zeros(3, np.uint8)], colours]).tobytes())
    _save(folder, found, image)


def draw_instances(folder: Path, found: Found, class_map: ClassMap, limits: ImageLimits) -> None:  # noqa: ARG001
    """``<picture>/<region>-<class>.png``: one mask each, 255 inside and 0 outside.

    The folder has the picture's whole name, suffix included, so that no two pictures share one.
    """
    for row, number in enumerate(found.regions):
        name = re.sub(r"[^\w-]+", "_", class_map[int(found.image.labels[row])])[:60]
        mask = _masks(found).decode(row).astype(np.uint8) * 255
        path = folder / found.image.path / f"{number:04}-{name}.png"
        write_once(path, _png(Image.fromarray(mask)), found.image.path)


DRAWINGS: Mapping[str, Drawing] = MappingProxyType(
    {
        "overlays": draw_overlay,
        "contours": draw_contours,
        "semantic": draw_semantic,
        "instances": draw_instances,
    }
)
"""Name of each drawing -> what draws it for one picture."""


def _reopen(record: ImageRecord, limits: ImageLimits) -> Pixels:
    picture = load_image(record.path, limits)
    if str(picture.image_id) != record.image_id:
        raise ImageError(record.path, "has changed since the run looked at it", "Run again.")
    return picture.pixels


def _masks(found: Found) -> Masks:
    return found.image.masks if found.image.masks is not None else Masks.empty(found.image.size_hw)


def _large_first(found: Found) -> Iterator[tuple[int, int, int, npt.NDArray[np.bool_]]]:
    """Row, top, left and pixels of each mask, so that what lies within another is drawn over it."""
    masks = _masks(found)
    for row in np.argsort(-masks.areas, kind="stable").tolist():
        yield row, *masks.crop(row)


def _pieces(
    found: Found, class_map: ClassMap, pixels: Pixels
) -> Iterator[tuple[Pixels, Pixels, npt.NDArray[np.bool_]]]:
    """Colour, the part of the picture, and the mask within that part, of each instance."""
    for row, y, x, piece in _large_first(found):
        height, width = piece.shape
        part = pixels[y : y + height, x : x + width]
        yield _colour(int(found.image.labels[row]), class_map), part, piece


def _rim(piece: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """The pixels of a mask along its edge."""
    thickness = max(1, round(max(shape) / _LINE_SHARE))
    padded = np.pad(piece, 1).astype(np.uint8)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=thickness)[1:-1, 1:-1]
    rim: npt.NDArray[np.bool_] = piece & (inner == 0)
    return rim


def _colour(label: int, class_map: ClassMap) -> Pixels:
    colour = look_of(label, class_map[label]).colour
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


def _save(folder: Path, found: Found, image: Image.Image) -> None:
    path = folder / PurePosixPath(found.image.path).with_suffix(".png")
    write_once(path, _png(image), found.image.path)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
