"""CVAT for images 1.1: one XML file, shapes of several kinds, labels with attributes in its head."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lydite.core import AnnotationError, ClassMap, Masks
from lydite.data.annotations import AnnotationSet
from lydite.data.image import ImageLimits
from lydite.data.names import printable
from lydite.data.rle import Rle, to_coco_rle
from lydite.data.rows import (
    TOLERANCE_PX,
    Place,
    Rows,
    XyXy,
    fit_box,
    measure_picture,
    parse_number,
    parse_picture_path,
    parse_size,
    rasterise,
    read_bytes,
    turn_box,
)
from lydite.data.xmltree import Element, parse_xml

_SHAPES = ("box", "polygon", "mask")
_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_FULL_TURN = 360.0


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute that a label declares; ``values`` is empty where any text will do."""

    default: str
    values: frozenset[str]


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    tolerance_px: float
    labels: dict[str, dict[str, _Attribute]]
    class_map: ClassMap
    images: Path | None
    rows: dict[str, Rows] = field(default_factory=dict)
    problems: list[AnnotationError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    defaults: Counter[str] = field(default_factory=Counter)


def read_cvat(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read an ``annotations.xml``: boxes, polygons and masks.

    A turned box becomes the mask of the turned rectangle and the box around it. The attributes ``region``
    and ``score`` become the row's id and score where they are there. An attribute that a shape lacks gets
    its label's default; the notes count them. Shapes of other kinds are problems, tags of whole pictures
    are notes.

    Args:
        path: The XML file.
        images: Folder of pictures, asked only for sizes that the file lacks.
        classes: Label numbers; the labels in the order of the file's head if not given, or else their
            sorted names.
        tolerance_px: How far a box or polygon may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the file is no such XML, or describes a video.
    """
    root = parse_xml(read_bytes(path), printable(path))
    place = Place(printable(path), root.line)
    if root.tag != "annotations":
        raise place.error("is not CVAT's XML: its root is not 'annotations'", root.tag)
    track = root.find("track")
    if track is not None:
        raise place.at("track", track.line).error(
            "belongs to a video", None, "Export the task as 'CVAT for images 1.1'."
        )
    labels = _read_labels(root, place)
    names = tuple(labels) or tuple(sorted(_names_used(root)))
    reading = _Reading(tolerance_px, labels, classes or ClassMap(names), images)
    for number, element in enumerate(root.find_all("image")):
        inner = place.at(f"image[{number}]", element.line)
        try:
            _read_image(element, inner, reading)
        except AnnotationError as error:
            reading.problems.append(error)
    reading.notes += [
        f"{place.path}: attribute {name} was missing {times} times and got its default"
        for name, times in reading.defaults.items()
    ]
    pictures = tuple(rows.build(name) for name, rows in reading.rows.items())
    return AnnotationSet(reading.class_map, pictures, tuple(reading.problems), tuple(reading.notes))


def _read_labels(root: Element, place: Place) -> dict[str, dict[str, _Attribute]]:
    """Attributes of each label by name, in the order of the file; parts of skeletons are passed over."""
    labels: dict[str, dict[str, _Attribute]] = {}
    for of in ("task", "project", "job"):
        head = root.find("meta")
        for tag in (of, "labels"):
            head = head.find(tag) if head is not None else None
        for label in head.find_all("label") if head is not None else ():
            inner, name = place.at("meta.label", label.line), label.find_text("name")
            if not name:
                raise inner.at("name").error("is missing")
            if label.find("parent") is None:
                if name in labels:
                    raise inner.error("stands twice", name)
                labels[name] = _read_attributes(label)
    return labels


def _read_attributes(label: Element) -> dict[str, _Attribute]:
    listed = label.find("attributes")
    found: dict[str, _Attribute] = {}
    for attribute in listed.find_all("attribute") if listed is not None else ():
        values, default = attribute.find("values"), attribute.find("default_value")
        choices = attribute.find_text("input_type") in {"select", "radio"} and values is not None
        found[attribute.find_text("name")] = _Attribute(
            default.text if default is not None else "",
            frozenset(values.text.split("\n")) if choices and values is not None else frozenset(),
        )
    return found


def _names_used(root: Element) -> set[str]:
    shapes = (shape for image in root.find_all("image") for shape in image.children)
    return {shape.attributes["label"] for shape in shapes if shape.attributes.get("label", "").strip()}


def _read_image(element: Element, place: Place, reading: _Reading) -> None:
    name = parse_picture_path(element.attributes.get("name"), place.at("name"))
    if name in reading.rows:
        raise place.at("name").error("stands twice", name)
    size = (element.attributes.get("height"), element.attributes.get("width"))
    if None in size and reading.images is not None:
        size_hw = measure_picture(reading.images / name, place.at("name"))
    else:
        size_hw = parse_size(*size, place)
    reading.rows[name] = rows = Rows(size_hw)
    counted: Counter[str] = Counter()
    for shape in element.children:
        inner = place.at(f"{shape.tag}[{counted[shape.tag]}]", shape.line)
        counted[shape.tag] += 1
        try:
            if shape.tag == "tag":
                reading.notes.append(
                    f"{inner.path}, line {inner.line}: a tag of the whole picture was left out"
                )
            elif shape.tag in _SHAPES:
                _read_shape(shape, rows, inner, reading)
            else:
                raise inner.error("is no box, polygon or mask", None, "Draw it as one of these.")
        except AnnotationError as error:
            reading.problems.append(error)


def _read_shape(shape: Element, rows: Rows, place: Place, reading: _Reading) -> None:
    label = shape.attributes.get("label", "")
    if label not in reading.class_map or (reading.labels and label not in reading.labels):
        raise place.at("label").error("is none of the known labels", label)
    if shape.tag == "box":
        box, mask = _read_box(shape, rows.size_hw, place, reading)
    elif shape.tag == "polygon":
        box, mask = _read_polygon(shape, rows.size_hw, place, reading.tolerance_px)
    else:
        box, mask = _read_mask(shape, rows.size_hw, place)
    texts = _read_texts(shape, label, place, reading)
    score = texts.pop("score", "")
    rows.add(
        box,
        reading.class_map.get_label(label),
        mask,
        row_id=texts.pop("region", None) or f"{len(reading.rows) - 1}-{len(rows.boxes)}",
        score=parse_number(score, place.at("attribute score")) if score else None,
        occluded=shape.attributes.get("occluded") == "1",
        attributes=texts,
    )


def _read_box(
    shape: Element, size_hw: tuple[int, int], place: Place, reading: _Reading
) -> tuple[XyXy, Rle | None]:
    corners = [parse_number(shape.attributes.get(name), place.at(name)) for name in _CORNERS]
    degrees = parse_number(shape.attributes.get("rotation", "0"), place.at("rotation")) % _FULL_TURN
    if degrees:
        if corners[2] <= corners[0] or corners[3] <= corners[1]:
            raise place.error("has no area", corners)
        reading.notes.append(
            f"{place.path}, line {place.line}: a turned box became a mask and the box around it"
        )
        return turn_box(corners, degrees, size_hw, place)
    box, was_cut = fit_box(corners, size_hw, reading.tolerance_px, place)
    if was_cut:
        reading.notes.append(
            f"{place.path}, line {place.line}: {place.field} was cut at the edge of the picture"
        )
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


def _read_texts(shape: Element, label: str, place: Place, reading: _Reading) -> dict[str, str]:
    """Attributes by name; those that are missing get their default and are counted."""
    declared = reading.labels.get(label, {})
    texts: dict[str, str] = {}
    for attribute in shape.find_all("attribute"):
        name = attribute.attributes.get("name", "")
        inner = place.at(f"attribute {name}", attribute.line)
        if not name or name in texts:
            raise inner.error("stands twice" if name else "has no name")
        known = declared.get(name)
        if known is not None and known.values and attribute.text not in known.values:
            raise inner.error("is none of the values that its label declares", attribute.text)
        texts[name] = attribute.text
    for name, known in declared.items():
        if name not in texts and name not in {"region", "score"}:
            texts[name] = known.default
            reading.defaults[name] += 1
    return texts
