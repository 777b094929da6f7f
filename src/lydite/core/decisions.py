"""What was decided about each candidate, and the whole reason why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lydite.core.boxes import Index
from lydite.core.classes import ClassMap
from lydite.core.errors import InvalidValue
from lydite.core.ids import ItemId, RegionId

T = TypeVar("T")


class Outcome(StrEnum):
    """How far a candidate came."""

    ACCEPTED = "accepted"
    FILTERED = "filtered"
    """A candidate filter (area, border, duplicate) would have none of it."""
    REFUSED = "refused"
    """A decision rule refused its scores."""
    SUPPRESSED = "suppressed"
    """It passed the rules, but a better instance of its class covers it."""


@dataclass(frozen=True, slots=True)
class Block:
    """One rule that stood in the way.

    Args:
        rule: Name of the setting whose value decides, for example ``"min_pos_score"``.
        value: What was measured, on the scale of the setting.
        threshold: The value of the setting.
        against: Number of the other region that a duplicate or suppressed candidate lost to.
    """

    rule: str
    value: float
    threshold: float
    against: int | None = None

    @property
    def short_by(self) -> float:
        """How far the value is on the wrong side of the threshold; 0 or more."""
        return abs(self.value - self.threshold)


@dataclass(frozen=True, slots=True)
class Flip:
    """The change at which a candidate would be accepted: all of these settings together.

    Args:
        changes: ``(setting, value)``; the values are the boundary itself, so applying them accepts
            the candidate and stopping a hair before any of them does not.
    """

    changes: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:.6g}" for name, value in self.changes)


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Row-aligned with the candidates they judge.

    Args:
        item: The picture's row.
        numbers: ``(n,)`` int64 region numbers, as in the candidates.
        class_map: Meaning of ``labels``.
        labels: ``(n,)`` int64 best class; -1 where nothing was scored.
        positive: ``(n,)`` float32 cosine to the class's positives, aggregated; NaN where unscored.
        negative: ``(n,)`` float32 cosine to the class's negatives, aggregated; NaN where there are none.
        nearest_positive: ``n`` ids of the nearest positive exemplar of the class; ``""`` for none.
        nearest_negative: ``n`` ids of the nearest negative exemplar; ``""`` for none.
        outcomes: ``n`` outcomes.
        blocks: For each row every rule that blocked it; empty exactly for accepted rows.
        flips: For each row the change that would accept it; ``None`` where accepted or where no
            change of thresholds can.

    Raises:
        InvalidValue: If the columns differ in length, or outcome and blocks contradict each other.
    """

    item: ItemId
    numbers: npt.NDArray[np.int64]
    class_map: ClassMap
    labels: npt.NDArray[np.int64]
    positive: npt.NDArray[np.float32]
    negative: npt.NDArray[np.float32]
    nearest_positive: tuple[str, ...]
    nearest_negative: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    blocks: tuple[tuple[Block, ...], ...]
    flips: tuple[Flip | None, ...]

    def __post_init__(self) -> None:
        for name in ("numbers", "labels"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.int64))
        for name in ("positive", "negative"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float32))
        for name in ("nearest_positive", "nearest_negative", "outcomes", "blocks", "flips"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        lengths = {
            name: len(getattr(self, name))
            for name in (
                "numbers",
                "labels",
                "positive",
                "negative",
                "nearest_positive",
                "nearest_negative",
                "outcomes",
                "blocks",
                "flips",
            )
        }
        if len(set(lengths.values())) != 1:
            raise InvalidValue("Decisions", "columns of one length", lengths)
        if len(self) and (self.labels.min() < -1 or self.labels.max() >= len(self.class_map)):
            raise InvalidValue("Decisions.labels", f"-1..{len(self.class_map) - 1}", self.labels.tolist()[:8])
        for number, outcome, blocks in zip(self.numbers, self.outcomes, self.blocks, strict=True):
            if (outcome is Outcome.ACCEPTED) == bool(blocks):
                raise InvalidValue(
                    f"Decisions.blocks of region {number}",
                    "empty exactly when accepted",
                    (outcome.value, blocks),
                )

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Index) -> Decisions:
        """Rows by boolean mask, integer array or slice; every column follows."""
        rows = np.arange(len(self))[index]
        return Decisions(
            self.item,
            self.numbers[rows],
            self.class_map,
            self.labels[rows],
            self.positive[rows],
            self.negative[rows],
            _take(self.nearest_positive, rows),
            _take(self.nearest_negative, rows),
            _take(self.outcomes, rows),
            _take(self.blocks, rows),
            _take(self.flips, rows),
        )

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` bool."""
        return np.array([outcome is Outcome.ACCEPTED for outcome in self.outcomes], np.bool_)

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """``(n,)`` float32 positive score on the scale ``(cosine + 1) / 2``; NaN where unscored."""
        return ((self.positive + 1) / 2).astype(np.float32)

    @property
    def ids(self) -> tuple[RegionId, ...]:
        """The identity of each row."""
        return tuple(RegionId(self.item, int(number)) for number in self.numbers)


def _take(values: Sequence[T], rows: npt.NDArray[np.int64]) -> tuple[T, ...]:
    return tuple(values[int(row)] for row in rows)
