"""Two runs on the rows that are honest for both, however each of them dealt its folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.core import ItemId
from lydite.metrics import Comparison, Judgements, compare
from lydite.train.finished import FinishedTraining
from lydite.train.honest import Row, groups_apart, honest_rows

CHANGED, RELABELLED = "another picture in the second run", "another label in the second run"


@dataclass(frozen=True, eq=False)
class Against:
    """Row-aligned: what two runs say of the same pictures.

    Args:
        first: The earlier run.
        second: The later run.
        rows: The items, as the first run knows them.
        before: Labels, and what the first says.
        after: Labels, and what the second says.
        left_out: Why items of either run are not among them, with how many.
        comparison: The second against the first.
    """

    first: FinishedTraining
    second: FinishedTraining
    rows: tuple[Row, ...]
    before: Judgements
    after: Judgements
    left_out: Mapping[str, int]
    comparison: Comparison


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What may be scored of a run, over all its tables of predictions."""

    place: dict[ItemId, int]
    rows: tuple[Row, ...]
    logits: npt.NDArray[np.float64]
    left_out: Counter[str]


def set_against(
    first: FinishedTraining,
    second: FinishedTraining,
    *,
    strict: bool = False,
    draws: int = 1000,
    level: float = 0.95,
    power: float = 0.8,
) -> Against:
    """Compare two runs of one class map on every item that both may be scored on.

    Held-out and test predictions count alike: what matters is that neither run learned from the item.

    Args:
        first: The earlier run.
        second: The later run.
        strict: Refuse rows whose label chose among models too.
        draws: Resamples behind the interval of the loss.
        level: Of the intervals, in (0, 1).
        power: With which the smallest detectable difference would be seen.

    Raises:
        ClassMapMismatch: If the runs have other classes.
        InputError: If predictions speak of unknown items.
    """
    first.classes.require_same(second.classes)
    one, other = _told(first, strict), _told(second, strict)
    left = Counter({f"first run: {why}": count for why, count in one.left_out.items()})
    left += Counter({f"second run: {why}": count for why, count in other.left_out.items()})
    left["only in the first run"] = len(one.place.keys() - other.place.keys())
    left["only in the second run"] = len(other.place.keys() - one.place.keys())
    here, there = [], []
    for item in (item for item in one.place if item in other.place):
        why = _differ(one.rows[one.place[item]], other.rows[other.place[item]])
        if why:
            left[why] += 1
        else:
            here.append(one.place[item])
            there.append(other.place[item])
    rows = tuple(one.rows[place] for place in here)
    number = {name: label for label, name in enumerate(first.classes)}
    before = Judgements(
        first.classes,
        np.array([number[row.label] for row in rows], np.int64),
        one.logits[here],
        tuple(row.group for row in rows),
        draw_groups=groups_apart(first) and groups_apart(second),
    )
    after = replace(before, logits=other.logits[there])
    comparison = compare(before, after, draws=draws, level=level, power=power)
    return Against(first, second, rows, before, after, {k: n for k, n in left.items() if n}, comparison)


def _told(run: FinishedTraining, strict: bool) -> _Told:
    parts = [honest_rows(run, table, strict=strict) for table in (run.held_out, run.test)]
    rows = tuple(row for part in parts for row in part.rows)
    left: Counter[str] = Counter()
    for part in parts:
        left.update(part.left_out)
    logits = np.concatenate([part.judged.logits for part in parts])
    return _Told({row.item: place for place, row in enumerate(rows)}, rows, logits, left)


def _differ(one: Row, other: Row) -> str:
    if one.image != other.image:
        return CHANGED
    return "" if one.label == other.label else RELABELLED
