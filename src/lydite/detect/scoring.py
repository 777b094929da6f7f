"""From cosines to the few numbers that every rule reads. No threshold is applied here.

One matrix product compares all candidates with all positives and negatives; the rest
is selection (``numpy.partition``), linear in the number of cosines.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Features, Index
from lydite.detect.bank import Bank
from lydite.detect.settings import NegativeAggregation, PositiveAggregation, ScoringSettings

Float = npt.NDArray[np.float32]
NEAREST_KEPT = 10
"""How many single cosines are kept per candidate; the ceiling of ``consensus_k``."""
_SORT_ALL_BELOW = 20
"""Rows of fewer columns than this times those wanted are sorted outright: quicker than selecting first."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Row-aligned with the scored candidates. All numbers are cosines.

    Args:
        class_map: Meaning of columns and labels.
        by_class: ``(n, classes)`` aggregated cosine to the positives of each class.
        labels: ``(n,)`` int64: the class of the largest ``by_class``.
        negative: ``(n,)`` aggregated cosine to the negatives of that class; NaN where it has none.
        nearest: ``(n, k)`` the largest single cosines to positives of that class, descending; NaN-padded.
        nearest_positive: ``(n,)`` int64 row of the nearest positive of that class in the bank.
        nearest_negative: ``(n,)`` int64 row of the nearest negative (see ``negative_ids``); -1 for none.
        nearest_negative_cosine: ``(n,)`` its cosine; NaN for none.
        positive_ids: Names of the bank's positives.
        negative_ids: Names that ``nearest_negative`` points into.
        weight: ``(n,)`` float32 how much likeness to the row's class says in the rank, see ``Bank.weights``.
    """

    class_map: ClassMap
    by_class: Float
    labels: npt.NDArray[np.int64]
    negative: Float
    nearest: Float
    nearest_positive: npt.NDArray[np.int64]
    nearest_negative: npt.NDArray[np.int64]
    nearest_negative_cosine: Float
    positive_ids: tuple[str, ...]
    negative_ids: tuple[str, ...]
    weight: Float

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Index) -> Scores:
        """Rows by boolean mask, integer array or slice."""
        return Scores(
            self.class_map,
            self.by_class[index],
            self.labels[index],
            self.negative[index],
            self.nearest[index],
            self.nearest_positive[index],
            self.nearest_negative[index],
            self.nearest_negative_cosine[index],
            self.positive_ids,
            self.negative_ids,
            self.weight[index],
        )

    @property
    def positive(self) -> Float:
        """``(n,)`` aggregated cosine to the positives of the row's class."""
        return self.by_class[np.arange(len(self)), self.labels]


def score(candidates: Features, bank: Bank, settings: ScoringSettings) -> Scores:
    """Compare candidates with the bank.

    A class without negatives of its own or of all has those of the other classes' positives, never its own.
    With ``background_share``, what is least like any example in the picture speaks against all others too.

    Args:
        candidates: Vectors of the candidates, of the bank's space.
        bank: The known examples.
        settings: How cosines are aggregated.

    Raises:
        SpaceMismatch: If the candidates are of another space; names the fields that differ.
    """
    n, classes = len(candidates), len(bank.class_map)
    to_positives, to_negatives = bank.compare(candidates)
    voices = to_positives.max(axis=1)  # one an example, however many sizes it is known at
    of_class = _class_slices(bank.labels[bank.order], classes)
    by_class = np.empty((n, classes), np.float32)
    nearest = np.full((n, classes, NEAREST_KEPT), np.nan, np.float32)
    for label, columns in enumerate(of_class):
        cosines = voices[:, columns]
        best = _descending(cosines, max(settings.topk, NEAREST_KEPT))
        by_class[:, label] = aggregate_positive(cosines, best, settings)
        kept = min(NEAREST_KEPT, best.shape[1])
        nearest[:, label, :kept] = best[:, :kept]
    labels = by_class.argmax(axis=1).astype(np.int64)
    negative, nearest_negative, nearest_cosine, negative_ids = _against_negatives(
        bank, to_positives, to_negatives, labels, settings
    )
    if settings.background_share and n:
        negative, nearest_negative, nearest_cosine, negative_ids = _with_background(
            candidates, by_class, (negative, nearest_negative, nearest_cosine, negative_ids), settings
        )
    return Scores(
        bank.class_map,
        _in_range(by_class),
        labels,
        _in_range(negative),
        _in_range(nearest[np.arange(n), labels]),
        bank.order[_nearest_of_class(voices, of_class, labels)],
        nearest_negative,
        _in_range(nearest_cosine),
        bank.positives.ids,
        negative_ids,
        bank.weights[labels],
    )


def _flat(cosines: Float) -> Float:
    """``(n, sizes, examples)`` to ``(n, sizes x examples)``, also for no row."""
    n, sizes, examples = cosines.shape
    return np.ascontiguousarray(cosines).reshape(n, sizes * examples)


def _class_slices(labels: npt.NDArray[np.int64], classes: int) -> list[slice]:
    """Where each class stands among columns that are ordered by class."""
    bounds = np.concatenate([[0], np.cumsum(np.bincount(labels, minlength=classes))]).tolist()
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def _in_range(cosines: Float) -> Float:
    """Rounding may carry a cosine a hair beyond 1; selection does not mind, thresholds would."""
    return np.clip(cosines, -1, 1, out=cosines)


def aggregate_positive(cosines: Float, best: Float, settings: ScoringSettings) -> Float:
    """One number from the cosines to the positives of one class.

    Args:
        cosines: ``(n, exemplars)``, all of them.
        best: ``(n, k)`` the largest, descending, ``k >= min(topk, exemplars)``.
        settings: Which aggregation; of a small class no more than a majority counts among the best.

    Returns:
        ``(n,)`` float32.
    """
    k = min(settings.topk, cosines.shape[1] // 2 + 1)
    match settings.positive_aggregation:
        case PositiveAggregation.MAX:
            value = best[:, 0]
        case PositiveAggregation.MEAN:
            value = cosines.mean(axis=1)
        case PositiveAggregation.MEAN_TOPK:
            value = best[:, :k].mean(axis=1)
        case PositiveAggregation.MAX_AND_TOPK:
            value = 0.7 * best[:, 0] + 0.3 * best[:, :k].mean(axis=1)
        case PositiveAggregation.TRIMMED_TOPK:
            cut = int(settings.trim * k)
            value = best[:, cut : k - cut].mean(axis=1)
    return value.astype(np.float32)


def _nearest_of_class(
    to_positives: Float, of_class: list[slice], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """``(n,)`` the column of each row's own class with the largest cosine."""
    nearest = np.zeros(len(labels), np.int64)
    for label in np.unique(labels).tolist():
        rows, columns = np.flatnonzero(labels == label), of_class[label]
        nearest[rows] = columns.start + to_positives[rows, columns].argmax(axis=1)
    return nearest


Against = tuple[Float, npt.NDArray[np.int64], Float, tuple[str, ...]]
"""Aggregated cosine, row of the nearest, its cosine, and the names that rows point into."""


def _against_negatives(
    bank: Bank,
    to_positives: Float,
    to_negatives: Float | None,
    labels: npt.NDArray[np.int64],
    settings: ScoringSettings,
) -> Against:
    if bank.negatives is not None and to_negatives is not None and bank.negative_labels is None:
        everyone = np.tile(np.arange(len(bank.negatives)), to_negatives.shape[1])
        return *_aggregate_negative(_flat(to_negatives), everyone, settings), bank.negatives.ids
    n = len(labels)
    negative, cosine = np.full((2, n), np.nan, np.float32)
    nearest = np.full(n, -1, np.int64)
    own_names = () if bank.negatives is None else bank.negatives.ids
    for label in np.unique(labels):
        rows, foes = np.flatnonzero(labels == label), bank.negatives_of(int(label))
        if to_negatives is not None and len(foes):
            others, named = to_negatives[rows][:, :, foes], foes
        else:
            columns = np.flatnonzero(bank.labels[bank.order] != label)
            others, named = to_positives[rows][:, :, columns], bank.order[columns] + len(own_names)
        if len(named):
            negative[rows], nearest[rows], cosine[rows] = _aggregate_negative(
                _flat(others), np.tile(named, others.shape[1]), settings
            )
    return negative, nearest, cosine, (*own_names, *bank.positives.ids)


def _with_background(
    candidates: Features, by_class: Float, against: Against, settings: ScoringSettings
) -> Against:
    """The picture's own background as negatives beside the others: whichever says more against a row counts.

    The two are aggregated apart, since a hundred pieces of wall would drown five negatives.
    """
    negative, nearest, cosine, names = against
    best = by_class.max(axis=1)
    rows = np.argsort(best, kind="stable")[: int(settings.background_share * len(best))]
    if not len(rows):
        return against
    cosines = candidates.vectors @ candidates.vectors[rows].T
    cosines[rows, np.arange(len(rows))] = -1.0  # nothing speaks against itself
    told, row, near = _aggregate_negative(cosines, len(names) + np.arange(len(rows)), settings)
    nearer = ~(cosine >= near)
    return (
        np.fmax(negative, told),
        np.where(nearer, row, nearest),
        np.where(nearer, near, cosine),
        (*names, *(f"background {candidates.ids[at]}" for at in rows)),
    )


def _aggregate_negative(
    cosines: Float, columns: npt.NDArray[np.int64], settings: ScoringSettings
) -> tuple[Float, npt.NDArray[np.int64], Float]:
    """Aggregated cosine, row of the nearest, its cosine; ``columns`` are the bank's rows, at least one."""
    nearest = cosines.argmax(axis=1)
    return _robust_top(cosines, settings), columns[nearest], cosines[np.arange(len(cosines)), nearest]


def _robust_top(cosines: Float, settings: ScoringSettings) -> Float:
    """``(n,)`` from ``(n, negatives)``."""
    count = cosines.shape[1]
    match settings.negative_aggregation:
        case NegativeAggregation.MAX:
            value: Float = cosines.max(axis=1)
        case NegativeAggregation.TOPK:
            value = _descending(cosines, settings.negative_topk).mean(axis=1)
        case NegativeAggregation.QUANTILE:
            # Linear interpolation between order statistics, counted from the top.
            position = (1 - settings.negative_quantile) * (count - 1)
            upper = int(position)
            best = _descending(cosines, upper + 2)
            share = np.float32(position - upper)
            value = best[:, upper] * (1 - share) + best[:, min(upper + 1, count - 1)] * share
    return value


def _descending(cosines: Float, k: int) -> Float:
    """``(n, min(k, columns))``: the largest of each row, in descending order."""
    columns = cosines.shape[1]
    if k * _SORT_ALL_BELOW < columns:
        cosines = np.partition(cosines, columns - k, axis=1)[:, columns - k :]
    return np.sort(cosines, axis=1)[:, ::-1][:, :k]
