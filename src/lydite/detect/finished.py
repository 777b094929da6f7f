"""A finished run as it lies on disk, for those who read it and never write it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lydite.core import ClassMap, InputError, InvalidValue, ItemId, UsageError
from lydite.data import printable
from lydite.detect.run_folder import DESCRIPTION, LIST, RunFolder
from lydite.detect.store import ImageRecord

_NEEDED = (
    *(("", key) for key in ("fingerprint", "lydite", "exemplars")),
    *(("settings", key) for key in ("proposer", "max_bytes", "max_pixels")),
    *(("space", key) for key in ("encoder", "weights", "layer")),
)
"""What of a run's description those who read finished runs rely on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list of a run's pictures.

    Args:
        item: The picture's row.
        status: ``"done"`` or ``"failed"``.
        line: Its number in the list, from 1.
    """

    item: ItemId
    status: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRecords:
    """Records of a run, each read from its folder when its turn comes: one in memory at a time.

    Args:
        run: The run.
    """

    run: FinishedRun

    def __len__(self) -> int:
        return self.run.count()[0]

    def __iter__(self) -> Iterator[ImageRecord]:
        """From the first; may be asked for again.

        Raises:
            InputError: If one is gone or damaged.
        """
        return (self.run.read_record(entry.item) for entry in self.run.entries() if entry.status == "done")


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """A run folder that ``finish`` has completed.

    Args:
        folder: Where it lies.
        description: What the run is: settings, space, classes, exemplars.
        class_map: Its classes.
    """

    folder: RunFolder
    description: dict[str, Any]
    class_map: ClassMap

    @classmethod
    def open(cls, path: Path) -> FinishedRun:
        """Open the folder of a run.

        Raises:
            UsageError: If it is no run, or one that has not come to its end.
            InputError: If its description is damaged.
        """
        if not (path / DESCRIPTION).is_file():
            raise UsageError(
                f"Folder {printable(path)} holds no run.",
                "Name the folder that was the --out of lydite detect run.",
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

    @property
    def path(self) -> Path:
        """Where the run lies."""
        return self.folder.path

    @property
    def settings(self) -> dict[str, Any]:
        """Flat names to values."""
        settings: dict[str, Any] = self.description["settings"]
        return settings

    def entries(self) -> Iterator[Entry]:
        """The pictures that the run covers, in its order, one line in memory at a time.

        Raises:
            InputError: If a line is damaged.
        """
        path = self.path / LIST
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    entry = json.loads(line)
                    yield Entry(ItemId.parse(entry["item"]), str(entry["status"]), number)
                except (ValueError, TypeError, KeyError, AttributeError, InvalidValue) as error:
                    raise InputError(
                        f"{printable(path)}, line {number}: is no entry of the list.",
                        "Give the same lydite detect run again: it writes the list anew.",
                        str(error),
                    ) from error

    def count(self) -> tuple[int, int]:
        """How many pictures are done and how many failed."""
        counts = Counter(entry.status for entry in self.entries())
        return counts["done"], counts["failed"]

    @property
    def records(self) -> FinishedRecords:
        """The pictures that were looked at; those of earlier calls that are not in the list are left out."""
        return FinishedRecords(self)

    @property
    def failed(self) -> tuple[str, ...]:
        """Items of the pictures that could not be used."""
        return tuple(str(entry.item) for entry in self.entries() if entry.status != "done")

    def read_record(self, item: ItemId) -> ImageRecord:
        """The record of a picture.

        Raises:
            InputError: If it is gone or damaged.
        """
        try:
            return self.folder.shelf.read_record(item)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise self.unreadable(item, error) from error

    def read_table(self, record: ImageRecord) -> pl.DataFrame:
        """All candidates of a picture, in the order of their numbers.

        Raises:
            InputError: If the table cannot be read.
        """
        item = ItemId.parse(record.item)
        try:
            return self.folder.shelf.read_table(item)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self.unreadable(item, error) from error

    def unreadable(self, item: ItemId, error: Exception) -> InputError:
        """The error for a result that cannot be used, ready to be raised."""
        return InputError(
            f"The result of {item} in {printable(self.path)} cannot be read.",
            "Give the same lydite detect run again: it makes what is missing.",
            str(error),
        )
