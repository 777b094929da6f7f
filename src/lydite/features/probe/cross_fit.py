"""Out-of-fold probabilities: what heads say about rows they never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Features, InputError, InvalidValue
from lydite.data.folds import Folds
from lydite.features.probe.problem import Head, Part, Probabilities, Problem


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Row-aligned: each row's probabilities come from a head that saw neither it nor what must stay apart.

    Args:
        ids: ``n`` item ids, as in the features.
        class_map: The order of the columns.
        probabilities: ``(n, classes)`` float32, rows that sum to 1.
        folds: ``(n,)`` int16: the fold that was held out.
        absent: ``(folds, classes)`` bool: classes that no known row of that fold had; their probability is 0
            there.
        known: ``(folds,)`` int64: how many rows each head was fitted on.

    Raises:
        InvalidValue: If shapes disagree, or a row does not sum to 1.
    """

    ids: tuple[str, ...]
    class_map: ClassMap
    probabilities: Probabilities
    folds: npt.NDArray[np.int16]
    absent: npt.NDArray[np.bool_]
    known: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.class_map))
        if self.probabilities.shape != shape or self.folds.shape != shape[:1]:
            raise InvalidValue("OutOfFold", f"of shape {shape}", [self.probabilities.shape, self.folds.shape])
        bad = ~(np.abs(self.probabilities.sum(axis=1) - 1) < 1e-3)
        if bad.any():
            raise InvalidValue("OutOfFold.probabilities", "rows that sum to 1", int(bad.sum()))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def absences(self) -> tuple[tuple[int, str], ...]:
        """Fold and class of each absence, for people."""
        return tuple((int(fold), self.class_map[int(label)]) for fold, label in np.argwhere(self.absent))


def cross_fit(
    features: Features,
    labels: Sequence[str],
    folds: Folds,
    head: Head,
    *,
    apart: Sequence[Sequence[str]] = (),
) -> OutOfFold:
    """Probabilities of every row by a head fitted without its fold.

    Args:
        features: Unit vectors; their ids find their folds.
        labels: Label of each row.
        folds: Must hold every id. Grouped folds keep groups apart by themselves.
        head: Which head, for example ``Logistic()``.
        apart: Columns, one text a row each (group, cluster of duplicates, video): where the folds split
            what these columns join, no head that judges a row sees another with the same text.

    Raises:
        InputError: If a row has no fold, or nothing is left to learn from.
        InvalidValue: If columns differ in length.
    """
    lengths = [len(features), len(labels), *map(len, apart)]
    if len(set(lengths)) != 1 or not lengths[0]:
        raise InvalidValue("Features, labels and columns", "of one length, at least one row", lengths)
    class_map = ClassMap(tuple(sorted(set(labels))))
    place = {name: label for label, name in enumerate(class_map)}
    problem = Problem(features.vectors, np.array([place[name] for name in labels], np.int64))
    numbers = folds.numbers_of(features.ids)
    joined = [np.unique(np.array(column), return_inverse=True)[1] for column in apart]
    parts = {}
    for fold in np.unique(numbers).tolist():
        asked = numbers == fold
        known = ~asked
        for column in joined:
            known &= ~np.isin(column, column[asked])
        if not known.any():
            raise InputError(
                "A head would have nothing to learn from: all other rows must stay apart from its fold.",
                "Use grouped folds, or leave the column out.",
                f"fold {fold}",
            )
        parts[fold] = Part(np.flatnonzero(known), np.flatnonzero(asked))
    probabilities = np.zeros((len(features), len(class_map)), np.float32)
    absent = np.zeros((folds.count, len(class_map)), np.bool_)
    for (fold, part), found in zip(parts.items(), head.held_out(problem, tuple(parts.values())), strict=True):
        probabilities[part.asked] = found
        absent[fold] = np.bincount(problem.labels[part.known], minlength=len(class_map)) == 0
    known_rows = np.array([len(parts[f].known) if f in parts else 0 for f in range(folds.count)], np.int64)
    return OutOfFold(features.ids, class_map, probabilities, numbers, absent, known_rows)
