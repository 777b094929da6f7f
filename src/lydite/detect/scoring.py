"""From cosines to the few numbers that every rule reads. No threshold is applied here.

One matrix product compares all candidates with all positives, one more with all negatives; the rest
is selection (``numpy.partition``), linear in the number of cosines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Features, Index, similarity
from lydite.detect.bank import Bank
from lydite.detect.settings import NegativeAggregation, PositiveAggregation, ScoringSettings

Float = npt.NDArray[np.float32]
NEAREST_KEPT = 10
"""How many single cosines are kept per candidate; the ceiling of ``consensus_k``."""


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
        )

    @property
    def positive(self) -> Float:
        """``(n,)`` aggregated cosine to the positives of the row's class."""
        return self.by_class[np.arange(len(self)), self.labels]

    @property
    def rank(self) -> Float:
        """``(n,)`` what orders instances: the positive cosine less the negative one, where there is one."""
        return self.positive - np.nan_to_num(self.negative, nan=0.0)


def score(candidates: Features, bank: Bank, settings: ScoringSettings) -> Scores:
    """Compare candidates with the bank.

    Without negatives, the negatives of a class are the positives of the other classes, never its own.

    Args:
        candidates: Vectors of the candidates, of the bank's space.
        bank: The known examples.
        settings: How cosines are aggregated.

    Raises:
        SpaceMismatch: If the candidates are of another space; names the fields that differ.
    """
    to_positives = similarity(candidates, bank.positives)
    by_class = np.empty((len(candidates), len(bank.class_map)), np.float32)
    top: list[Float] = []
    for label in range(len(bank.class_map)):
        best = _descending(to_positives[:, bank.labels == label], max(settings.topk, NEAREST_KEPT))
        by_class[:, label] = aggregate_positive(to_positives[:, bank.labels == label], best, settings)
        top.append(_pad(best[:, :NEAREST_KEPT], NEAREST_KEPT))
    labels = by_class.argmax(axis=1) if len(candidates) else np.zeros(0, np.int64)
    rows = np.arange(len(candidates))
    own = bank.labels[None, :] == labels[:, None]
    masked = np.where(own, to_positives, -np.inf)
    negative_cosines, negative_ids = _negatives_of(candidates, bank, to_positives, own)
    negative, nearest_negative, nearest_cosine = _aggregate_negative(negative_cosines, settings)
    return Scores(
        bank.class_map,
        by_class,
        labels.astype(np.int64),
        negative,
        np.stack(top, axis=1)[rows, labels],
        masked.argmax(axis=1).astype(np.int64),
        nearest_negative,
        nearest_cosine,
        bank.positives.ids,
        negative_ids,
    )


def aggregate_positive(cosines: Float, best: Float, settings: ScoringSettings) -> Float:
    """One number from the cosines to the positives of one class.

    Args:
        cosines: ``(n, exemplars)``, all of them.
        best: ``(n, k)`` the largest, descending, ``k >= min(topk, exemplars)``.
        settings: Which aggregation.

    Returns:
        ``(n,)`` float32.
    """
    k = min(settings.topk, best.shape[1])
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


def _negatives_of(
    candidates: Features, bank: Bank, to_positives: Float, own: npt.NDArray[np.bool_]
) -> tuple[Float, tuple[str, ...]]:
    """``(n, negatives)`` cosines, -inf where a column is no negative of the row's class."""
    if bank.negatives is not None:
        return similarity(candidates, bank.negatives), bank.negatives.ids
    return np.where(own, np.float32(-np.inf), to_positives), bank.positives.ids


def _aggregate_negative(
    cosines: Float, settings: ScoringSettings
) -> tuple[Float, npt.NDArray[np.int64], Float]:
    """Aggregated cosine, row of the nearest, its cosine. Rows with no negative are NaN, -1, NaN."""
    n = len(cosines)
    counts = np.isfinite(cosines).sum(axis=1) if n else np.zeros(0, np.int64)
    negative = np.full(n, np.nan, np.float32)
    for count in np.unique(counts[counts > 0]):
        rows = counts == count
        negative[rows] = _robust_top(cosines[rows], int(count), settings)
    some = counts > 0
    nearest = np.where(some, cosines.argmax(axis=1) if cosines.size else 0, -1).astype(np.int64)
    cosine = np.full(n, np.nan, np.float32)
    cosine[some] = cosines[some, nearest[some]]
    return negative, nearest, cosine


def _robust_top(cosines: Float, count: int, settings: ScoringSettings) -> Float:
    """Aggregate rows that hold ``count`` finite cosines each (the rest is -inf)."""
    match settings.negative_aggregation:
        case NegativeAggregation.MAX:
            value: Float = cosines.max(axis=1)
        case NegativeAggregation.TOPK:
            value = _descending(cosines, min(settings.negative_topk, count)).mean(axis=1)
        case NegativeAggregation.QUANTILE:
            # Linear interpolation between order statistics, counted from the top.
            position = (1 - settings.negative_quantile) * (count - 1)
            upper = int(position)
            best = _descending(cosines, min(upper + 2, count))
            share = np.float32(position - upper)
            value = best[:, upper] * (1 - share) + best[:, min(upper + 1, count - 1)] * share
    return value


def _descending(cosines: Float, k: int) -> Float:
    """``(n, min(k, columns))``: the largest of each row, in descending order."""
    columns = cosines.shape[1]
    if k < columns:
        cosines = np.partition(cosines, columns - k, axis=1)[:, columns - k :]
    return np.sort(cosines, axis=1)[:, ::-1]


def _pad(best: Float, width: int) -> Float:
    return np.pad(best, ((0, 0), (0, width - best.shape[1])), constant_values=np.nan)
