"""All items of a scan side by side: what the checks of the whole pile look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lydite.clean.stack import Tall, blocks
from lydite.clean.twins.pairs import Pairs, find_pairs
from lydite.core import InvalidValue
from lydite.data.dataset import TEST_SPLIT

_FIRST = (TEST_SPLIT, "val", "valid", "validation")
"""Splits in which the one of two duplicates stays; any other one gives way."""


@dataclass(frozen=True, eq=False)
class Pile:
    """Row-aligned columns of the items.

    Args:
        items: ``n`` distinct ids.
        images: ``n`` hashes of the file; ``None`` if the picture could not be read.
        labels: ``n`` labels, ``None`` where there is none.
        groups: ``n`` groups, ``None`` where there is none.
        splits: ``n`` splits, ``None`` where there is none.
        areas: ``(n,)`` int64 pixels, 0 if unknown.
        thumbs: ``(n, 64, 64)`` uint8, an array or a stack on disk; rows without picture are 0.
        vectors: ``(n, dim)`` float32 unit vectors, an array or a stack on disk; NaN where there is none,
            ``None`` without an encoder.

    Raises:
        InvalidValue: If columns differ in length.
    """

    items: tuple[str, ...]
    images: tuple[str | None, ...]
    labels: tuple[str | None, ...]
    groups: tuple[str | None, ...]
    splits: tuple[str | None, ...]
    areas: npt.NDArray[np.int64]
    thumbs: Tall
    vectors: Tall | None

    def __post_init__(self) -> None:
        lengths = [
            len(c)
            for c in (
                self.items,
                self.images,
                self.labels,
                self.groups,
                self.splits,
                self.areas,
                self.thumbs,
            )
        ]
        lengths += [] if self.vectors is None else [len(self.vectors)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Pile", "columns of one length", lengths)

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def readable(self) -> npt.NDArray[np.int64]:
        """Rows whose picture could be read."""
        return np.array([row for row, image in enumerate(self.images) if image is not None], np.int64)

    @cached_property
    def encoded(self) -> npt.NDArray[np.bool_]:
        """``(n,)``: items with a vector."""
        found = np.zeros(len(self), np.bool_)
        for rows, block in () if self.vectors is None else blocks(self.vectors):
            found[rows] = np.isfinite(block[:, 0])
        return found

    @cached_property
    def tested(self) -> npt.NDArray[np.bool_]:
        """``(n,)``: items of the split test."""
        return np.array([split == TEST_SPLIT for split in self.splits], np.bool_)

    @cached_property
    def pairs(self) -> Pairs:
        """Pictures that show the same, with their similarity; equal files included."""
        return find_pairs(self.thumbs, self.images)

    @cached_property
    def standing(self) -> npt.NDArray[np.int64]:
        """``(n,)`` place of each item when duplicates are compared: of two, the one with the smaller stays.

        Test before validation before the rest, then the larger picture, then the id.
        """
        ranks = {split: place for place, split in enumerate(_FIRST)}
        keys = [
            (ranks.get(split or "", len(ranks)), -int(area), item)
            for split, area, item in zip(self.splits, self.areas, self.items, strict=True)
        ]
        order = sorted(range(len(self)), key=keys.__getitem__)
        standing = np.empty(len(self), np.int64)
        standing[order] = np.arange(len(self))
        return standing
