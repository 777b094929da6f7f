"""What a classifier said of rows whose label is known: the one input of all figures of classification."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, InvalidValue

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]
LEAST_PROBABILITY = 1e-15
"""A true class that was ruled out costs this much, not infinitely much."""


@dataclass(frozen=True, eq=False)
class Judgements:
    """Row-aligned: labels, logits, and which rows belong together.

    Args:
        class_map: What labels and columns mean.
        labels: ``(n,)`` in ``0..classes - 1``.
        logits: ``(n, classes)``; ``-inf`` rules a class out, but not all classes of a row.
        groups: Name of each row's group (product, patient, video), empty where a row is alone; an empty
            tuple where all are.
        draw_groups: Whether intervals draw groups, not rows: they then speak of other groups (new products,
            new patients), whose rows are not independent. Otherwise they speak of other rows of these groups.

    Raises:
        InvalidValue: If there is no class, lengths differ, or a value is out of range.
    """

    class_map: ClassMap
    labels: Numbers
    logits: Floats
    groups: tuple[str, ...] = ()
    draw_groups: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, np.int64))
        object.__setattr__(self, "logits", np.ascontiguousarray(self.logits, np.float64))
        rows, classes = len(self.labels), len(self.class_map)
        if self.labels.ndim != 1 or self.logits.shape != (rows, classes) or not classes:
            seen = [self.labels.shape, self.logits.shape]
            raise InvalidValue("Judgements", f"labels (n,) and logits (n, {classes})", seen)
        if len(self.groups) not in {0, rows}:
            raise InvalidValue("Judgements.groups", f"none or {rows}", len(self.groups))
        if rows and not (self.labels.min() >= 0 and self.labels.max() < classes):
            raise InvalidValue("Judgements.labels", f"in 0..{classes - 1}", np.unique(self.labels).tolist())
        if not np.isfinite(self.logits.max(axis=1)).all() or np.isnan(self.logits).any():
            raise InvalidValue("Judgements.logits", "numbers, one finite a row at least", "NaN or infinite")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: npt.NDArray[Any]) -> Judgements:
        """The same of some rows."""
        places = np.arange(len(self))[rows]
        groups = tuple(self.groups[place] for place in places) if self.groups else ()
        return replace(self, labels=self.labels[places], logits=self.logits[places], groups=groups)

    @cached_property
    def units(self) -> Numbers:
        """``(n,)`` number of what each row is drawn with: its group, or itself."""
        names: list[tuple[str, int]] = [
            (name, -1) if name else ("", row) for row, name in enumerate(self.groups)
        ]
        if not names or not self.draw_groups:
            return np.arange(len(self))
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        return np.array([numbers[name] for name in names], np.int64)

    @cached_property
    def log_probabilities(self) -> Floats:
        """``(n, classes)`` of the softmax, not below the logarithm of ``LEAST_PROBABILITY``."""
        shifted = self.logits - self.logits.max(axis=1, keepdims=True)
        logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return np.maximum(logs, np.log(LEAST_PROBABILITY))

    @cached_property
    def said(self) -> Numbers:
        """``(n,)`` the class with the largest logit, the first of equals."""
        said: Numbers = self.logits.argmax(axis=1)
        return said

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` whether that is the label."""
        right: npt.NDArray[np.bool_] = self.said == self.labels
        return right

    @cached_property
    def confidence(self) -> Floats:
        """``(n,)`` probability of the class that was said."""
        sure: Floats = np.exp(self.log_probabilities.max(axis=1))
        return sure

    @cached_property
    def losses(self) -> Floats:
        """``(n,)`` minus the logarithm of the label's probability, in nats."""
        return -self.log_probabilities[np.arange(len(self)), self.labels]

    def unit_sums(self, *columns: npt.NDArray[Any]) -> Floats:
        """``(units, columns + 1)``: sums of each column over the rows of a unit, then the number of rows."""
        every = [*columns, np.ones(len(self))]
        return np.stack([np.bincount(self.units, column) for column in every], axis=1)
