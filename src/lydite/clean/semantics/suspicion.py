"""Which labels are likely wrong: two voices, heard twice, and what errors have in common.

1. The voices (``voices.py``) judge every row by the others.
2. The most doubtful rows are no longer listened to, and all rows are judged again: errors stop vouching for
   one another.
3. Errors come in kinds: if many doubtful rows of label ``a`` look like ``b``, the next one is
   believed sooner.
4. The score weighs how little a row resembles its own label more than how much it resembles another: twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.clean.semantics.voices import Floats, Voices
from lydite.clean.stack import Tall
from lydite.core import InvalidValue

_NEIGHBOURS, _OTHER = 0.5, 0.5
_UNHEARD, _DOUBTFUL = 0.03, 0.05
_KINDS, _PRIOR = 0.05, 0.3
_SHARPNESS = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Suspicion:
    """Row-aligned with what was judged.

    Args:
        scores: ``(n,)`` float64 in [0, 1]; larger is more suspicious. An order, not a probability.
        suggested: ``(n,)`` int64: the other class that fits best.

    Raises:
        InvalidValue: If columns differ in length.
    """

    scores: Floats
    suggested: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.scores.shape != self.suggested.shape:
            raise InvalidValue("Suspicion", "columns of one length", [len(self.scores), len(self.suggested)])


def suspect_labels(
    vectors: Tall,
    labels: npt.NDArray[np.int64],
    kin: Sequence[int] | npt.NDArray[np.int64] | None = None,
) -> Suspicion:
    """Judge every label.

    Args:
        vectors: ``(n, dim)`` float32 unit vectors, an array or a stack on disk; ``n`` at least 3.
        labels: ``(n,)`` in ``0..classes - 1``, two classes or more, each with a row.
        kin: ``(n,)`` numbers: rows with the same one show the same picture. All differ if not given.

    Raises:
        InvalidValue: If shapes disagree, or there is nothing to compare.
    """
    count = len(labels)
    classes = int(labels.max(initial=-1)) + 1
    if len(vectors) != count or count < 3 or classes < 2:
        raise InvalidValue("Labels", "3 rows or more of 2 classes or more, each with a vector", count)
    own = np.arange(count) if kin is None else np.asarray(kin, np.int64)
    voices, targets = Voices(vectors, own), np.eye(classes)[labels]
    heard = np.ones(count, np.bool_)
    for _ in range(2):
        opinion = voices.left_out(targets, heard) + _NEIGHBOURS * voices.neighbours(targets, heard)
        given, other, suggested = _contrast(opinion, labels)
        order = np.argsort(given - other, kind="stable")
        heard = np.ones(count, np.bool_)
        heard[order[: int(_UNHEARD * count)]] = False
        heard |= ~_has_others(labels, heard)
    opinion += _KINDS * _kinds_of_errors(labels, suggested, order, classes)[labels]
    opinion[np.arange(count), labels] = given
    _, other, suggested = _contrast(opinion, labels)
    margin = np.clip(_SHARPNESS * (given - _OTHER * other), -500, 500)
    return Suspicion(1 / (1 + np.exp(margin)), suggested)


def _contrast(opinion: Floats, labels: npt.NDArray[np.int64]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """What speaks for the label of each row, what for the best other one, and which that is."""
    rows = np.arange(len(labels))
    others = opinion.copy()
    others[rows, labels] = -np.inf
    suggested = others.argmax(axis=1)
    return opinion[rows, labels], others[rows, suggested], suggested


def _has_others(labels: npt.NDArray[np.int64], heard: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Rows whose class would still be heard without them being heard."""
    return np.asarray(np.bincount(labels[heard], minlength=int(labels.max()) + 1)[labels] > 0)


def _kinds_of_errors(
    labels: npt.NDArray[np.int64],
    suggested: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    classes: int,
) -> Floats:
    """``(classes, classes)``: log of how much more often than on average a label is doubted for a class."""
    doubtful = order[: int(_DOUBTFUL * len(labels))]
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels[doubtful], suggested[doubtful]), 1)
    return np.asarray(np.log((counts + _PRIOR) / (len(doubtful) / classes**2 + _PRIOR)))
