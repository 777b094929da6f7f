"""COCO detection JSON: boxes ``x y width height``, masks as polygons or RLE."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lydite.core import AnnotationError, Boxes, ClassMap
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.coco_writer import CocoWriter
from lydite.data.jsonlines import load_json, locate_elements
from lydite.data.names import printable
from lydite.data.rle import Rle
from lydite.data.rows import (
    TOLERANCE_PX,
    Place,
    Rows,
    XyXy,
    fit_box,
    masks_from_rle,
    measure_picture,
    parse_number,
    parse_picture_path,
    parse_size,
    rasterise,
    read_text,
)

__all__ = ["CocoWriter", "read_coco", "write_coco"]

_MARKS = ("difficult", "occluded")
_SIDES = ("x", "y", "width", "height")
_ELEMENT = re.compile(r"(categories|images|annotations)\[(\d+)\]")


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    place: Place
    tolerance_px: float
    labels: dict[int, int] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    rows: dict[int, Rows] = field(default_factory=dict)
    problems: list[AnnotationError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_coco(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read a COCO file.

    Segmentations are polygons (drawn by pycocotools), compressed or uncompressed RLE; a row without
    one has an empty mask if others have theirs. A row's id is the text ``attributes.region`` where
    there is one, else its ``id``; other attributes that are texts are kept, as is a ``score``.

    Args:
        path: The JSON file.
        images: Folder of pictures, asked only for sizes that the file lacks.
        classes: Label numbers by category name; the categories in order of their ``id`` if not given.
        tolerance_px: How far a box or polygon may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the file is no JSON object with ``images`` and ``categories``.
    """
    text = read_text(path)
    reading = _Reading(Place(printable(path)), tolerance_px)
    content = _parse(text, reading.place)
    class_map = _read_categories(content, classes, reading)
    for number, entry in enumerate(_list_of(content, "images", reading.place)):
        _attempt(_read_image, entry, f"images[{number}]", reading, images)
    if "annotations" in content:
        for number, entry in enumerate(_list_of(content, "annotations", reading.place)):
            _attempt(_read_annotation, entry, f"annotations[{number}]", reading, images)
    pictures = tuple(rows.build(reading.paths[key]) for key, rows in reading.rows.items())
    problems = _with_lines(reading.problems, text)
    return AnnotationSet(class_map, pictures, problems, tuple(reading.notes))


def write_coco(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write annotations as one COCO file, in one step, one picture in memory at a time.

    Rows with an empty mask get no segmentation; ids become ``attributes.region``, and the marks
    ``difficult`` and ``occluded`` become attributes of the same names. Nothing is lost but digits of a
    box beyond the fourth.

    Raises:
        OutputError: If it cannot be written; an old file is untouched.
    """
    with CocoWriter(path, annotations.class_map) as writer:
        for image in annotations.images:
            writer.add(
                image.path,
                image.size_hw,
                image.boxes,
                image.labels,
                masks=image.masks,
                scores=image.scores,
                crowd=image.crowd,
                attributes=[_attributes(image, row) for row in range(len(image))],
            )


def _attributes(image: AnnotatedImage, row: int) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(image.attributes[row]) if image.attributes is not None else {}
    if image.ids is not None:
        attributes["region"] = image.ids[row]
    attributes |= {mark: True for mark in _MARKS if getattr(image, mark)[row]}
    return attributes


def _parse(text: str, place: Place) -> dict[str, Any]:
    content = load_json(text, place)
    if not isinstance(content, dict):
        raise place.at("the JSON").error("is not an object", type(content).__name__)
    return content


def _list_of(content: dict[str, Any], key: str, place: Place) -> list[Any]:
    if key not in content:
        raise place.at(key).error("is missing")
    if not isinstance(content[key], list):
        raise place.at(key).error("is not a list", type(content[key]).__name__)
    entries: list[Any] = content[key]
    return entries


def _attempt(read: Any, entry: Any, at: str, reading: _Reading, images: Path | None) -> None:
    """Read one entry; what is wrong with it is a problem, not the end."""
    place = reading.place.at(at)
    try:
        if not isinstance(entry, dict):
            raise place.error("is not an object", entry)
        read(entry, place, reading, images)
    except AnnotationError as error:
        reading.problems.append(error)


def _read_categories(content: dict[str, Any], classes: ClassMap | None, reading: _Reading) -> ClassMap:
    names: dict[int, str] = {}
    for number, entry in enumerate(_list_of(content, "categories", reading.place)):
        place = reading.place.at(f"categories[{number}]")
        if not isinstance(entry, dict):
            raise place.error("is not an object", entry)
        name = entry.get("name")
        if not isinstance(name, str) or not name.strip():
            raise place.at("name").error("is no text", name)
        key = _whole(entry.get("id"), place.at("id"))
        if key in names or name in names.values():
            raise place.error("stands twice", {"id": key, "name": name})
        names[key] = name
    class_map = classes if classes is not None else ClassMap(tuple(names[key] for key in sorted(names)))
    # A category that the given classes lack is a problem of its rows only.
    reading.labels = {key: class_map.get_label(name) for key, name in names.items() if name in class_map}
    return class_map


def _read_image(entry: dict[str, Any], place: Place, reading: _Reading, images: Path | None) -> None:
    key = _whole(entry.get("id"), place.at("id"))
    path = parse_picture_path(entry.get("file_name"), place.at("file_name"))
    if key in reading.rows:
        raise place.at("id").error("stands twice", key)
    if path in reading.taken:
        raise place.at("file_name").error("stands twice", path)
    try:
        size_hw = parse_size(entry.get("height"), entry.get("width"), place)
    except AnnotationError:
        if images is None:
            raise
        size_hw = measure_picture(images / path, place.at("file_name"))
    reading.paths[key], reading.rows[key] = path, Rows(size_hw)
    reading.taken.add(path)


def _read_annotation(
    entry: dict[str, Any],
    place: Place,
    reading: _Reading,
    images: Path | None,  # noqa: ARG001
) -> None:
    key = _whole(entry.get("image_id"), place.at("image_id"))
    if key not in reading.rows:
        raise place.at("image_id").error("is the id of no usable image", key)
    category = _whole(entry.get("category_id"), place.at("category_id"))
    if category not in reading.labels:
        raise place.at("category_id").error("is the id of no known category", category)
    rows = reading.rows[key]
    traced = _read_segmentation(entry.get("segmentation"), rows.size_hw, place.at("segmentation"), reading)
    if "bbox" in entry:
        box, was_cut = _read_bbox(entry["bbox"], rows.size_hw, place.at("bbox"), reading)
        if was_cut:
            reading.notes.append(place.at("bbox").note("was cut at the edge of the picture"))
    elif traced is not None:
        box = traced[0]
    else:
        raise place.at("bbox").error("is missing")
    attributes = entry.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    region = attributes.get("region")
    rows.add(
        box,
        reading.labels[category],
        traced[1] if traced is not None else None,
        row_id=region if isinstance(region, str) else str(entry.get("id", "")),
        crowd=entry.get("iscrowd") in (1, True),
        difficult=attributes.get("difficult") is True,
        score=None if entry.get("score") is None else parse_number(entry["score"], place.at("score")),
        occluded=attributes.get("occluded") is True,
        attributes={
            name: text for name, text in attributes.items() if name != "region" and isinstance(text, str)
        },
    )


def _read_bbox(values: Any, size_hw: tuple[int, int], place: Place, reading: _Reading) -> tuple[XyXy, bool]:
    if not isinstance(values, list) or len(values) != 4:
        raise place.error("is not a list of four numbers", values)
    sides = [parse_number(value, place.at(f"[{number}]")) for number, value in enumerate(values)]
    for number in (2, 3):
        if sides[number] <= 0:
            raise place.at(f"[{number}]").error(f"({_SIDES[number]}) is not positive", sides[number])
    return fit_box(Boxes.from_xywh([sides]).xyxy[0].tolist(), size_hw, reading.tolerance_px, place)


def _read_segmentation(
    value: Any, size_hw: tuple[int, int], place: Place, reading: _Reading
) -> tuple[XyXy, Rle] | None:
    """The mask of a row and its box; none if it has no segmentation."""
    if value is None or value == []:
        return None
    if isinstance(value, dict):
        masks = masks_from_rle(value, size_hw, place)
        if not masks.areas[0]:
            raise place.error("is an empty mask")
        x0, y0, x1, y1 = masks.boxes.xyxy[0].tolist()
        return (x0, y0, x1, y1), value
    if not isinstance(value, list) or not all(isinstance(polygon, list) for polygon in value):
        raise place.error("is neither polygons nor RLE", value)
    for which, polygon in enumerate(value):
        if not all(type(number) in {int, float} for number in polygon):  # the common case, kept fast
            for at, number in enumerate(polygon):
                parse_number(number, place.at(f"[{which}][{at}]"))
    return rasterise(value, size_hw, reading.tolerance_px, place)


def _whole(value: Any, place: Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise place.error("is not a whole number", value)
    return value


def _with_lines(problems: list[AnnotationError], text: str) -> tuple[AnnotationError, ...]:
    """The same problems with the line on which their entry begins."""
    matches = [_ELEMENT.match(problem.field) for problem in problems]
    keys = [(match[1], int(match[2])) if match else ("", 0) for match in matches]
    lines = locate_elements(text, set(keys))
    return tuple(
        AnnotationError(
            problem.path, lines.get(key, 0), problem.field, problem.reason, problem.seen, problem.remedy
        )
        for problem, key in zip(problems, keys, strict=True)
    )
