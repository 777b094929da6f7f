"""Label Studio JSON out: one task for each picture, and the labelling set-up that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lydite import __version__
from lydite.core import ClassMap
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.brush import pack_mask
from lydite.data.files import atomic_path, write_atomic
from lydite.data.xmltree import xml_text

SETUP = "label_config.xml"
_CONTROLS = {"rectanglelabels": "rectangle", "brushlabels": "brush"}


def write_label_studio(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write a list of tasks, and ``label_config.xml`` beside it, one picture in memory at a time.

    A row with a mask becomes a brush region, exact with its holes; one without becomes a rectangle in
    percent. A picture with scores becomes a prediction, one without an annotation. The size of a picture
    without rows stands in its ``data``. Cannot carry: the box of a row with a mask, where it differs from
    the box around that; ``crowd``, ``difficult``, ``occluded``, attributes; the order of the classes, but in
    ``label_config.xml``.

    Raises:
        OutputError: If it cannot be written, or XML cannot hold a class name; old files are untouched.
    """
    setup = _setup(annotations.class_map)
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        file.write("[")
        for number, image in enumerate(annotations.images):
            task = _task(image, annotations.class_map)
            # ASCII, since a file name may hold bytes that are no Unicode; JSON escapes carry them.
            file.write((",\n" if number else "\n") + json.dumps(task, ensure_ascii=True, allow_nan=False))
        file.write("\n]\n")
    write_atomic(path.with_name(SETUP), setup)


def _setup(class_map: ClassMap) -> str:
    labels = "".join(f'    <Label value="{xml_text(name)}"/>\n' for name in class_map)
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <RectangleLabels name="rectangle" toName="image">\n{labels}  </RectangleLabels>\n'
        f'  <BrushLabels name="brush" toName="image">\n{labels}  </BrushLabels>\n</View>\n'
    )


def _task(image: AnnotatedImage, class_map: ClassMap) -> dict[str, Any]:
    height, width = image.size_hw
    data = {"image": image.path, "width": width, "height": height}
    result = list(_regions(image, class_map))
    if image.scores is None:
        return {"data": data, "annotations": [{"result": result}]}
    known = image.scores[~np.isnan(image.scores)]
    prediction: dict[str, Any] = {"model_version": f"lydite {__version__}", "result": result}
    if len(known):
        prediction["score"] = float(known.mean())
    return {"data": data, "predictions": [prediction]}


def _regions(image: AnnotatedImage, class_map: ClassMap) -> Iterator[dict[str, Any]]:
    height, width = image.size_hw
    for row, label in enumerate(image.labels.tolist()):
        kind, value = _value(image, row)
        region: dict[str, Any] = {
            "id": image.ids[row] if image.ids is not None else f"r{row}",
            "type": kind,
            "from_name": _CONTROLS[kind],
            "to_name": "image",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {**value, kind: [class_map[label]]},
        }
        if image.scores is not None and not np.isnan(image.scores[row]):
            region["score"] = float(image.scores[row])
        yield region


def _value(image: AnnotatedImage, row: int) -> tuple[str, dict[str, Any]]:
    if image.masks is not None:
        mask = image.masks.decode(row)
        if mask.any():
            return "brushlabels", {"format": "rle", "rle": pack_mask(mask)}
    height, width = image.size_hw
    x0, y0, x1, y1 = (float(side) for side in image.boxes.xyxy[row])
    return "rectanglelabels", {
        "x": 100 * x0 / width,
        "y": 100 * y0 / height,
        "width": 100 * (x1 - x0) / width,
        "height": 100 * (y1 - y0) / height,
        "rotation": 0,
    }
