"""Which rows each model of a run learns from, and which it is asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import InputError, InvalidValue, UsageError
from lydite.data.dataset import TEST_SPLIT
from lydite.data.folds import Folds
from lydite.train.tasks import UNLABELLED, Rows, Task

ALWAYS, NEVER = -1, -2
"""Instead of a fold: rows of every training set, rows of none."""
VAL_SPLIT = "val"


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One model of a run.

    Args:
        fold: The fold that it is asked about; -1 for a model that learned from everything.
        known: Rows to learn from.
        asked: Rows held out.
        test: Rows of the split ``test``.
    """

    fold: int
    known: Rows
    asked: Rows
    test: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The fold of each row of a task.

    Args:
        held_out: ``(n,)`` int16: the fold in which a row is held out, ``ALWAYS``, or ``NEVER``.
        test: ``(n,)`` bool: rows of the split ``test``; they are ``NEVER`` learned from.
        way: How folds were dealt, for people.

    Raises:
        InvalidValue: If columns differ in length, a fold is empty, or a test row would be learned from.
    """

    held_out: npt.NDArray[np.int16]
    test: npt.NDArray[np.bool_]
    way: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "held_out", np.ascontiguousarray(self.held_out, np.int16))
        object.__setattr__(self, "test", np.ascontiguousarray(self.test, np.bool_))
        if self.held_out.shape != self.test.shape:
            raise InvalidValue("Plan", "columns of one length", [self.held_out.shape, self.test.shape])
        sizes = np.bincount(self.held_out[self.held_out >= 0])
        if not sizes.all():
            raise InvalidValue("Plan.held_out", "without an empty fold", sizes.tolist())
        if (self.held_out[self.test] != NEVER).any():
            raise InvalidValue("Plan.held_out", "NEVER for rows of the split test", "a test row in a fold")

    @classmethod
    def of_folds(cls, task: Task, folds: Folds) -> Plan:
        """Every labelled row in the fold that it was dealt to.

        Raises:
            InputError: If a labelled row has no fold.
        """
        test, learned = _parts(task)
        held_out = np.full(len(task.items), NEVER, np.int16)
        rows = np.flatnonzero(learned)
        held_out[rows] = folds.numbers_of([str(task.items[row]) for row in rows])
        return cls(held_out, test, f"{folds.count} folds, {folds.way.value}")

    @classmethod
    def of_split(cls, task: Task) -> Plan:
        """Rows of the split ``val`` are held out, the other labelled ones learned from.

        Raises:
            InputError: If no labelled row is of the split ``val``, or all are.
        """
        test, learned = _parts(task)
        judged = learned & np.array([split == VAL_SPLIT for split in task.splits], np.bool_)
        if not judged.any() or not (learned & ~judged).any():
            raise InputError(
                f"{judged.sum()} of {learned.sum()} labelled items are of the split {VAL_SPLIT!r}.",
                "Name a number of folds instead.",
            )
        held_out = np.where(judged, 0, np.where(learned, ALWAYS, NEVER))
        return cls(held_out, test, f"split {VAL_SPLIT}")

    @classmethod
    def of_everything(cls, task: Task) -> Plan:
        """One model of all labelled rows; nothing is held out."""
        test, learned = _parts(task)
        return cls(np.where(learned, ALWAYS, NEVER), test, "everything")

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds, or -1 alone if nothing is held out."""
        return tuple(range(self.held_out.max() + 1)) if (self.held_out >= 0).any() else (-1,)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of who is held out when."""
        return hashlib.sha256(self.held_out.astype("<i2").tobytes()).hexdigest()

    def keeps_groups(self, task: Task) -> bool:
        """As ``keeps_groups`` of the task's groups."""
        return keeps_groups(task.groups, self.held_out.tolist())

    def member(self, fold: int) -> Member:
        """The model that is asked about a fold.

        Raises:
            UsageError: If there is no such fold.
            InputError: If nothing would be left to learn from.
        """
        if fold not in self.folds:
            raise UsageError(f"There is no fold {fold}.", f"Name one of 0..{max(self.folds)}.", fold)
        asked = self.held_out == fold if fold >= 0 else np.zeros(len(self.held_out), np.bool_)
        known = (self.held_out != NEVER) & ~asked
        if not known.any():
            raise InputError(f"Nothing would be left to learn from without fold {fold}.", "Use more folds.")
        return Member(fold, np.flatnonzero(known), np.flatnonzero(asked), np.flatnonzero(self.test))


def keeps_groups(groups: Sequence[str], held_out: Sequence[int]) -> bool:
    """Whether no group stands on both sides of a fold, so that what is held out is of new groups.

    It decides whether intervals draw groups: a run whose models know every group tells nothing of new ones.

    Args:
        groups: Group of each row; empty where there is none.
        held_out: Fold of each row, ``ALWAYS`` or ``NEVER``.
    """
    told = zip(groups, held_out, strict=True)
    pairs = {(group, fold) for group, fold in told if group and fold != NEVER}
    return len(pairs) == len({group for group, _ in pairs})


def _parts(task: Task) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows of the split test, and labelled rows of any other."""
    test = np.array([split == TEST_SPLIT for split in task.splits], np.bool_)
    return test, (task.labels != UNLABELLED) & ~test


def missing_classes(task: Task, rows: Rows) -> tuple[str, ...]:
    """Classes that none of these rows has, in order."""
    there = np.bincount(task.labels[rows], minlength=len(task.classes)) > 0
    return tuple(name for name, found in zip(task.classes, there, strict=True) if not found)
