"""A finished run as it lies on disk, for those who read it and never write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lydite.core import ClassMap, InputError, ItemId, UsageError
from lydite.data import printable
from lydite.detect.run import DESCRIPTION, RunFolder
from lydite.detect.store import ImageRecord

INSTANCES = "instances.json"
SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRun:
    """What a run left behind.

    Args:
        folder: Where it lies.
        description: What the run is: settings, space, classes, exemplars.
        records: Its pictures that were looked at, in its order.
        failed: Items of its pictures that could not be used.
    """

    folder: RunFolder
    description: dict[str, Any]
    records: tuple[ImageRecord, ...]
    failed: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> FinishedRun:
        """Open the folder of a run.

        Raises:
            UsageError: If it is no run, or one that did not finish.
            InputError: If its files contradict each other or cannot be read.
        """
        name = printable(path)
        if not (path / DESCRIPTION).is_file():
            raise UsageError(
                f"Folder {name} holds no run.", "Name the folder that was the --out of lydite detect run."
            )
        if not (path / INSTANCES).is_file() or not (path / SUMMARY).is_file():
            raise UsageError(
                f"The run in {name} is not finished.", "Give its command again: it goes on where it stopped."
            )
        folder = RunFolder(path)
        try:
            covered = json.loads((path / INSTANCES).read_text(encoding="utf-8"))["images"]
            summary = json.loads((path / SUMMARY).read_text(encoding="utf-8"))
            failed = tuple(entry["item"] for entry in summary["failed"])
            records = _records(folder, [entry["file_name"] for entry in covered])
            description = folder.describe()
            ClassMap(tuple(description["classes"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The run in {name} cannot be read: {error!r}.",
                "Give its command again, or restore the folder.",
            ) from error
        return cls(folder, description, records, failed)

    @property
    def path(self) -> Path:
        """Where the run lies."""
        return self.folder.path

    @property
    def class_map(self) -> ClassMap:
        """The classes that it was asked for."""
        return ClassMap(tuple(self.description["classes"]))

    @property
    def settings(self) -> dict[str, Any]:
        """Flat names to values."""
        settings: dict[str, Any] = self.description["settings"]
        return settings

    def read_table(self, record: ImageRecord) -> pl.DataFrame:
        """All candidates of a picture, in the order of their numbers.

        Raises:
            InputError: If the table cannot be read.
        """
        try:
            return self.folder.shelf.read_table(ItemId.parse(record.item))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"The candidates of {record.item} cannot be read: {error}.", "Give the run's command again."
            ) from error


def _records(folder: RunFolder, paths: list[str]) -> tuple[ImageRecord, ...]:
    """The records of the pictures that ``instances.json`` covers; others are from earlier calls."""
    place = {path: number for number, path in enumerate(paths)}
    found: dict[str, ImageRecord] = {}
    for item in folder.shelf.items():
        if item.path in place:
            found[item.path] = folder.shelf.read_record(item)
    missing = [path for path in paths if path not in found]
    if missing:
        raise KeyError(f"no record of {missing[0]}")
    return tuple(found[path] for path in paths)
