"""YOLO out: one text file for each picture, boxes or polygons relative to its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import yaml

from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.files import new_folder, write_once
from lydite.data.polygons import join, trace


def write_yolo(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write boxes as a new folder: ``data.yaml`` and ``labels/<picture>.txt``.

    The pictures belong beside ``labels``, in ``images``. Cannot carry: masks, scores, ids, attributes,
    ``crowd``, ``difficult``, ``occluded``; two pictures whose names differ only in their suffix.

    Raises:
        OutputConflict: If the folder holds anything.
        OutputError: If it cannot be written, or two pictures would share a file.
    """
    _write(path, annotations, _box_lines)


def write_yolo_polygons(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write masks as polygons, otherwise as ``write_yolo``.

    A polygon runs along the edges of pixels; holes and separate parts are joined to it by bridges that
    enclose nothing, so that filling by the even-odd rule gives the mask back, pixel by pixel. Programs that
    also paint the edge itself, or round corners to pixels, add a rim of a pixel and fill the bridges. A row
    without a mask becomes the polygon of its box. Cannot carry: what ``write_yolo`` cannot, masks excepted.

    Raises:
        OutputConflict: If the folder holds anything.
        OutputError: If it cannot be written, or two pictures would share a file.
    """
    _write(path, annotations, _polygon_lines)


def _write(
    path: Path,
    annotations: AnnotationSet | AnnotationStream,
    lines_of: Callable[[AnnotatedImage], Iterator[str]],
) -> None:
    folder = new_folder(path)
    described = {"train": "images", "val": "images", "names": dict(enumerate(annotations.class_map))}
    write_once(folder / "data.yaml", yaml.safe_dump(described, allow_unicode=True, sort_keys=False), "")
    new_folder(folder / "labels")
    for image in annotations.images:
        name = PurePosixPath(image.path).with_suffix(".txt")
        write_once(folder / "labels" / name, "".join(lines_of(image)), image.path)


def _box_lines(image: AnnotatedImage) -> Iterator[str]:
    for label, sides in zip(image.labels, image.boxes.to_yolo(image.size_hw), strict=True):
        yield _line(label, sides)


def _polygon_lines(image: AnnotatedImage) -> Iterator[str]:
    height, width = image.size_hw
    for row, label in enumerate(image.labels):
        rings = trace(image.masks, row) if image.masks is not None else []
        x0, y0, x1, y1 = image.boxes.xyxy[row].tolist()
        corners = join(rings) if rings else np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        yield _line(label, (corners / [width, height]).ravel())


def _line(label: np.int64, values: npt.NDArray[np.float64]) -> str:
    # Nine digits: a thousandth of a pixel in the largest picture that can be opened.
    return (
        " ".join((str(label), *(f"{value:.9f}".rstrip("0").rstrip(".") for value in values.tolist()))) + "\n"
    )
