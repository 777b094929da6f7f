"""All scored instances in one order: what any single threshold on the score would have come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap
from lydite.metrics.instances import ImageResult, ImageTruth, IouType
from lydite.metrics.matching import Hit, Miss, match

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Operating:
    """One threshold and what it gives.

    Args:
        threshold: Smallest score that is accepted; infinite where accepting nothing is best.
        precision: At this threshold; NaN if nothing is accepted.
        recall: At this threshold; NaN if the truth is empty.
        f1: At this threshold; NaN if there is nothing on either side.
    """

    threshold: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Row-aligned, best score first.

    Matching is greedy by score, so whether a row is a hit does not depend on the rows after it: cutting
    the order at any place gives the matching that the threshold there would have given.

    Args:
        image: ``(n,)`` int64 place of the picture.
        label: ``(n,)`` int64 class.
        score: ``(n,)`` float32, descending.
        hit: ``(n,)`` bool.
        asked: ``(images, classes)`` int64: true instances to be found.
    """

    image: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    hit: npt.NDArray[np.bool_]
    asked: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)

    def of_class(self, label: int) -> Ranking:
        """The rows of one class."""
        rows = self.label == label
        asked = np.where(np.arange(self.asked.shape[1]) == label, self.asked, 0)
        return Ranking(self.image[rows], self.label[rows], self.score[rows], self.hit[rows], asked)

    def curve(self) -> tuple[Floats, Floats, npt.NDArray[np.float32]]:
        """Recall, precision and threshold at each score that occurs, from the highest down."""
        hits, accepted, cuts = self._sums(np.ones(len(self.asked)))
        with np.errstate(invalid="ignore", divide="ignore"):
            return hits[cuts] / self.asked.sum(), hits[cuts] / accepted[cuts], self.score[cuts]

    def best(self, times: Floats | None = None) -> Operating:
        """The threshold with the best F1; the highest of equals.

        Args:
            times: ``(images,)`` how often each picture counts; once each if not given.
        """
        times = np.ones(len(self.asked)) if times is None else times
        hits, accepted, cuts = self._sums(times)
        asked = float(times @ self.asked.sum(axis=1))
        f1 = np.divide(
            2 * hits[cuts], accepted[cuts] + asked, where=accepted[cuts] + asked > 0, out=np.zeros(len(cuts))
        )
        if not len(cuts) or not f1.max() > 0:
            nothing = float("nan")
            return Operating(float("inf"), nothing, 0.0 if asked else nothing, 0.0 if asked else nothing)
        at = int(cuts[f1.argmax()])
        recall = hits[at] / asked
        return Operating(
            float(self.score[at]), float(hits[at] / accepted[at]), float(recall), float(f1.max())
        )

    def _sums(self, times: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Hits and accepted rows down to each row, and the rows at which equal scores end."""
        weights = times[self.image]
        ends = np.ones(len(self), np.bool_)
        ends[:-1] = self.score[1:] < self.score[:-1]
        return np.cumsum(weights * self.hit), np.cumsum(weights), np.flatnonzero(ends)


def rank_instances(
    truth: Sequence[ImageTruth],
    scored: Sequence[ImageResult],
    class_map: ClassMap,
    threshold: float = 0.5,
    iou_type: IouType = "bbox",
) -> Ranking:
    """Put everything that was scored in one order and mark the hits.

    Args:
        truth: One for each picture, in any order.
        scored: One for each picture, in any order; rows on instances that do not count are left out.
        class_map: Meaning of the labels.
        threshold: Smallest intersection over union of a hit, in (0, 1].
        iou_type: Compare boxes or masks.
    """
    matching = match(truth, scored, class_map, threshold, iou_type)
    place = {image: number for number, image in enumerate(matching.images)}
    scores = {found.image: found.scores for found in scored}
    rows: list[Hit | Miss] = [*matching.hits, *matching.false_alarms]
    image = np.array([place[row.image] for row in rows], np.int64)
    score = np.array([scores[row.image][row.row] for row in rows], np.float32)
    order = np.lexsort((np.array([row.row for row in rows], np.int64), image, -score))
    return Ranking(
        image[order],
        np.array([row.label for row in rows], np.int64)[order],
        score[order],
        (np.arange(len(rows)) < len(matching.hits))[order],
        matching.table[..., 0] + matching.table[..., 2],
    )
