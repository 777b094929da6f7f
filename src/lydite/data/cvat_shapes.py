"""Shapes of CVAT's XML, which pictures and tracks have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lydite.core import AnnotationError, ClassMap, Masks
from lydite.data.annotations import Note
from lydite.data.cvat_labels import CvatLabels, Defaults, find_head, label_problem, read_labels
from lydite.data.image import ImageLimits
from lydite.data.names import printable
from lydite.data.rle import Rle, to_coco_rle
from lydite.data.rows import Place, Rows, XyXy, fit_box, parse_number, rasterise, turn_box
from lydite.data.xmltree import Element, iter_xml

SHAPES = ("box", "polygon", "mask")
_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_FULL_TURN = 360.0


@dataclass(slots=True)
class CvatReading:
    """What one file said so far.

    Args:
        place: The file.
        head: The element ``task``, ``project`` or ``job``; none if the file has no head.
        labels: What the head declares.
        class_map: What the label numbers mean.
        tolerance_px: How far a shape may reach out of its picture and be cut.
    """

    place: Place
    head: Element | None
    labels: CvatLabels
    class_map: ClassMap
    tolerance_px: float
    defaults: Defaults = field(default_factory=Defaults)
    sources: Counter[str] = field(default_factory=Counter)
    problems: list[AnnotationError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def closing_notes(self) -> tuple[str, ...]:
        """All notes; who drew the shapes is said where that was not only people."""
        return (*self.notes, *self.defaults.notes(), *self._provenance())

    def _provenance(self) -> Iterator[Note]:
        if set(self.sources) - {"manual"}:
            shares = ", ".join(f"{name} {times}" for name, times in sorted(self.sources.items()))
            yield Place(self.place.path).note(f"shapes by source: {shares}")


def open_cvat(
    path: Path, classes: ClassMap | None, tolerance_px: float
) -> tuple[CvatReading, Iterator[Element]]:
    """What the head of a file says, and the elements behind it, one in memory at a time.

    Without a head the classes are the sorted names in use, for which the file is read twice.

    Raises:
        AnnotationError: If it is no such XML.
    """
    elements = iter_xml(path)
    root = next(elements)
    place = Place(printable(path), root.line)
    if root.tag != "annotations":
        raise place.error("is not CVAT's XML: its root is not 'annotations'", root.tag)
    first: list[Element] = []
    head: Element | None = None
    for element in elements:
        if element.tag == "meta":
            head = find_head(element)
            break
        if element.tag != "version":
            first.append(element)
            break
    labels = read_labels(head, place)
    names = tuple(labels) or tuple(sorted(_names_used(path)))
    reading = CvatReading(place, head, labels, classes or ClassMap(names), tolerance_px)
    return reading, _chain(first, elements)


def _chain(first: Iterable[Element], elements: Iterator[Element]) -> Iterator[Element]:
    yield from first
    yield from elements


def _names_used(path: Path) -> set[str]:
    return {
        shape.attributes["label"]
        for element in iter_xml(path)
        for shape in (element, *element.children)
        if shape.attributes.get("label", "").strip()
    }


def check_label(label: str, place: Place, reading: CvatReading) -> None:
    """Pass if shapes may have this label.

    Raises:
        AnnotationError: If the head does not declare it, or the classes that were given lack it.
    """
    if label not in reading.class_map or (reading.labels and label not in reading.labels):
        raise label_problem(label, place)


def read_shape(
    shape: Element, label: str, rows: Rows, row_id: str, place: Place, reading: CvatReading
) -> None:
    """Append a box, polygon or mask to the rows of its picture.

    Raises:
        AnnotationError: If it cannot be used.
    """
    check_label(label, place, reading)
    if shape.tag == "box":
        box, mask = _read_box(shape, rows.size_hw, place, reading)
    elif shape.tag == "polygon":
        box, mask = _read_polygon(shape, rows.size_hw, place, reading.tolerance_px)
    else:
        box, mask = _read_mask(shape, rows.size_hw, place)
    texts = reading.defaults.read_texts(shape, reading.labels.get(label, {}), place)
    score = texts.pop("score", "")
    for own, name in (("track_id", "track"), ("group_id", "group")):
        if shape.attributes.get(own):
            texts.setdefault(name, shape.attributes[own])
    rows.add(
        box,
        reading.class_map.get_label(label),
        mask,
        row_id=texts.pop("region", None) or row_id,
        score=parse_number(score, place.at("attribute score")) if score else None,
        occluded=shape.attributes.get("occluded") == "1",
        attributes=texts,
    )
    reading.sources[shape.attributes.get("source", "manual")] += 1


def _read_box(
    shape: Element, size_hw: tuple[int, int], place: Place, reading: CvatReading
) -> tuple[XyXy, Rle | None]:
    corners = [parse_number(shape.attributes.get(name), place.at(name)) for name in _CORNERS]
    degrees = parse_number(shape.attributes.get("rotation", "0"), place.at("rotation")) % _FULL_TURN
    if degrees:
        if corners[2] <= corners[0] or corners[3] <= corners[1]:
            raise place.error("has no area", corners)
        reading.notes.append(place.note("is a turned box and became a mask and the box around it"))
        return turn_box(corners, degrees, size_hw, place)
    box, was_cut = fit_box(corners, size_hw, reading.tolerance_px, place)
    if was_cut:
        reading.notes.append(place.note("was cut at the edge of the picture"))
    return box, None


def _read_polygon(
    shape: Element, size_hw: tuple[int, int], place: Place, tolerance_px: float
) -> tuple[XyXy, Rle]:
    inner = place.at("points")
    pairs = [pair.split(",") for pair in shape.attributes.get("points", "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        raise inner.error("is not written as x,y;x,y;x,y", shape.attributes.get("points"))
    corners = [parse_number(value, inner) for pair in pairs for value in pair]
    return rasterise([corners], size_hw, tolerance_px, inner)


def _read_mask(shape: Element, size_hw: tuple[int, int], place: Place) -> tuple[XyXy, Rle]:
    left, top, width, height = (_whole(shape, name, place) for name in ("left", "top", "width", "height"))
    if not (width and height) or left + width > size_hw[1] or top + height > size_hw[0]:
        raise place.error(
            f"reaches out of the picture of {size_hw[1]}x{size_hw[0]} pixels", [left, top, width, height]
        )
    inner = place.at("rle")
    if width * height > ImageLimits().max_pixels:
        raise inner.error("is the mask of a picture that is too large", [height, width])
    try:
        lengths = np.array(shape.attributes.get("rle", "").split(","), dtype=np.int64)
    except (ValueError, OverflowError):
        raise inner.error("is no list of whole numbers", shape.attributes.get("rle")) from None
    # Each length is looked at before they are added, so that no sum can overflow into the right one.
    if lengths.min() < 0 or lengths.max() > width * height or lengths.sum() != width * height:
        raise inner.error(f"does not fill its box of {width}x{height} pixels", lengths.tolist())
    piece = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(height, width)
    masks = Masks.from_crops([(top, left, piece)], size_hw)
    if not masks.areas[0]:
        raise inner.error("is an empty mask")
    x0, y0, x1, y1 = masks.boxes.xyxy[0].tolist()
    return (x0, y0, x1, y1), to_coco_rle(masks)[0]


def _whole(shape: Element, name: str, place: Place) -> int:
    value = parse_number(shape.attributes.get(name), place.at(name))
    if value < 0 or value != int(value):
        raise place.at(name).error("is not a whole number from 0 on", value)
    return int(value)
