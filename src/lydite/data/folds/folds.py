"""Which fold each item belongs to: one row an item, stored and never recomputed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from lydite.core import InputError, InvalidValue
from lydite.data.folds.balance import imbalance, tally

Numbers = npt.NDArray[np.int16]
MAX_FOLDS = 1000


class Way(StrEnum):
    """How items are dealt out."""

    STRATIFIED = "stratified"
    """Every fold has its share of every label."""
    STRATIFIED_GROUPS = "stratified-groups"
    """Every fold has its share of every label and group: groups are split on purpose."""
    GROUPED = "grouped"
    """A group stands in one fold only; labels are as even as that allows."""


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Row-aligned folds, with the labels and groups from which they were made.

    Args:
        ids: ``n`` item ids, each one once.
        labels: ``n`` texts.
        groups: ``n`` texts; an item without a group is its own, under its id.
        numbers: ``(n,)`` int16 in ``0..count - 1``: the fold in which the item is held out.
        present: ``(n,)`` bool: False for items that a later table no longer holds. They keep their fold.
        count: Number of folds.
        way: How they were dealt out.
        source: Digest of what they were made from, see ``source_digest``.

    Raises:
        InvalidValue: If columns differ in length, an id stands twice, a number is out of range, a fold has
            no present item, or, for ``Way.GROUPED``, a group stands in two folds.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    numbers: Numbers
    present: npt.NDArray[np.bool_]
    count: int
    way: Way
    source: str

    def __post_init__(self) -> None:
        for name in ("ids", "labels", "groups"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "numbers", np.ascontiguousarray(self.numbers, np.int16))
        object.__setattr__(self, "present", np.ascontiguousarray(self.present, np.bool_))
        lengths = [len(c) for c in (self.ids, self.labels, self.groups, self.numbers, self.present)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Folds", "columns of one length", lengths)
        if len(set(self.ids)) != len(self.ids):
            raise InvalidValue("Folds.ids", "distinct", len(self.ids) - len(set(self.ids)))
        outside = (self.numbers < 0) | (self.numbers >= self.count)
        if outside.any():
            raise InvalidValue("Folds.numbers", f"in 0..{self.count - 1}", int(self.numbers[outside][0]))
        sizes = self.sizes
        if not sizes.all():
            raise InvalidValue("Folds", "without an empty fold", sizes.tolist())
        if self.way is Way.GROUPED:
            numbers = self.numbers.tolist()
            home = dict(zip(self.groups, numbers, strict=True))
            if list(map(home.__getitem__, self.groups)) != numbers:
                raise InvalidValue("Folds.groups", "each in one fold", "a group in two folds")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """``(count,)`` present items of each fold."""
        return np.bincount(self.numbers[self.present], minlength=self.count)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Labels of present items, sorted: the rows of ``class_counts``."""
        return tuple(sorted({label for label, here in zip(self.labels, self.present, strict=True) if here}))

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """``(classes, count)`` present items of each class in each fold."""
        _, codes = np.unique(np.array(self.labels)[self.present], return_inverse=True)
        return tally(codes, self.numbers[self.present], self.count)

    @property
    def imbalance(self) -> float:
        """Mean over classes of the standard deviation, over folds, of the class's share; 0 is even."""
        return imbalance(self.class_counts)

    def numbers_of(self, ids: Sequence[str]) -> Numbers:
        """The fold of each id, in the order asked for.

        Raises:
            InputError: If an id has no fold; says how many and names the first.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in place]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(ids)} items have no fold.",
                "Align the folds with the table that holds them.",
                missing[0],
            )
        return self.numbers[[place[name] for name in ids]]


def source_digest(
    ids: Sequence[str], labels: Sequence[str], groups: Sequence[str], way: Way, count: int, parent: str = ""
) -> str:
    """SHA-256 (hex) of what decides folds; the order of rows does not matter.

    Args:
        ids: Item ids, each one once.
        labels: Their labels.
        groups: Their groups.
        way: How they are dealt out.
        count: Number of folds.
        parent: The digest of the folds that these are aligned with.
    """
    order = sorted(range(len(ids)), key=ids.__getitem__)
    rows = [(ids[row], labels[row], groups[row]) for row in order]
    text = json.dumps(["folds 1", way, count, parent, rows], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
