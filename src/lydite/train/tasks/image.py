"""The task of whole pictures: one label a picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ClassMap, ImageError, ImageId, InputError, InvalidValue, ItemId
from lydite.data import load_image
from lydite.data.dataset import TEST_SPLIT, DatasetVersion
from lydite.train.tasks.base import UNLABELLED, Rows


@dataclass(frozen=True, eq=False)
class ImageTask:
    """Pictures with labels, row by row; see ``Task``.

    Args:
        items: ``n`` distinct items.
        pictures: Their pictures.
        labels: ``(n,)`` int64, ``UNLABELLED`` where there is none.
        classes: What labels mean.
        groups: Group of each; empty where there is none.
        splits: Split of each; empty where there is none.
        paths: File of each.

    Raises:
        InvalidValue: If columns differ in length, an item stands twice, or a label is out of range.
    """

    items: tuple[ItemId, ...]
    pictures: tuple[ImageId, ...]
    labels: Rows
    classes: ClassMap
    groups: tuple[str, ...]
    splits: tuple[str, ...]
    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, np.int64))
        columns = (self.items, self.pictures, self.labels, self.groups, self.splits, self.paths)
        if len({len(column) for column in columns}) != 1:
            raise InvalidValue("ImageTask", "columns of one length", [len(column) for column in columns])
        if len(set(self.items)) != len(self.items):
            raise InvalidValue("ImageTask.items", "distinct", len(self.items) - len(set(self.items)))
        odd = (self.labels < UNLABELLED) | (self.labels >= len(self.classes))
        if odd.any():
            raise InvalidValue(
                "ImageTask.labels", f"in -1..{len(self.classes) - 1}", int(self.labels[odd][0])
            )

    @classmethod
    def of_version(cls, version: DatasetVersion) -> ImageTask:
        """The items of a version that have a picture, and a label or the split ``test``.

        Raises:
            InputError: If no item outside the split ``test`` has a label.
        """
        table = version.items.with_columns(file=pl.Series([str(path) for path in version.picture_paths()]))
        tested = pl.col("split").fill_null("") == TEST_SPLIT
        table = table.filter(pl.col("image").is_not_null() & (pl.col("label").is_not_null() | tested))
        if not len(table.filter(~tested)):
            raise InputError(
                "No picture outside the split 'test' has a label, so there is nothing to learn from.",
                "Label some, or name folders after their classes.",
                version.info.items,
            )
        number = {name: label for label, name in enumerate(version.class_map)}
        return cls(
            tuple(map(ItemId.parse, table["item"])),
            tuple(map(ImageId, table["image"])),
            np.array([number.get(label, UNLABELLED) for label in table["label"]], np.int64),
            version.class_map,
            tuple(table["group"].fill_null("")),
            tuple(table["split"].fill_null("")),
            tuple(table["file"]),
        )

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def digest(self) -> str:
        """As ``Task.digest``; where the files lie is no part of it."""
        columns = (
            map(str, self.items),
            map(str, self.pictures),
            self.labels.tolist(),
            self.groups,
            self.splits,
        )
        told = json.dumps([self.classes.names, sorted(zip(*columns, strict=True))], separators=(",", ":"))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def load(self, row: int) -> npt.NDArray[np.uint8]:
        """As ``Task.load``."""
        picture = load_image(Path(self.paths[row]))
        if picture.image_id != self.pictures[row]:
            raise ImageError(
                self.paths[row],
                "has changed since the data were read",
                "Bring the old file back, or import the data again and begin another run.",
                picture.image_id.short,
            )
        return picture.pixels
