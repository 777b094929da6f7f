"""CVAT for images 1.1: one XML file, shapes of several kinds, labels with attributes in its head."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lydite.core import AnnotationError, ClassMap
from lydite.data.annotations import AnnotationSet
from lydite.data.cvat_shapes import SHAPES, CvatReading, check_label, open_cvat, read_shape
from lydite.data.rows import TOLERANCE_PX, Place, Rows, measure_picture, parse_picture_path, parse_size
from lydite.data.xmltree import Element


def read_cvat(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read an ``annotations.xml``: boxes, polygons and masks.

    A turned box becomes the mask of the turned rectangle and the box around it. The attributes ``region``
    and ``score`` become the row's id and score where they are there; ``track_id`` and ``group_id`` become
    the attributes ``track`` and ``group``. An attribute that a shape lacks gets its label's default; the
    notes count them. A tag becomes the label of its picture, ``subset`` its split and ``task_id`` its
    group. Shapes of other kinds are problems.

    Args:
        path: The XML file.
        images: Folder of pictures, asked only for sizes that the file lacks.
        classes: Label numbers; the labels in the order of the file's head if not given, or else their
            sorted names.
        tolerance_px: How far a box or polygon may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the file is no such XML, or describes a video.
    """
    reading, elements = open_cvat(path, classes, tolerance_px)
    found: dict[str, Rows] = {}
    number = 0
    for element in elements:
        if element.tag == "track":
            raise reading.place.at("track", element.line).error(
                "belongs to a video", None, "Read the file as cvat-video."
            )
        if element.tag != "image":
            continue
        inner = reading.place.at(f"image[{number}]", element.line)
        number += 1
        try:
            _read_image(element, inner, reading, found, images)
        except AnnotationError as error:
            reading.problems.append(error)
    pictures = tuple(rows.build(name) for name, rows in found.items())
    return AnnotationSet(reading.class_map, pictures, tuple(reading.problems), reading.closing_notes())


def _read_image(
    element: Element, place: Place, reading: CvatReading, found: dict[str, Rows], images: Path | None
) -> None:
    name = parse_picture_path(element.attributes.get("name"), place.at("name"))
    if name in found:
        raise place.at("name").error("stands twice", name)
    size = (element.attributes.get("height"), element.attributes.get("width"))
    if None in size and images is not None:
        size_hw = measure_picture(images / name, place.at("name"))
    else:
        size_hw = parse_size(*size, place)
    task = element.attributes.get("task_id")
    found[name] = rows = Rows(
        size_hw, group=f"task {task}" if task else None, split=element.attributes.get("subset") or None
    )
    counted: Counter[str] = Counter()
    for shape in element.children:
        inner = place.at(f"{shape.tag}[{counted[shape.tag]}]", shape.line)
        counted[shape.tag] += 1
        label = shape.attributes.get("label", "")
        try:
            if shape.tag == "tag":
                _read_tag(label, rows, inner, reading)
            elif shape.tag in SHAPES:
                read_shape(shape, label, rows, f"{len(found) - 1}-{len(rows.boxes)}", inner, reading)
            else:
                raise inner.error("is no box, polygon or mask", None, "Draw it as one of these.")
        except AnnotationError as error:
            reading.problems.append(error)


def _read_tag(label: str, rows: Rows, place: Place, reading: CvatReading) -> None:
    check_label(label, place, reading)
    if rows.label not in (None, label):
        raise place.error(f"is a second tag of a picture that is {rows.label!r}", label)
    rows.label = label
