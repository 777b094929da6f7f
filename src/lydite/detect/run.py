"""A batch of pictures into one folder that can be interrupted, resumed, read and believed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lydite import __version__
from lydite.core import ClassMap, ContractError, ImageError, ItemId, OutputError
from lydite.data import CocoWriter, ImageFile, atomic_path, load_image, printable, write_atomic
from lydite.detect.detector import Detector
from lydite.detect.join_tables import join_tables
from lydite.detect.records import Records
from lydite.detect.run_folder import DECISIONS, DESCRIPTION, LIST, SUMMARY, RunFolder
from lydite.detect.store import ImageRecord, Shelf, masks_of
from lydite.engines import Engine, Failure


def process(
    folder: RunFolder, detector: Detector, images: tuple[ImageFile, ...], engine: Engine
) -> Iterator[ImageRecord]:
    """Detect in every picture that is not done yet; yields a record a picture, in order.

    A picture that cannot be used yields a failed record and the batch goes on; a folder that cannot
    be written ends it.
    """
    shelf = folder.shelf
    for outcome in engine.map(_Work(shelf), images, setup=_Given(detector, folder.path)):
        if isinstance(outcome, Failure):
            if not _is_about_the_picture(outcome.error):
                raise outcome.error
            file: ImageFile = outcome.item
            told = str(outcome.error)
            if file.path.name not in told:  # the error of a proposer or an encoder knows no file
                told = f"{printable(file.path)}: {told}"
            yield ImageRecord(str(file.item), str(file.path), "failed", error=told)
        else:
            yield outcome.value


def finish(folder: RunFolder, detector: Detector, records: Records, workers: int = 1) -> dict[str, Any]:
    """Assemble the files that cover all pictures; returns the summary that is also written."""
    return assemble(folder, detector.bank.class_map, detector.space.encoder, records, workers)


def assemble(
    folder: RunFolder, class_map: ClassMap, encoder: str, records: Records, workers: int = 1
) -> dict[str, Any]:
    """As ``finish``, for a folder whose detector is not at hand."""
    items = (ItemId.parse(record.item) for record in _done(records))
    join_tables(folder.path / DECISIONS, map(folder.shelf.table_path, items))
    classes = _write_instances(folder, class_map, encoder, records)
    _write_list(folder, records)
    summary = summarise(records, classes) | {"workers": workers}
    write_atomic(folder.path / SUMMARY, json.dumps(summary, indent=1))
    return summary


def summarise(records: Records, classes: Mapping[str, int]) -> dict[str, Any]:
    """Counts, seconds and problems of a run."""
    funnel: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    done = resumed = empty = 0
    for record in _done(records):
        funnel.update(record.funnel)
        seconds.update(record.seconds)
        done += 1
        resumed += record.resumed
        empty += record.funnel.get("accepted", 0) == 0
    return {
        "pictures": len(records),
        "done": done,
        "resumed": resumed,
        "failed": [
            {"item": record.item, "path": record.path, "error": record.error}
            for record in records
            if record.status == "failed"
        ],
        "empty": empty,
        "funnel": dict(funnel),
        "instances_by_class": dict(classes),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
    }


@dataclass(frozen=True, slots=True)
class _Given:
    """The detector itself, carried to a worker, who must see the run's folder."""

    detector: Detector
    folder: Path

    def __call__(self) -> Detector:
        if not (self.folder / DESCRIPTION).is_file():
            raise OutputError(
                f"A worker does not see the run in {self.folder}.",
                "Workers on several machines need pictures and --out in folders that all of them share.",
            )
        return self.detector


@dataclass(frozen=True, slots=True)
class _Work:
    """One picture: skip it if it is done, else detect and store."""

    shelf: Shelf

    def __call__(self, detector: Detector, file: ImageFile) -> ImageRecord:
        picture = load_image(file.path, detector.settings.limits.to_image_limits())
        found = self.shelf.find(file.item, picture.image_id)
        if found is not None:
            return found
        return self.shelf.write(detector.detect(picture, file.item), file.path)


def _done(records: Records) -> Iterator[ImageRecord]:
    return (record for record in records if record.status == "done")


def _write_list(folder: RunFolder, records: Records) -> None:
    path = folder.path / LIST
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for record in records:
            file.write(json.dumps({"item": record.item, "status": record.status}) + "\n")


def _write_instances(folder: RunFolder, class_map: ClassMap, encoder: str, records: Records) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(class_map, 0))
    info = {
        "description": f"lydite {__version__}, encoder {encoder}",
        "run": folder.describe()["fingerprint"],
    }
    with CocoWriter(folder.path / "instances.json", class_map, info) as writer:
        for record in _done(records):
            item = ItemId.parse(record.item)
            table = folder.shelf.read_table(item).filter(pl.col("outcome") == "accepted")
            table = table.sort("rank", descending=True)
            counts.update(table["class"].to_list())
            masks = masks_of(table, record.size_hw)
            writer.add(
                item.path,
                record.size_hw,
                masks.boxes,
                masks=masks,
                labels=[class_map.get_label(name) for name in table["class"]],
                scores=table["score"].to_list(),
                attributes=[
                    {"region": f"{item}#{number}", "nearest_positive": nearest}
                    for number, nearest in zip(table["region"], table["nearest_positive"], strict=True)
                ],
            )
    return counts


def _is_about_the_picture(error: Exception) -> bool:
    return isinstance(error, ImageError | ContractError)
