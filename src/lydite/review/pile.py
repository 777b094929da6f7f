"""What is to be reviewed: items with labels, or regions with proposed classes, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, InvalidValue, ItemId, RegionId
from lydite.data import list_images
from lydite.data.dataset import DatasetVersion
from lydite.review.fold import Subject

UNLABELLED = ""
SOURCE = "images"
"""Source of the items of a plain folder, as of ``find_images``."""


class Paths(Sequence[Path]):
    """Paths that are made when they are asked for: of tens of thousands a page shows few.

    Args:
        texts: The paths as texts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    @overload
    def __getitem__(self, row: int) -> Path: ...
    @overload
    def __getitem__(self, row: slice) -> Paths: ...
    def __getitem__(self, row: int | slice) -> Path | Paths:
        return Paths(self._texts[row]) if isinstance(row, slice) else Path(self._texts[row])

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Where regions lie in their pictures; row-aligned with a pile.

    Args:
        boxes: ``(n, 4)`` float32 xyxy on pixel edges, origin 0.
        sizes_hw: ``(n, 2)`` int64 height and width of the pictures.
        masks: COCO's compressed counts of each mask; empty for a plain box.
        scores: ``(n,)`` float64 of whoever proposed them, in 0..1; NaN where there is none.
    """

    boxes: npt.NDArray[np.float32]
    sizes_hw: npt.NDArray[np.int64]
    masks: tuple[str, ...]
    scores: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pile:
    """Row-aligned subjects.

    Args:
        subjects: ``n`` items or ``n`` regions, each once.
        paths: ``n`` files that show them.
        labels: ``n`` class names; ``""`` where there is no label yet.
        class_map: All classes in order; every label is one of them.
        shapes: For regions only.

    Raises:
        InvalidValue: If columns differ in length, a subject stands twice, or a label is no class.
    """

    subjects: tuple[Subject, ...]
    paths: Sequence[Path]
    labels: tuple[str, ...]
    class_map: ClassMap
    shapes: Shapes | None = None

    def __post_init__(self) -> None:
        lengths = [len(self.subjects), len(self.paths), len(self.labels)]
        if self.shapes is not None:
            lengths += [len(self.shapes.boxes), len(self.shapes.sizes_hw), len(self.shapes.masks)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Pile", "columns of one length", lengths)
        if len(self.rows) != len(self.subjects):
            raise InvalidValue("Pile.subjects", "distinct", len(self.subjects) - len(self.rows))
        strange = set(self.labels) - set(self.class_map) - {UNLABELLED}
        if strange:
            raise InvalidValue("Pile.labels", "of the class map", sorted(strange)[0])

    def __len__(self) -> int:
        return len(self.subjects)

    @cached_property
    def rows(self) -> dict[Subject, int]:
        """Row of each subject."""
        return {subject: row for row, subject in enumerate(self.subjects)}

    @cached_property
    def digest(self) -> str:
        """12 hexadecimal digits that tell this pile, in this order, from others."""
        text = "\n".join(
            f"{subject}\t{label}" for subject, label in zip(self.subjects, self.labels, strict=True)
        )
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]

    @cached_property
    def label_numbers(self) -> npt.NDArray[np.int64]:
        """``(n,)`` number of each label in the class map; -1 where there is none."""
        numbers = {name: number for number, name in enumerate(self.class_map)}
        return np.array([numbers.get(label, -1) for label in self.labels], np.int64)

    def item_of(self, row: int) -> ItemId:
        """The item that a row shows."""
        subject = self.subjects[row]
        return subject.item if isinstance(subject, RegionId) else subject


def pile_of_folder(folder: Path) -> Pile:
    """Pictures below a folder; the first folder on the way to a picture is its label.

    Raises:
        UsageError: If the folder does not exist or holds no picture.
    """
    names, places = zip(*list_images([folder]), strict=True)
    items = tuple(ItemId(SOURCE, name) for name in names)
    parts = (item.path.partition("/") for item in items)
    labels = tuple(first if slash else UNLABELLED for first, slash, _ in parts)
    classes = ClassMap(tuple(sorted(set(labels) - {UNLABELLED})))
    return Pile(items, Paths(places), labels, classes)


def pile_of_version(version: DatasetVersion, *, regions: bool = False) -> Pile:
    """The items of a version of a dataset, or its regions."""
    paths = version.picture_paths()
    items = version.items
    if not regions:
        subjects = tuple(map(ItemId.parse, items["item"]))
        labels = tuple(items["label"].fill_null(UNLABELLED))
        return Pile(subjects, paths, labels, version.class_map)
    at = dict(zip(items["item"], paths, strict=True))
    table = version.regions.join(items.select("item", "height", "width"), on="item", maintain_order="left")
    shapes = Shapes(
        table.select("x0", "y0", "x1", "y1").to_numpy().astype(np.float32).reshape(-1, 4),
        table.select("height", "width").fill_null(0).to_numpy().astype(np.int64).reshape(-1, 2),
        tuple(table["mask"].fill_null("")),
        np.full(len(table), np.nan),
    )
    return Pile(
        tuple(map(RegionId.parse, table["region"])),
        tuple(at[item] for item in table["item"]),
        tuple(table["label"].fill_null(UNLABELLED)),
        version.class_map,
        shapes,
    )
