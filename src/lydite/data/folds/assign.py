"""Make folds for a table of items, or keep those that exist and place what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from lydite.core import InputError, InvalidValue, UsageError
from lydite.data.folds.balance import Ints, tally
from lydite.data.folds.folds import MAX_FOLDS, Folds, Way, source_digest
from lydite.data.folds.grouping import place_groups
from lydite.data.folds.strata import place_items

_NO_VALUE = frozenset({"", "nan", "null", "none"})


@dataclass(frozen=True, slots=True)
class Items:
    """What folds are made from: one row an item.

    Args:
        ids: Item ids, each one once.
        labels: Label of each.
        groups: Group of each (product code, patient, video); ``None`` makes every item its own group.

    Raises:
        InvalidValue: If there is no item, columns differ in length, or an id stands twice.
        InputError: If a label or group is missing (empty, NaN, null); names the first such item.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("ids", "labels", "groups"):
            column = getattr(self, name)
            object.__setattr__(self, name, None if column is None else _texts(column))
        lengths = {"ids": len(self.ids), "labels": len(self.labels), "groups": len(self.own_groups)}
        if not self.ids or len(set(lengths.values())) != 1:
            raise InvalidValue("Items", "columns of one length, at least one row", lengths)
        if len(set(self.ids)) != len(self.ids):
            twice = [name for name, times in Counter(self.ids).items() if times > 1]
            raise InvalidValue("Items.ids", "distinct", twice[0])
        for kind, column in (("label", self.labels), ("group", self.groups or ())):
            absent = {value for value in set(column) if value.strip().lower() in _NO_VALUE}
            if absent:
                rows = [row for row, value in enumerate(column) if value in absent]
                raise InputError(
                    f"{len(rows)} of {len(self.ids)} items have no {kind}, first {self.ids[rows[0]]!r}.",
                    f"Give each item a {kind}, or leave these items out.",
                    column[rows[0]],
                )

    @property
    def own_groups(self) -> tuple[str, ...]:
        """The group of each item; its own id where there are no groups."""
        return self.ids if self.groups is None else self.groups


def make_folds(items: Items, count: int, way: Way | None = None) -> Folds:
    """Deal items out to folds. The same items, in any order, get the same folds.

    Args:
        items: What is dealt out.
        count: Number of folds, 2 or more.
        way: How; if ``None``, grouped where there are groups, else stratified.

    Raises:
        UsageError: If there are more folds than items (or groups, for ``Way.GROUPED``), or the way needs
            groups and there are none.
    """
    chosen = way or (Way.STRATIFIED if items.groups is None else Way.GROUPED)
    if chosen is not Way.STRATIFIED and items.groups is None:
        raise UsageError(f"Folds that are {chosen.value} need groups.", "Name the column of groups.")
    kind = "groups" if chosen is Way.GROUPED else "items"
    most = len(set(items.own_groups)) if chosen is Way.GROUPED else len(items.ids)
    if not 2 <= count <= min(most, MAX_FOLDS):
        raise UsageError(
            f"There are {most} {kind}, so the number of folds must lie in 2..{min(most, MAX_FOLDS)}.",
            "Ask for another number of folds." if most > 1 else "Add items of other groups.",
            count,
        )
    classes = _codes(items.labels)
    numbers = _place(items.ids, classes, items.own_groups, count, chosen, None)
    source = source_digest(items.ids, items.labels, items.own_groups, chosen, count)
    present = np.ones(len(items.ids), np.bool_)
    return Folds(
        items.ids, items.labels, items.own_groups, numbers.astype(np.int16), present, count, chosen, source
    )


def align(folds: Folds, items: Items) -> Folds:
    """Folds for a changed table: every item that had a fold keeps it, whatever changed around it.

    New items of a known group join it (``Way.GROUPED``); others go where the balance is best. Items that
    are gone stay as rows that are not present, so that they find their fold again when they return.

    Args:
        folds: The folds so far.
        items: The whole table as it is now, in any order.

    Raises:
        InputError: If the table joins groups that stand in different folds: no fold could hold them.
        InvalidValue: If a fold would have no present item.
    """
    known = dict(zip(folds.ids, folds.numbers.tolist(), strict=True))
    if folds.way is Way.STRATIFIED:
        groups = items.own_groups
    elif items.groups is None:
        raise UsageError(f"Folds that are {folds.way.value} need groups.", "Name the column of groups.")
    else:
        groups = items.groups
    listed = set(items.ids)
    gone = [row for row, name in enumerate(folds.ids) if name not in listed]
    numbers = np.array([known.get(name, -1) for name in items.ids], np.int64)
    if folds.way is Way.GROUPED:
        _join_groups(numbers, items.ids, groups, _homes(folds, gone))
    classes = _codes(items.labels)
    new = np.flatnonzero(numbers < 0)
    if len(new):
        old = numbers >= 0
        loads = np.zeros((int(classes.max()) + 1, folds.count), np.int64)
        there = tally(classes[old], numbers[old], folds.count)
        loads[: len(there)] = there
        numbers[new] = _place(
            [items.ids[row] for row in new],
            classes[new],
            [groups[row] for row in new],
            folds.count,
            folds.way,
            loads,
        )
    return Folds(
        (*items.ids, *(folds.ids[row] for row in gone)),
        (*items.labels, *(folds.labels[row] for row in gone)),
        (*groups, *(folds.groups[row] for row in gone)),
        np.append(numbers, folds.numbers[gone]).astype(np.int16),
        np.arange(len(items.ids) + len(gone)) < len(items.ids),
        folds.count,
        folds.way,
        source_digest(items.ids, items.labels, groups, folds.way, folds.count, parent=folds.source),
    )


def _place(
    ids: Sequence[str], classes: Ints, groups: Sequence[str], count: int, way: Way, loads: Ints | None
) -> Ints:
    if way is Way.STRATIFIED:
        return place_items(ids, classes, classes, count, loads)
    group = _codes(groups)
    if way is Way.STRATIFIED_GROUPS:
        return place_items(ids, classes, classes * (int(group.max()) + 1) + group, count, loads)
    width = int(classes.max()) + 1 if loads is None else len(loads)
    counts = np.bincount(group * width + classes, minlength=(int(group.max()) + 1) * width)
    placed: Ints = place_groups(counts.reshape(-1, width), count, loads)[group]
    return placed


def _homes(folds: Folds, gone: Sequence[int]) -> dict[str, int]:
    """The fold of each group of items that are gone: those that return, or that follow, go there."""
    return {folds.groups[row]: int(folds.numbers[row]) for row in gone}


def _join_groups(numbers: Ints, ids: Sequence[str], groups: Sequence[str], homes: dict[str, int]) -> None:
    """New items take the fold of their group, in place."""
    for row in np.flatnonzero(numbers >= 0).tolist():
        home = homes.setdefault(groups[row], int(numbers[row]))
        if home != numbers[row]:
            raise InputError(
                f"Group {groups[row]!r} now stands in folds {home} and {int(numbers[row])}: "
                f"item {ids[row]!r} keeps its fold, and so do the others.",
                "Keep the old groups, leave these items out, or make new folds without aligning.",
            )
    for row in np.flatnonzero(numbers < 0).tolist():
        numbers[row] = homes.get(groups[row], -1)


def _codes(column: Sequence[str]) -> Ints:
    """The place of each text among the sorted distinct ones."""
    place = {text: at for at, text in enumerate(sorted(set(column)))}
    return np.fromiter(map(place.__getitem__, column), np.int64, len(column))


def _texts(column: Sequence[object]) -> tuple[str, ...]:
    """Values as texts; ``None`` is the empty one."""
    if set(map(type, column)) <= {str}:
        return tuple(cast(Sequence[str], column))
    return tuple("" if value is None else str(value) for value in column)
