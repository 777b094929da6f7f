"""From foreign rows to row-aligned columns: what every annotation reader shares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from lydite.core import AnnotationError, Boxes, ImageError, InvalidValue, Masks
from lydite.data.annotations import AnnotatedImage, Note
from lydite.data.image import peek_size
from lydite.data.names import printable
from lydite.data.rle import Rle, from_coco_rle

TOLERANCE_PX = 1.0
"""How far a box may reach out of its picture and still be cut at the edge instead of refused."""

_LARGEST = 1e9  # so that float32 arithmetic on it stays finite

XyXy = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an annotation file we are, so that an error can say so.

    Args:
        path: The file.
        line: Counted from 1; 0 if unknown.
        field: Field or key path; empty at the top.
    """

    path: str
    line: int = 0
    field: str = ""

    def at(self, field: str, line: int | None = None) -> Place:
        """A place further inside; ``field`` is put behind this one's with a dot, an index without."""
        joint = "" if not self.field or field.startswith("[") else "."
        return Place(self.path, self.line if line is None else line, f"{self.field}{joint}{field}")

    def error(self, reason: str, seen: object = None, remedy: str = "") -> AnnotationError:
        """The error that something here is wrong."""
        return AnnotationError(self.path, self.line, self.field or "the file", reason, seen, remedy)

    def note(self, what: str) -> Note:
        """The remark that something here was mended or passed over."""
        return Note(self.path, self.line, f"{self.field} {what}".strip())


@dataclass(slots=True)
class Rows:
    """Columns of one picture while they are being read.

    Args:
        size_hw: Height and width of the picture.
        label: Class of the whole picture, as ``AnnotatedImage.label``.
        group: As ``AnnotatedImage.group``.
        split: As ``AnnotatedImage.split``.
    """

    size_hw: tuple[int, int]
    label: str | None = None
    group: str | None = None
    split: str | None = None
    boxes: list[XyXy] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    masks: list[Rle | None] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)
    difficult: list[bool] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    occluded: list[bool] = field(default_factory=list)
    attributes: list[Mapping[str, str]] = field(default_factory=list)

    def add(
        self,
        box: XyXy,
        label: int,
        mask: Rle | None = None,
        *,
        row_id: str | None = None,
        crowd: bool = False,
        difficult: bool = False,
        score: float | None = None,
        occluded: bool = False,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Append a row; either all rows have an id or none."""
        self.boxes.append(box)
        self.labels.append(label)
        self.masks.append(mask)
        self.crowd.append(crowd)
        self.difficult.append(difficult)
        self.scores.append(math.nan if score is None else score)
        self.occluded.append(occluded)
        self.attributes.append(attributes or {})
        if row_id is not None:
            self.ids.append(row_id)

    def build(self, path: str) -> AnnotatedImage:
        """The frozen columns."""
        return AnnotatedImage(
            path,
            self.size_hw,
            Boxes(np.array(self.boxes, np.float32)),
            np.array(self.labels, np.int64),
            self._masks(),
            tuple(self.ids) if self.ids else None,
            np.array(self.crowd, np.bool_),
            np.array(self.difficult, np.bool_),
            None if all(map(math.isnan, self.scores)) else np.array(self.scores, np.float64),
            np.array(self.occluded, np.bool_),
            tuple(self.attributes) if any(self.attributes) else None,
            self.label,
            self.group,
            self.split,
        )

    def _masks(self) -> Masks | None:
        if all(mask is None for mask in self.masks):
            return None
        height, width = self.size_hw
        nothing: Rle = {"size": [height, width], "counts": [height * width]}
        return from_coco_rle([nothing if mask is None else mask for mask in self.masks], self.size_hw)


def fit_box(
    xyxy: Sequence[float], size_hw: tuple[int, int], tolerance_px: float, place: Place
) -> tuple[XyXy, bool]:
    """A box cut at the edges of its picture, and whether more than rounding was cut off.

    Raises:
        AnnotationError: If it is not finite, has no area, or reaches out by more than the tolerance.
    """
    x0, y0, x1, y1 = map(float, xyxy)
    height, width = size_hw
    seen = [x0, y0, x1, y1]
    if not all(map(math.isfinite, seen)):
        raise place.error("is not finite", seen)
    if x1 <= x0 or y1 <= y0:
        raise place.error("has no area", seen)
    outside = max(-x0, -y0, x1 - width, y1 - height)
    cut = (max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height)))
    # What is left may lie beside the picture even within the tolerance.
    if outside > tolerance_px or cut[2] <= cut[0] or cut[3] <= cut[1]:
        raise place.error(f"reaches out of the picture of {width}x{height} pixels", seen)
    return cut, outside > 1e-3


def turn_box(
    xyxy: Sequence[float], degrees: float, size_hw: tuple[int, int], place: Place, pivot: str = "centre"
) -> tuple[XyXy, Rle]:
    """A box that is turned in the plane: the mask of the turned rectangle, and the box around that.

    Args:
        xyxy: The box before it is turned.
        degrees: Clockwise on the screen.
        size_hw: Height and width of the picture; what is turned out of it is cut off.
        place: Where the box stands.
        pivot: ``"centre"`` (CVAT) or ``"corner"``, the top left one (Label Studio).

    Raises:
        AnnotationError: If nothing of it lies in the picture.
    """
    x0, y0, x1, y1 = map(float, xyxy)
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    about = corners[0] if pivot == "corner" else corners.mean(axis=0)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = (corners - about) @ np.array([[cos, sin], [-sin, cos]]) + about
    rle: Rle = coco_mask.frPyObjects([turned.ravel().tolist()], *size_hw)[0]
    found = from_coco_rle([rle], size_hw)
    if not found.areas[0]:
        raise place.error("lies outside the picture once it is turned", turned.tolist())
    x0, y0, x1, y1 = found.boxes.xyxy[0].tolist()
    return (x0, y0, x1, y1), rle


def rasterise(
    polygons: Sequence[Sequence[float]], size_hw: tuple[int, int], tolerance_px: float, place: Place
) -> tuple[XyXy, Rle]:
    """The union of polygons as the RLE of one mask, and the box of their corners.

    Args:
        polygons: Each ``x0 y0 x1 y1 ...`` in pixels, at least three corners.
        size_hw: Height and width of the picture.
        tolerance_px: How far corners may lie outside; they are moved to the edge.
        place: Where the polygons stand.

    Raises:
        AnnotationError: If one is too short, odd, not finite, outside, or together they have no area.
    """
    height, width = size_hw
    if not polygons:
        raise place.error("holds no polygon", list(polygons))
    cut: list[list[float]] = []
    for number, polygon in enumerate(polygons):
        inner = place.at(f"[{number}]") if len(polygons) > 1 else place
        if len(polygon) < 6 or len(polygon) % 2:
            raise inner.error("is not a polygon of three or more x y pairs", f"{len(polygon)} numbers")
        corners = _corners(polygon, inner)
        if (corners < -tolerance_px).any() or (corners > np.array([width, height]) + tolerance_px).any():
            raise inner.error(f"reaches out of the picture of {width}x{height} pixels", list(polygon))
        cut.append(corners.clip(0, [width, height]).ravel().tolist())
    merged: Rle = coco_mask.merge(coco_mask.frPyObjects(cut, height, width))
    corners = np.concatenate([np.array(polygon).reshape(-1, 2) for polygon in cut])
    low, high = corners.min(axis=0), corners.max(axis=0)
    box, _ = fit_box((low[0], low[1], high[0], high[1]), size_hw, tolerance_px, place)
    return box, merged


def _corners(polygon: Sequence[float], place: Place) -> npt.NDArray[np.float64]:
    try:
        corners = np.array(polygon, np.float64).reshape(-1, 2)
    except OverflowError:  # JSON has whole numbers of any length
        raise place.error("is not finite") from None
    if not np.isfinite(corners).all():
        raise place.error("is not finite", list(polygon))
    return corners


def parse_number(value: object, place: Place) -> float:
    """A finite number from text or JSON.

    Raises:
        AnnotationError: Otherwise; a truth value is no number.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise place.error("is not a number", value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise place.error("is not a number", value) from None
    if not math.isfinite(number):
        raise place.error("is not finite", value)
    if abs(number) > _LARGEST:
        raise place.error("is too large for a picture", value)
    return number


def parse_size(height: object, width: object, place: Place) -> tuple[int, int]:
    """Height and width as whole numbers from 1 on.

    Raises:
        AnnotationError: Otherwise.
    """
    values = {
        "height": parse_number(height, place.at("height")),
        "width": parse_number(width, place.at("width")),
    }
    for name, value in values.items():
        if value < 1 or value != int(value):
            raise place.at(name).error("is not a whole number from 1 on", value)
    return int(values["height"]), int(values["width"])


def parse_picture_path(text: object, place: Place) -> str:
    """A picture's path relative to the folder of pictures, with ``/``.

    Raises:
        AnnotationError: If it is no text, empty, absolute or leaves the folder.
    """
    if not isinstance(text, str) or not text.strip():
        raise place.error("is no file name", text)
    path = PurePosixPath(text.strip().replace("\\", "/"))
    drive = path.parts[0][1:2] == ":" if path.parts else False
    if not path.parts or path.is_absolute() or ".." in path.parts or drive:
        raise place.error("leaves the folder of pictures", text)
    return str(path)


def measure_picture(path: Path, place: Place) -> tuple[int, int]:
    """Height and width from the header of a picture.

    Raises:
        AnnotationError: If the picture cannot be used.
    """
    try:
        return peek_size(path)
    except ImageError as error:
        raise place.error(f"belongs to a picture that {error.reason}", printable(path)) from error


def read_bytes(path: Path) -> bytes:
    """The content of an annotation file.

    Raises:
        AnnotationError: If it cannot be read.
    """
    with open_read(path) as file:
        return file.read()


@contextmanager
def open_read(path: Path) -> Iterator[BinaryIO]:
    """An annotation file, open.

    Raises:
        AnnotationError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise AnnotationError(
            printable(path),
            0,
            "the file",
            f"cannot be read: {error.strerror or error}",
            remedy="Check the name.",
        ) from error


def read_text(path: Path) -> str:
    """The content of an annotation file as UTF-8, a byte order mark removed.

    Raises:
        AnnotationError: If it cannot be read, or is not UTF-8 (names the line).
    """
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        seen = data[error.start : error.start + 8]
        raise AnnotationError(
            printable(path), line, "the text", "is not UTF-8", seen, "Save it as UTF-8."
        ) from None


def masks_from_rle(rle: Rle, size_hw: tuple[int, int], place: Place) -> Masks:
    """One mask from foreign RLE.

    Raises:
        AnnotationError: If it is malformed or of another size.
    """
    try:
        return from_coco_rle([rle], size_hw)
    except (InvalidValue, OverflowError) as error:
        raise place.error(f"is no usable RLE: {error}") from error
