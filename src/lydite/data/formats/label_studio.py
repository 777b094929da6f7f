"""Label Studio JSON: one task for each picture; boxes and polygons in percent, brushes as packed masks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lydite.core import AnnotationError, ClassMap, InvalidValue, Masks
from lydite.data.annotations import AnnotationSet
from lydite.data.brush import unpack_mask
from lydite.data.image import ImageLimits
from lydite.data.jsonlines import load_json
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
    read_text,
    turn_box,
)

_KINDS = ("rectanglelabels", "polygonlabels", "brushlabels")
_SIDES = ("x", "y", "width", "height")
_SERVED = re.compile(r"^/data/(?:local-files/\?d=|upload/)")
_FULL_TURN = 360.0


@dataclass(slots=True)
class _Region:
    name: str
    box: XyXy
    mask: Rle | None
    row_id: str
    score: float | None
    place: Place


@dataclass(slots=True)
class _Task:
    path: str
    size_hw: tuple[int, int]
    regions: list[_Region] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    tolerance_px: float
    images: Path | None
    tasks: dict[str, _Task] = field(default_factory=dict)
    problems: list[AnnotationError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_label_studio(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read an export in the format JSON: rectangles, polygons and brushes.

    A task's own annotation is taken, and only where it has none, its prediction: then its rows have
    scores, if the file does, and a note says so. Of several annotations the one marked as ground truth is
    meant; without such a mark the task is a problem. Cancelled annotations are passed over. Paths that
    the server made (``/data/local-files/?d=...``, ``/data/upload/...``) become relative ones.

    Args:
        path: The JSON file.
        images: Folder of pictures, asked only for sizes that the file lacks.
        classes: Label numbers; the sorted names of the file if not given.
        tolerance_px: How far a box or polygon may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the file is no JSON list of tasks.
    """
    place = Place(printable(path))
    reading = _Reading(tolerance_px, images)
    for number, entry in enumerate(_parse(read_text(path), place)):
        try:
            _read_task(entry, place.at(f"[{number}]"), reading)
        except AnnotationError as error:
            reading.problems.append(error)
    regions = [region for task in reading.tasks.values() for region in task.regions]
    class_map = classes or ClassMap(tuple(sorted({region.name for region in regions})))
    pictures = []
    for task in reading.tasks.values():
        rows = Rows(task.size_hw)
        for region in task.regions:
            if region.name in class_map:
                label = class_map.get_label(region.name)
                rows.add(region.box, label, region.mask, row_id=region.row_id, score=region.score)
            else:
                reading.problems.append(region.place.error("is no class of the given class map", region.name))
        pictures.append(rows.build(task.path))
    return AnnotationSet(class_map, tuple(pictures), tuple(reading.problems), tuple(reading.notes))


def _parse(text: str, place: Place) -> list[Any]:
    content = load_json(text, place)
    if not isinstance(content, list):
        raise place.at("the JSON").error(
            "is no list of tasks", type(content).__name__, "Export the project in the format JSON."
        )
    return content


def _read_task(entry: Any, place: Place, reading: _Reading) -> None:
    data = _object(_object(entry, place).get("data"), place.at("data"))
    path = parse_picture_path(_relative(data.get("image")), place.at("data.image"))
    if path in reading.tasks:
        raise place.at("data.image").error("stands twice", path)
    results, inner = _choose(entry, place, reading)
    size_hw = _size(results, data, path, inner, place.at("data"), reading)
    reading.tasks[path] = task = _Task(path, size_hw)
    for number, result in enumerate(results):
        here = inner.at(f"[{number}]")
        try:
            task.regions.append(_read_region(result, size_hw, here, reading))
        except AnnotationError as error:
            reading.problems.append(error)


def _relative(text: Any) -> Any:
    """A path that the server made, below what it serves; anything else as it is."""
    served = _SERVED.match(text) if isinstance(text, str) else None
    return unquote(text[served.end() :]) if served else text


def _choose(entry: dict[str, Any], place: Place, reading: _Reading) -> tuple[list[Any], Place]:
    """The results that count, and where they stand."""
    for key in ("annotations", "predictions"):
        listed = entry.get(key) or []
        if not isinstance(listed, list):
            raise place.at(key).error("is not a list", type(listed).__name__)
        offered = {
            number: each
            for number, each in enumerate(
                _object(each, place.at(f"{key}[{n}]")) for n, each in enumerate(listed)
            )
            if each.get("was_cancelled") is not True
        }
        marked = [number for number, each in offered.items() if each.get("ground_truth") is True]
        meant = marked if len(marked) == 1 else list(offered)
        if len(meant) > 1:
            raise place.at(key).error(
                f"holds {len(meant)}, and nothing says which is meant", None, "Mark one as ground truth."
            )
        if meant:
            inner = place.at(f"{key}[{meant[0]}].result")
            if key == "predictions":
                reading.notes.append(inner.note("is a prediction, not an annotation"))
            results = offered[meant[0]].get("result")
            if not isinstance(results, list):
                raise inner.error("is not a list", type(results).__name__)
            return results, inner
    return [], place


def _size(
    results: list[Any], data: dict[str, Any], path: str, inner: Place, at_data: Place, reading: _Reading
) -> tuple[int, int]:
    for number, result in enumerate(results):
        if isinstance(result, dict) and "original_width" in result:
            place = inner.at(f"[{number}].original size")
            return parse_size(result.get("original_height"), result["original_width"], place)
    if "width" not in data and reading.images is not None:
        return measure_picture(reading.images / path, at_data.at("image"))
    return parse_size(data.get("height"), data.get("width"), at_data)


def _read_region(result: Any, size_hw: tuple[int, int], place: Place, reading: _Reading) -> _Region:
    result = _object(result, place)
    kind = result.get("type")
    if kind not in _KINDS:
        raise place.at("type").error(f"is none of {', '.join(_KINDS)}", kind)
    if result.get("image_rotation") not in {None, 0}:
        raise place.at("image_rotation").error(
            "is not 0", result["image_rotation"], "Turn the picture itself."
        )
    if [result.get("original_height", size_hw[0]), result.get("original_width", size_hw[1])] != list(size_hw):
        raise place.at("original size").error(f"differs from {size_hw[1]}x{size_hw[0]} of the same picture")
    value, inner = _object(result.get("value"), place.at("value")), place.at("value")
    names = value.get(kind)
    if (
        not isinstance(names, list)
        or len(names) != 1
        or not isinstance(names[0], str)
        or not names[0].strip()
    ):
        raise inner.at(str(kind)).error("is not the name of one label", names)
    if kind == "rectanglelabels":
        box, mask = _read_rectangle(value, size_hw, inner, reading)
    elif kind == "polygonlabels":
        box, mask = _read_polygon(value, size_hw, inner, reading.tolerance_px)
    else:
        box, mask = _read_brush(value, size_hw, inner)
    score = result.get("score")
    return _Region(
        names[0],
        box,
        mask,
        str(result.get("id", "")),
        None if score is None else parse_number(score, place.at("score")),
        inner.at(str(kind)),
    )


def _read_rectangle(
    value: dict[str, Any], size_hw: tuple[int, int], place: Place, reading: _Reading
) -> tuple[XyXy, Rle | None]:
    height, width = size_hw
    x, y, wide, tall = (parse_number(value.get(side), place.at(side)) / 100 for side in _SIDES)
    if wide <= 0 or tall <= 0:
        raise place.error("has no area", [wide, tall])
    corners = [x * width, y * height, (x + wide) * width, (y + tall) * height]
    degrees = parse_number(value.get("rotation", 0), place.at("rotation")) % _FULL_TURN
    if degrees:
        reading.notes.append(place.note("is a turned box and became a mask and the box around it"))
        return turn_box(corners, degrees, size_hw, place, "corner")
    box, was_cut = fit_box(corners, size_hw, reading.tolerance_px, place)
    if was_cut:
        reading.notes.append(place.note("was cut at the edge of the picture"))
    return box, None


def _read_polygon(
    value: dict[str, Any], size_hw: tuple[int, int], place: Place, tolerance_px: float
) -> tuple[XyXy, Rle]:
    points, inner = value.get("points"), place.at("points")
    if not isinstance(points, list) or not all(
        isinstance(point, list) and len(point) == 2 for point in points
    ):
        raise inner.error("is not a list of x y pairs", points)
    scale = (size_hw[1] / 100, size_hw[0] / 100)
    corners = [
        parse_number(number, inner.at(f"[{at}]")) * scale[axis]
        for at, point in enumerate(points)
        for axis, number in enumerate(point)
    ]
    return rasterise([corners], size_hw, tolerance_px, inner)


def _read_brush(value: dict[str, Any], size_hw: tuple[int, int], place: Place) -> tuple[XyXy, Rle]:
    inner = place.at("rle")
    if size_hw[0] * size_hw[1] > ImageLimits().max_pixels:
        raise inner.error("is the mask of a picture that is too large", list(size_hw))
    try:
        masks = Masks.from_dense(unpack_mask(value.get("rle", []), size_hw)[None])
    except InvalidValue as error:
        raise inner.error(f"is no usable mask: {error}") from None
    if not masks.areas[0]:
        raise inner.error("is an empty mask")
    x0, y0, x1, y1 = masks.boxes.xyxy[0].tolist()
    return (x0, y0, x1, y1), to_coco_rle(masks)[0]


def _object(value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise place.error("is not an object", value)
    return value
