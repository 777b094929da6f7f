"""What a run says about items, row by row, with what it had seen of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lydite.core.boxes import Index
from lydite.core.classes import ClassMap
from lydite.core.errors import ContractError, InvalidValue
from lydite.core.ids import ItemId

Floats = npt.NDArray[np.float32]


class Exposure(IntEnum):
    """What a run had seen of the item that it speaks of; the larger, the less its word is worth."""

    CLEAN = 0
    """Nothing."""
    PIXELS = 1
    """The picture without its label: an ancestor that learned without labels."""
    SELECTED = 2
    """Its label chose among models (early stopping, a threshold) that were not trained on it."""
    TRAINED = 3
    """It, its duplicate, or an ancestor run saw its label."""
    UNKNOWN = 4
    """Nobody wrote it down."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Exposure:
        """The inverse of ``str``.

        Raises:
            InvalidValue: If there is no such exposure.
        """
        for exposure in cls:
            if str(exposure) == text:
                return exposure
        raise InvalidValue("An exposure", f"one of {', '.join(map(str, cls))}", text)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Row-aligned logits of one run.

    Args:
        items: ``n`` items. An item may stand once for each fold.
        classes: The order of the columns.
        logits: ``(n, classes)`` float32: log-probabilities up to a constant a row; minus infinity for a class
            that was never seen. A row without a prediction is NaN throughout.
        run: Id of the run.
        fold: ``(n,)`` int16: the fold whose model speaks (it was held out there); -1 if of no fold.
        exposure: ``(n,)`` uint8: an ``Exposure`` each.

    Raises:
        InvalidValue: If columns differ in length, an item stands twice for a fold, a row is partly NaN, holds
            plus infinity or nothing but minus infinity, or an exposure is none.
    """

    items: tuple[ItemId, ...]
    classes: ClassMap
    logits: Floats
    run: str
    fold: npt.NDArray[np.int16]
    exposure: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        object.__setattr__(self, "logits", np.ascontiguousarray(self.logits, np.float32))
        object.__setattr__(self, "fold", np.ascontiguousarray(self.fold, np.int16))
        object.__setattr__(self, "exposure", np.ascontiguousarray(self.exposure, np.uint8))
        count = len(self.items)
        if self.logits.shape != (count, len(self.classes)):
            expected = f"of shape ({count}, {len(self.classes)})"
            raise InvalidValue("Predictions.logits", expected, self.logits.shape)
        lengths = {"items": count, "fold": len(self.fold), "exposure": len(self.exposure)}
        if len(set(lengths.values())) != 1:
            raise InvalidValue("Predictions", "columns of one length", lengths)
        if len(set(zip(self.items, self.fold.tolist(), strict=True))) != count:
            raise InvalidValue("Predictions.items", "distinct within a fold", _twice(self.items))
        if count and self.exposure.max() > max(Exposure):
            raise InvalidValue("Predictions.exposure", f"in 0..{max(Exposure)}", int(self.exposure.max()))
        self._check_logits()

    def _check_logits(self) -> None:
        nans = np.isnan(self.logits)
        odd = nans.any(axis=1) != nans.all(axis=1)
        odd |= (self.logits == np.inf).any(axis=1) | (self.logits == -np.inf).all(axis=1)
        if odd.any() and len(self.classes):
            row = int(np.flatnonzero(odd)[0])
            raise InvalidValue(
                f"Predictions.logits[{row}] ({self.items[row]})",
                "numbers, or NaN throughout",
                self.logits[row].tolist()[:8],
            )

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Index) -> Predictions:
        """Rows by boolean mask, integer array or slice; all columns follow."""
        rows = np.arange(len(self))[index]
        return Predictions(
            tuple(self.items[int(row)] for row in rows),
            self.classes,
            self.logits[rows],
            self.run,
            self.fold[rows],
            self.exposure[rows],
        )

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` bool: rows with a prediction."""
        if not len(self.classes):
            return np.zeros(len(self), np.bool_)
        return ~np.isnan(self.logits[:, 0])

    def scorable(self, strict: bool = False) -> npt.NDArray[np.bool_]:
        """``(n,)`` bool: rows whose prediction may be compared with their label.

        Args:
            strict: Refuse rows whose label chose among models too.
        """
        worst = Exposure.PIXELS if strict else Exposure.SELECTED
        return self.known & (self.exposure <= worst)

    def probabilities(self) -> Floats:
        """``(n, classes)`` float32: softmax of the logits; NaN rows stay NaN."""
        if not self.logits.size:
            return self.logits.copy()
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        shares: Floats = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def counts(self) -> dict[Exposure, int]:
        """Rows with a prediction by exposure, to be printed beside every score; absent kinds left out."""
        values, times = np.unique(self.exposure[self.known], return_counts=True)
        return {Exposure(value): int(count) for value, count in zip(values, times, strict=True)}

    def aligned(self, items: Sequence[ItemId]) -> Predictions:
        """Rows for a list of items, in its order; items that the run says nothing of get NaN and UNKNOWN.

        Raises:
            InvalidValue: If an item of this table stands in several folds, so that it is no one row.
        """
        place = {item: row for row, item in enumerate(self.items)}
        if len(place) != len(self):
            raise InvalidValue("Predictions.items", "distinct to be aligned", _twice(self.items))
        rows = np.array([place.get(item, -1) for item in items], np.int64)
        there = rows >= 0
        logits = np.full((len(items), len(self.classes)), np.nan, np.float32)
        fold = np.full(len(items), -1, np.int16)
        exposure = np.full(len(items), Exposure.UNKNOWN, np.uint8)
        logits[there], fold[there] = self.logits[rows[there]], self.fold[rows[there]]
        exposure[there] = self.exposure[rows[there]]
        return Predictions(tuple(items), self.classes, logits, self.run, fold, exposure)

    @classmethod
    def concatenate(cls, parts: Sequence[Predictions]) -> Predictions:
        """All rows of all parts of one run, in order.

        Raises:
            ClassMapMismatch: If the parts are of different class maps.
            ContractError: If they are of different runs.
            InvalidValue: If there is no part.
        """
        if not parts:
            raise InvalidValue("Predictions.concatenate", "given at least one part", 0)
        for part in parts[1:]:
            parts[0].classes.require_same(part.classes)
            if part.run != parts[0].run:
                raise ContractError(
                    "Predictions of two runs are no predictions of one.",
                    "Keep them apart, or mix them as an ensemble.",
                    [parts[0].run, part.run],
                )
        return cls(
            tuple(item for part in parts for item in part.items),
            parts[0].classes,
            np.concatenate([part.logits for part in parts]),
            parts[0].run,
            np.concatenate([part.fold for part in parts]),
            np.concatenate([part.exposure for part in parts]),
        )


def _twice(items: Sequence[ItemId]) -> str:
    seen: set[ItemId] = set()
    for item in items:
        if item in seen:
            return str(item)
        seen.add(item)
    return ""
