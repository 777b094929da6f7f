"""One picture's result on disk: a table of all candidates and a small record beside it.

The record is written last and makes the result count; what a kill leaves half written is redone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lydite.core import ClassMap, ImageId, ItemId, Masks
from lydite.data import from_coco_rle, safe_stem, to_coco_rle, write_atomic
from lydite.data.files import os_errors_as_output_errors
from lydite.detect.detector import Detection

_BLOCK = pl.Struct({"rule": pl.String, "value": pl.Float64, "threshold": pl.Float64, "against": pl.Int64})
_CHANGE = pl.Struct({"setting": pl.String, "value": pl.Float64})
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item": pl.String,
    "region": pl.Int64,
    "class": pl.String,
    "outcome": pl.String,
    "score": pl.Float64,
    "rank": pl.Float64,
    "positive": pl.Float32,
    "negative": pl.Float32,
    "nearest_positive": pl.String,
    "nearest_positive_cosine": pl.Float32,
    "nearest_negative": pl.String,
    "nearest_negative_cosine": pl.Float32,
    "blocks": pl.List(_BLOCK),
    "flip": pl.List(_CHANGE),
    "x0": pl.Float32,
    "y0": pl.Float32,
    "x1": pl.Float32,
    "y1": pl.Float32,
    "area": pl.Int64,
    "border_distance": pl.Int64,
    "quality": pl.Float32,
    "surround": pl.Float32,
    "likeness_weight": pl.Float32,
    "shape_distance": pl.Float32,
    "origin": pl.String,
    "by_class": pl.List(pl.Float32),
    "nearest": pl.List(pl.Float32),
    "mask": pl.String,
}
"""Columns of ``decisions.parquet``: one row a candidate. ``positive``, ``negative``, ``nearest*`` and
``by_class`` are cosines, as is ``surround``; ``score`` is ``(positive + 1) / 2``; ``mask`` is COCO's
compressed RLE."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What became of one picture.

    Args:
        item: Text of its item id.
        path: The file.
        status: ``"done"`` or ``"failed"``.
        image_id: Content digest; empty when the file could not be read.
        size_hw: Height and width in pixels; ``(0, 0)`` when failed.
        funnel: How many candidates came how far.
        seconds: Wall time by stage.
        notes: What the decoder did to the picture.
        error: Why it failed; empty when done.
        resumed: True when an earlier session had done it.
    """

    item: str
    path: str
    status: str
    image_id: str = ""
    size_hw: tuple[int, int] = (0, 0)
    funnel: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""
    resumed: bool = False

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> ImageRecord:
        """A record from its ``asdict`` as JSON gave it back."""
        height, width = told["size_hw"]
        return cls(**{**told, "size_hw": (height, width), "notes": tuple(told["notes"])})


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder in which results of single pictures lie, by item."""

    folder: Path

    def table_path(self, item: ItemId) -> Path:
        """Where the candidates of an item lie."""
        return self.folder / f"{safe_stem(item)}.parquet"

    def record_path(self, item: ItemId) -> Path:
        """Where the record of an item lies."""
        return self.folder / f"{safe_stem(item)}.json"

    def write(self, detection: Detection, path: Path) -> ImageRecord:
        """Store a result; durable when this returns."""
        with os_errors_as_output_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        # Through memory, so that a full disk is the file system's error and not a parquet writer's.
        content = BytesIO()
        to_table(detection).write_parquet(content, compression="zstd")
        write_atomic(self.table_path(detection.item), content.getvalue())
        record = ImageRecord(
            str(detection.item),
            str(path),
            "done",
            str(detection.image_id),
            detection.size_hw,
            detection.funnel,
            detection.seconds,
            detection.notes,
        )
        write_atomic(self.record_path(detection.item), json.dumps(asdict(record), indent=1))
        return record

    def find(self, item: ItemId, image_id: ImageId) -> ImageRecord | None:
        """The record of a picture with this content, if it was finished and its table reads."""
        try:
            record = self.read_record(item)
            whole = record.image_id == str(image_id) and pl.read_parquet_schema(self.table_path(item))
        except (OSError, ValueError, TypeError, KeyError, pl.exceptions.PolarsError):
            return None
        return record if whole else None

    def read_record(self, item: ItemId) -> ImageRecord:
        """The record of an item, which must exist."""
        told = json.loads(self.record_path(item).read_text(encoding="utf-8"))
        return ImageRecord.of_json(told | {"resumed": True})

    def read_table(self, item: ItemId) -> pl.DataFrame:
        """All candidates of an item; columns as in ``SCHEMA``."""
        return pl.read_parquet(self.table_path(item))


def to_table(detection: Detection) -> pl.DataFrame:
    """All candidates of one picture with their numbers and reasons, one row each."""
    candidates, evidence, decisions = detection.candidates, detection.evidence, detection.decisions
    scores = evidence.scores
    names: ClassMap = decisions.class_map
    boxes = candidates.boxes.xyxy
    rows = np.arange(len(candidates))
    columns: dict[str, Any] = {
        "item": [str(detection.item)] * len(candidates),
        "region": candidates.numbers,
        "class": [names[int(label)] for label in decisions.labels],
        "outcome": [outcome.value for outcome in decisions.outcomes],
        "score": (decisions.positive.astype(np.float64) + 1) / 2,
        "rank": evidence.rank.astype(np.float64),
        "positive": decisions.positive,
        "negative": _nan_as_none(decisions.negative),
        "nearest_positive": list(decisions.nearest_positive),
        "nearest_positive_cosine": scores.nearest[:, 0] if len(rows) else [],
        "nearest_negative": list(decisions.nearest_negative),
        "nearest_negative_cosine": _nan_as_none(scores.nearest_negative_cosine),
        "blocks": [[asdict(block) for block in blocks] for blocks in decisions.blocks],
        "flip": [
            [{"setting": name, "value": value} for name, value in flip.changes] if flip else []
            for flip in decisions.flips
        ],
        "x0": boxes[:, 0],
        "y0": boxes[:, 1],
        "x1": boxes[:, 2],
        "y1": boxes[:, 3],
        "area": candidates.masks.areas,
        "border_distance": evidence.border_distance,
        "quality": candidates.quality,
        "surround": evidence.surround,
        "likeness_weight": scores.weight,
        "shape_distance": evidence.shape_distance,
        "origin": list(candidates.origins),
        "by_class": scores.by_class.tolist(),
        "nearest": [[v for v in row if v == v] for row in scores.nearest.tolist()],  # noqa: PLR0124 - NaN
        "mask": [rle["counts"] for rle in to_coco_rle(candidates.masks)],
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def masks_of(table: pl.DataFrame, size_hw: tuple[int, int]) -> Masks:
    """The masks of a table's rows."""
    return from_coco_rle([{"size": list(size_hw), "counts": counts} for counts in table["mask"]], size_hw)


def _nan_as_none(values: np.ndarray[Any, np.dtype[np.float32]]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
