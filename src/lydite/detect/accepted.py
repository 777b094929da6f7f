"""What a finished run accepted, as annotations: one picture in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from lydite.core import UsageError
from lydite.data import AnnotatedImage, printable
from lydite.data.rows import Place, parse_picture_path
from lydite.detect.finished import Entry, FinishedRun
from lydite.detect.run_folder import LIST
from lydite.detect.store import ImageRecord, masks_of


@dataclass(frozen=True, slots=True)
class Found:
    """What a run accepted in one picture.

    Args:
        record: The picture.
        image: Its instances, best first: boxes, masks, classes, scores; ids are region ids.
        regions: Their numbers within the picture.
    """

    record: ImageRecord
    image: AnnotatedImage
    regions: tuple[int, ...]


def read_accepted(run: FinishedRun) -> Iterator[Found]:
    """What was accepted in each picture that is done, in the run's order.

    Raises:
        InputError: If a result is gone or damaged.
        AnnotationError: If an item's path would leave the folder of pictures.
    """
    return (_find(run, entry) for entry in run.entries() if entry.status == "done")


def _find(run: FinishedRun, entry: Entry) -> Found:
    item = entry.item
    path = parse_picture_path(item.path, Place(printable(run.path / LIST), entry.line, "item"))
    record = run.read_record(item)
    table = run.read_table(record)
    try:
        table = table.filter(pl.col("outcome") == "accepted")
        table = table.sort("rank", "region", descending=[True, False])
        masks = masks_of(table, record.size_hw)
        labels = [run.class_map.get_label(name) for name in table["class"]]
    except (ValueError, TypeError, KeyError, UsageError, pl.exceptions.PolarsError) as error:
        raise run.unreadable(item, error) from error
    regions = tuple(table["region"].to_list())
    image = AnnotatedImage(
        path,
        record.size_hw,
        masks.boxes,
        np.array(labels, np.int64),
        masks if len(masks) else None,
        tuple(f"{item}#{number}" for number in regions),
        scores=table["score"].to_numpy(),
        attributes=tuple({"nearest_positive": name} for name in table["nearest_positive"]),
    )
    return Found(record, image, regions)
