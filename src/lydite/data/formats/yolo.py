"""YOLO: one text file for each picture, one line for each box or polygon, relative to its size."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from lydite.core import AnnotationError, Boxes, ClassMap, UsageError
from lydite.data.annotations import AnnotatedImage, AnnotationSet
from lydite.data.find import find_images, is_hidden
from lydite.data.names import path_key, printable
from lydite.data.rle import Rle
from lydite.data.rows import (
    TOLERANCE_PX,
    Place,
    Rows,
    XyXy,
    fit_box,
    measure_picture,
    parse_number,
    rasterise,
    read_text,
)

_BOX_COLUMNS = ("class", "cx", "cy", "width", "height")
NAME_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt")
"""Files that may name the classes, looked for in this order."""


def read_yolo(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    stems: Collection[str] | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read a folder of label files, searched to any depth.

    A line is ``class cx cy width height`` (a box) or ``class x0 y0 x1 y1 x2 y2 ...`` (a polygon), on
    the scale 0..1. A picture without a label file has nothing in it; a label file without a picture
    is a problem. Pictures are opened for their size only.

    Args:
        path: Folder of ``.txt`` files; the list ``classes.txt`` is passed over.
        images: Folder of pictures; if not given, ``path`` with its last ``labels`` replaced by ``images``.
        classes: Label numbers; if not given, from ``data.yaml`` or ``classes.txt`` in ``path`` or in one of
            the two folders above it.
        stems: Pictures and label files to return, by path below their folder without suffix; all if not
            given.
        tolerance_px: How far a box may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the list of classes cannot be used.
        UsageError: If a folder does not exist, or no list of classes is found.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder of labels {printable(path)}.", "Check the name.")
    folder = _absolute(images) if images is not None else _sibling_images(path)
    class_map = classes if classes is not None else read_yolo_names(_find_names(path))
    labels = {
        file.relative_to(path).with_suffix("").as_posix(): file
        for file in path.rglob("*.txt")
        if not is_hidden(file.name) and file.name not in NAME_FILES
    }
    if stems is not None:
        labels = {stem: file for stem, file in labels.items() if stem in stems}
    read: list[AnnotatedImage] = []
    problems: list[AnnotationError] = []
    notes: list[str] = []
    for picture in find_images([folder]):
        relative = picture.path.relative_to(folder)
        stem = relative.with_suffix("").as_posix()
        if stems is not None and stem not in stems:
            continue
        file = labels.pop(stem, None)
        place = Place(printable(file if file is not None else picture.path))
        try:
            rows = Rows(measure_picture(picture.path, place))
            if file is not None:
                _read_lines(read_text(file), rows, class_map, tolerance_px, place, problems, notes)
            read.append(rows.build(relative.as_posix()))
        except AnnotationError as error:
            problems.append(error)
    problems += (
        Place(printable(labels[stem])).error("belongs to no picture", printable(folder))
        for stem in sorted(labels, key=path_key)
    )
    return AnnotationSet(class_map, tuple(read), tuple(problems), tuple(notes))


def read_yolo_names(path: Path) -> ClassMap:
    """Class names from ``data.yaml`` (``names``: a list, or numbers to names) or a text file, one a line.

    Raises:
        AnnotationError: If the file cannot be read or holds no usable names.
    """
    text, place = read_text(path), Place(printable(path))
    if path.suffix.lower() not in {".yaml", ".yml"}:
        return _class_map([line.strip() for line in text.splitlines() if line.strip()], place)
    try:
        content: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise place.at("the YAML", line).error(f"is malformed: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise place.at("the YAML").error("is malformed", str(error)) from None
    if not isinstance(content, dict) or "names" not in content:
        raise place.at("names").error("is missing")
    names = _ordered(content["names"], place.at("names"))
    if "nc" in content and content["nc"] != len(names):
        raise place.at("nc").error(f"disagrees with the {len(names)} names", _scalar(content["nc"]))
    return _class_map(names, place.at("names"))


def _ordered(names: Any, place: Place) -> list[Any]:
    if isinstance(names, dict):
        if set(names) != set(range(len(names))):
            raise place.error("is not numbered from 0 on without gaps", list(names)[:12])
        return [names[number] for number in range(len(names))]
    if not isinstance(names, list):
        raise place.error("is neither a list nor numbers to names", _scalar(names))
    return names


def _scalar(value: Any) -> Any:
    """A value as an error may show it: YAML's aliases can make a small file an endless list."""
    return value if isinstance(value, (str, int, float, bool)) else type(value).__name__


def _class_map(names: list[Any], place: Place) -> ClassMap:
    # YAML reads an unquoted `no` as a truth value and `12` as a number: neither is what was meant.
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise place.at(f"[{number}]").error("is no text", _scalar(name), "Put it in quotes.")
        if printable(name) != name:
            raise place.at(f"[{number}]").error("holds half of a character", printable(name))
    if not names:
        raise place.error("holds no name")
    if len(set(names)) != len(names):
        raise place.error("holds a name twice", names)
    return ClassMap(tuple(names))


def _read_lines(
    text: str,
    rows: Rows,
    class_map: ClassMap,
    tolerance_px: float,
    place: Place,
    problems: list[AnnotationError],
    notes: list[str],
) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        here = Place(place.path, number)
        try:
            was_cut = _read_line(line.split(), rows, class_map, tolerance_px, here)
        except AnnotationError as error:
            problems.append(error)
            continue
        if was_cut:
            notes.append(here.at("the box").note("was cut at the edge of the picture"))


def _read_line(
    columns: list[str], rows: Rows, class_map: ClassMap, tolerance_px: float, place: Place
) -> bool:
    if len(columns) != 5 and (len(columns) < 7 or len(columns) % 2 == 0):
        raise place.at("the line").error(
            "is neither a box (5 columns) nor a polygon (7, 9, 11 ...)", f"{len(columns)} columns"
        )
    label = _label(columns[0], class_map, place.at("class"))
    if len(columns) == 5:
        box, was_cut = _box(columns[1:], rows.size_hw, tolerance_px, place)
        rows.add(box, label)
        return was_cut
    box, mask = _polygon(columns[1:], rows.size_hw, tolerance_px, place)
    rows.add(box, label, mask)
    return False


def _label(text: str, class_map: ClassMap, place: Place) -> int:
    number = parse_number(text, place)  # some tools write 0.0
    if number != int(number) or not 0 <= number < len(class_map):
        raise place.error(f"is not the number of one of {len(class_map)} classes", text)
    return int(number)


def _box(
    columns: list[str], size_hw: tuple[int, int], tolerance_px: float, place: Place
) -> tuple[XyXy, bool]:
    values = [
        parse_number(text, place.at(name)) for name, text in zip(_BOX_COLUMNS[1:], columns, strict=True)
    ]
    for name, value in zip(_BOX_COLUMNS[3:], values[2:], strict=True):
        if value <= 0:
            raise place.at(name).error("is not positive", value)
    return fit_box(
        Boxes.from_yolo([values], size_hw).xyxy[0].tolist(), size_hw, tolerance_px, place.at("the box")
    )


def _polygon(
    columns: list[str], size_hw: tuple[int, int], tolerance_px: float, place: Place
) -> tuple[XyXy, Rle]:
    values = [
        parse_number(text, place.at(f"{'xy'[number % 2]}{number // 2}"))
        for number, text in enumerate(columns)
    ]
    height, width = size_hw
    corners = (np.array(values).reshape(-1, 2) * [width, height]).ravel().tolist()
    return rasterise([corners], size_hw, tolerance_px, place.at("the polygon"))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (links keep their names, as in find_images)


def _sibling_images(labels: Path) -> Path:
    parts = list(_absolute(labels).parts)
    if "labels" in parts:
        parts[len(parts) - 1 - parts[::-1].index("labels")] = "images"
        folder = Path(*parts)
        if folder.is_dir():
            return folder
    raise UsageError(
        f"There is no folder 'images' beside {printable(labels)}.",
        "Give the folder of pictures.",
        str(PurePosixPath(*parts[-2:])),
    )


def _find_names(labels: Path) -> Path:
    for folder in (labels, *_absolute(labels).parents[:2]):
        for name in NAME_FILES:
            if (folder / name).is_file():
                return folder / name
    raise UsageError(
        f"There is no list of classes for {printable(labels)}.",
        f"Put one of {', '.join(NAME_FILES)} there or up to two folders above, or give the classes.",
    )
