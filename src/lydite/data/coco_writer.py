"""Writes COCO JSON picture by picture: memory does not grow with their number."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, ClassMap, InvalidValue, Masks
from lydite.data.files import atomic_path, os_errors_as_output_errors
from lydite.data.rle import to_coco_rle


class CocoWriter:
    """A COCO file that grows by ``add`` and appears, whole, when the ``with`` block ends well.

    Categories are numbered from 1 in the order of the class map, pictures and annotations from 1 in
    the order of arrival. If the block raises, nothing appears and an old file is untouched.

    Args:
        path: The JSON file.
        class_map: What the label numbers mean.
        info: The content of ``info``.
    """

    def __init__(self, path: Path, class_map: ClassMap, info: Mapping[str, Any] | None = None) -> None:
        self._path = Path(path)
        self._class_map = class_map
        self._info = dict(info or {})
        self._stack = ExitStack()
        self._seen: set[str] = set()
        self._annotations = 0

    def __enter__(self) -> CocoWriter:
        with os_errors_as_output_errors(self._path):
            # One part for pictures, one for annotations, in the folder that must hold the whole anyway.
            self._image_part = self._open_part()
            self._annotation_part = self._open_part()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                self._assemble()

    def add(
        self,
        path: str,
        size_hw: tuple[int, int],
        boxes: Boxes,
        labels: npt.ArrayLike,
        *,
        masks: Masks | None = None,
        scores: npt.ArrayLike | None = None,
        crowd: npt.ArrayLike | None = None,
        attributes: Sequence[Mapping[str, Any]] | None = None,
    ) -> int:
        """Append a picture and its annotations.

        Args:
            path: Relative to the folder of pictures, with ``/``; each once.
            size_hw: Height and width in pixels.
            boxes: ``n`` boxes.
            labels: ``(n,)`` label numbers.
            masks: ``n`` masks of this size; an empty one is written as no segmentation.
            scores: ``(n,)`` scores, written as ``score``; NaN is none.
            crowd: ``(n,)`` bool, written as ``iscrowd``.
            attributes: ``n`` mappings of JSON values, written as ``attributes`` where not empty.

        Returns:
            The picture's ``id`` in the file.

        Raises:
            InvalidValue: If columns differ in length, a label is unknown or the path was added before.
            OutputError: If the disk is full.
        """
        numbers = np.asarray(labels, np.int64).reshape(-1)
        self._check(
            path,
            size_hw,
            numbers,
            boxes=boxes,
            masks=masks,
            scores=scores,
            crowd=crowd,
            attributes=attributes,
        )
        self._seen.add(path)
        image_id = len(self._seen)
        image = {"id": image_id, "file_name": path, "width": int(size_hw[1]), "height": int(size_hw[0])}
        rows = _annotations(boxes, masks)
        with os_errors_as_output_errors(self._path):
            _append(self._image_part, image, first=image_id == 1)
            for row, annotation in enumerate(rows):
                self._annotations += 1
                entry: dict[str, Any] = {
                    "id": self._annotations,
                    "image_id": image_id,
                    "category_id": int(numbers[row]) + 1,
                    **annotation,
                    "iscrowd": int(bool(np.asarray(crowd)[row])) if crowd is not None else 0,
                }
                if scores is not None and not np.isnan(np.asarray(scores)[row]):
                    entry["score"] = float(np.asarray(scores)[row])
                if attributes is not None and attributes[row]:
                    entry["attributes"] = dict(attributes[row])
                _append(self._annotation_part, entry, first=self._annotations == 1)
        return image_id

    def _check(
        self, path: str, size_hw: tuple[int, int], labels: npt.NDArray[np.int64], **columns: Any
    ) -> None:
        if not path or path in self._seen:
            raise InvalidValue("CocoWriter path", "a relative path, each once", path)
        for name, column in columns.items():
            if column is not None and len(column) != len(labels):
                raise InvalidValue(f"CocoWriter {name}", f"of {len(labels)} rows", len(column))
        if columns["masks"] is not None and columns["masks"].size_hw != tuple(size_hw):
            raise InvalidValue("CocoWriter masks", f"of size {tuple(size_hw)}", columns["masks"].size_hw)
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(self._class_map):
            raise InvalidValue("CocoWriter labels", f"from 0 to {len(self._class_map) - 1}", labels.tolist())

    def _open_part(self) -> IO[str]:
        folder = self._path.parent
        part = tempfile.TemporaryFile("w+", encoding="ascii", prefix=".lydite-", dir=folder)  # noqa: SIM115
        return self._stack.enter_context(part)

    def _assemble(self) -> None:
        categories = [{"id": label + 1, "name": name} for label, name in enumerate(self._class_map)]
        with (
            atomic_path(self._path) as temporary,
            temporary.open("w", encoding="ascii", newline="\n") as file,
        ):
            file.write(
                f'{{"info": {_json(self._info)},\n"licenses": [],\n"categories": {_json(categories)},\n'
            )
            for key, part in (("images", self._image_part), ("annotations", self._annotation_part)):
                file.write(f'"{key}": [')
                part.seek(0)
                shutil.copyfileobj(part, file)
                file.write("\n],\n" if key == "images" else "\n]}\n")


def _annotations(boxes: Boxes, masks: Masks | None) -> list[dict[str, Any]]:
    """Geometry of each row, in COCO's words."""
    bbox = [[round(float(side), 4) for side in row] for row in boxes.to_xywh()]
    rows: list[dict[str, Any]] = [
        {"bbox": sides, "area": float(area), "segmentation": []}
        for sides, area in zip(bbox, boxes.areas, strict=True)
    ]
    if masks is not None:
        areas = masks.areas
        for row, rle in enumerate(to_coco_rle(masks)):
            if areas[row]:
                rows[row] |= {"area": int(areas[row]), "segmentation": rle}
    return rows


def _append(part: IO[str], entry: Mapping[str, Any], *, first: bool) -> None:
    part.write(("\n" if first else ",\n") + _json(entry))


def _json(value: Any) -> str:
    # ASCII, since a file name may hold bytes that are no Unicode; JSON escapes carry them.
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
