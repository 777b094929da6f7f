"""A finished run as annotations: what it accepted, picture by picture, one in memory at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lydite.core import ClassMap, InputError, InvalidValue, ItemId, UsageError
from lydite.data import AnnotatedImage, printable
from lydite.data.rows import Place, parse_picture_path
from lydite.detect.run import DESCRIPTION, LIST, RunFolder
from lydite.detect.store import ImageRecord, masks_of

_NEEDED = (
    *(("", key) for key in ("fingerprint", "lydite", "exemplars")),
    *(("settings", key) for key in ("proposer", "max_bytes", "max_pixels")),
    *(("space", key) for key in ("encoder", "weights", "layer")),
)
"""What of a run's description those who read finished runs rely on."""


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


@dataclass(frozen=True, slots=True)
class AcceptedRun:
    """A run folder that ``finish`` has completed.

    Args:
        folder: The run folder.
        description: What the run is, as its ``run.json`` says.
        class_map: Its classes.
    """

    folder: RunFolder
    description: dict[str, Any]
    class_map: ClassMap

    @classmethod
    def open(cls, path: Path) -> AcceptedRun:
        """The run in a folder.

        Raises:
            UsageError: If the folder holds no run, or one that has not come to its end.
            InputError: If its description is damaged.
        """
        if not (path / DESCRIPTION).is_file():
            raise UsageError(
                f"{printable(path)} is no folder of a run.", "Give the folder of lydite detect run --out."
            )
        if not (path / LIST).is_file():
            raise UsageError(
                f"The run in {printable(path)} has not come to its end.",
                "Give the same lydite detect run again: it goes on where it stopped.",
            )
        folder = RunFolder(path)
        try:
            description = folder.describe()
            for part, key in _NEEDED:
                (description[part] if part else description)[key]
            return cls(folder, description, ClassMap(tuple(description["classes"])))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{printable(path / DESCRIPTION)} describes no run.",
                "Run again into another folder.",
                str(error),
            ) from error

    def count(self) -> tuple[int, int]:
        """How many pictures are done and how many failed."""
        counts = Counter(entry["status"] for entry in self._entries())
        return counts["done"], counts["failed"]

    def pictures(self) -> Iterator[Found]:
        """What was accepted in each picture that is done, in the run's order.

        Raises:
            InputError: If a result is gone or damaged.
            AnnotationError: If an item's path would leave the folder of pictures.
        """
        for entry in self._entries():
            if entry["status"] == "done":
                yield self._find(ItemId.parse(entry["item"]), entry["line"])

    def _find(self, item: ItemId, line: int) -> Found:
        path = parse_picture_path(item.path, Place(printable(self.folder.path / LIST), line, "item"))
        try:
            record = self.folder.shelf.read_record(item)
            table = self.folder.shelf.read_table(item).filter(pl.col("outcome") == "accepted")
            table = table.sort("rank", "region", descending=[True, False])
            masks = masks_of(table, record.size_hw)
            labels = [self.class_map.get_label(name) for name in table["class"]]
        except (OSError, ValueError, TypeError, KeyError, UsageError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"The result of {item} in {printable(self.folder.path)} cannot be read.",
                "Give the same lydite detect run again: it makes what is missing.",
                str(error),
            ) from error
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

    def _entries(self) -> Iterator[dict[str, Any]]:
        path = self.folder.path / LIST
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    entry = json.loads(line)
                    ItemId.parse(entry["item"])
                    yield {"item": entry["item"], "status": entry["status"], "line": number}
                except (ValueError, TypeError, KeyError, AttributeError, InvalidValue) as error:
                    raise InputError(
                        f"{printable(path)}, line {number}: is no entry of the list.",
                        "Give the same lydite detect run again: it writes the list anew.",
                        str(error),
                    ) from error
