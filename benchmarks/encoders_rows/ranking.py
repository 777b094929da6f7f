"""Average precision and F1 of one ranked list, with pictures that may count several times or not at all.

Matching is within a picture, so it is done once; what resampling changes is how often a picture's rows count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from encoders_rows.compare import Floats
from lydite.core import ClassMap
from lydite.metrics import ImageResult, ImageTruth, match
from lydite.metrics.instances import IouType

RECALLS = np.linspace(0, 1, 101)
"""COCO's levels of recall."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Detections of all pictures and classes, best first.

    Args:
        images: ``(n,)`` int64 picture of each.
        labels: ``(n,)`` int64 class of each.
        hits: ``(n,)`` bool: it found a true instance at IoU 0.5.
        true_counts: ``(pictures, classes)`` float64 true instances; pictures not searched have none.
    """

    images: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    hits: npt.NDArray[np.bool_]
    true_counts: Floats

    @classmethod
    def of(
        cls,
        class_map: ClassMap,
        results: Sequence[ImageResult],
        truths: Sequence[ImageTruth],
        pictures: int,
        iou_type: IouType,
    ) -> Ranking:
        """Match results with truths; the key of a picture is its number, below ``pictures``."""
        matching = match(truths, results, class_map, 0.5, iou_type)
        alarms = {(alarm.image, alarm.row) for alarm in matching.false_alarms}
        hits = [(found.image, row) not in alarms for found in results for row in range(len(found))]
        order = np.argsort(-np.concatenate([found.scores for found in results]), kind="stable")
        true_counts = np.zeros((pictures, len(class_map)))
        for truth in truths:
            true_counts[int(truth.image)] = np.bincount(truth.labels, minlength=len(class_map))
        return cls(
            np.repeat([int(found.image) for found in results], [len(found) for found in results])[order],
            np.concatenate([found.labels for found in results])[order],
            np.array(hits, np.bool_)[order],
            true_counts,
        )

    def ap50(self, weights: Floats) -> float:
        """Mean over the classes that are there, NaN if none; ``weights``: how often each picture counts."""
        positives = weights @ self.true_counts
        values = [
            _average_precision(weights[self.images[rows]], self.hits[rows], positives[label])
            for label, rows in enumerate(self._rows_of_class)
            if positives[label] > 0
        ]
        return float(np.mean(values)) if values else float("nan")

    def best_f1(self, weights: Floats) -> float:
        """The largest F1 that one threshold on the ranking, for all classes and pictures, reaches."""
        counts, positives = weights[self.images], float((weights @ self.true_counts).sum())
        if not positives:
            return float("nan")
        found, accepted = np.cumsum(counts * self.hits), np.cumsum(counts)
        return float((2 * found / (accepted + positives)).max(initial=0))

    @property
    def _rows_of_class(self) -> list[npt.NDArray[np.int64]]:
        return [np.flatnonzero(self.labels == label) for label in range(self.true_counts.shape[1])]


def _average_precision(counts: Floats, hits: npt.NDArray[np.bool_], positives: float) -> float:
    """Interpolated at 101 levels of recall, as COCO does; rows best first, each counting ``counts`` times."""
    found, accepted = np.cumsum(counts * hits), np.cumsum(counts)
    precision = np.divide(found, accepted, out=np.zeros_like(found), where=accepted > 0)
    from_here_on = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(found / positives, RECALLS)
    return float(from_here_on[reached[reached < len(found)]].sum() / len(RECALLS))
