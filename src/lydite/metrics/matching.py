"""Which instance was found by which: precision, recall, and the list of what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, InvalidValue
from lydite.metrics.instances import ImageResult, ImageTruth, IouType, pair_images
from lydite.metrics.overlap import box_iou, mask_iou, share_inside


@dataclass(frozen=True, slots=True)
class Counts:
    """Instances found, invented and missed.

    Args:
        tp: Found: accepted instances with a partner in the truth.
        fp: Invented: accepted instances without one.
        fn: Missed: true instances without a partner.
    """

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Share of the accepted that is true; NaN if nothing was accepted."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of the true that was found; NaN if the truth is empty."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """``2 tp / (2 tp + fp + fn)``; NaN if there is nothing on either side."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


@dataclass(frozen=True, slots=True)
class Miss:
    """One instance without a partner: a true one that was missed, or a false alarm.

    Args:
        image: Key of the picture.
        row: Row in the picture's truth (missed) or result (false alarm).
        label: Its class.
        best_iou: Largest overlap with any instance of its class on the other side, taken or not.
    """

    image: str
    row: int
    label: int
    best_iou: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A pair of an accepted and a true instance.

    Args:
        image: Key of the picture.
        row: Row in the picture's result.
        truth_row: Row in the picture's truth.
        label: Their class.
        iou: Their overlap.
    """

    image: str
    row: int
    truth_row: int
    label: int
    iou: float


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Who found whom, at one IoU threshold.

    Args:
        images: Keys of the pictures, ascending.
        table: ``(images, classes, 3)`` int64: tp, fp, fn. Its rows are what ``bootstrap`` resamples.
        misses: True instances that nobody found.
        false_alarms: Accepted instances that nobody asked for.
        class_map: The classes.
        hits: Who found whom.
    """

    images: tuple[str, ...]
    table: npt.NDArray[np.int64]
    misses: tuple[Miss, ...]
    false_alarms: tuple[Miss, ...]
    class_map: ClassMap
    hits: tuple[Hit, ...] = ()

    @property
    def pooled(self) -> Counts:
        """All classes and pictures together."""
        return Counts(*self.table.sum(axis=(0, 1)).tolist())

    @property
    def per_class(self) -> tuple[Counts, ...]:
        """One for each class of the map, over all pictures."""
        return tuple(Counts(*row) for row in self.table.sum(axis=0).tolist())


def match(
    truth: Sequence[ImageTruth],
    accepted: Sequence[ImageResult],
    class_map: ClassMap,
    threshold: float = 0.5,
    iou_type: IouType = "bbox",
) -> Matching:
    """Pair accepted with true instances of the same picture and class.

    Greedy: the accepted, by descending score (earlier rows first among equals), each take the free true
    instance that they overlap most, if that is at least the threshold. So the fate of an instance does not
    depend on weaker ones: what a higher threshold on the score would give is what is left of the pairs.

    True instances marked ``difficult`` or ``crowd`` are never taken; an accepted instance that is left
    over and covers one of its class (for a crowd: lies inside) is neither hit nor false alarm.

    Args:
        truth: One for each picture, in any order.
        accepted: One for each picture, in any order.
        class_map: Meaning of the labels.
        threshold: Smallest intersection over union of a pair, in (0, 1].
        iou_type: Compare boxes or masks.

    Raises:
        InvalidValue: As ``evaluate`` does, and if the threshold is out of range.
    """
    if not 0 < threshold <= 1:
        raise InvalidValue("threshold", "in (0, 1]", threshold)
    pairs = pair_images(truth, accepted, class_map, iou_type)
    table = np.zeros((len(pairs), len(class_map), 3), np.int64)
    hits: list[Hit] = []
    misses: list[Miss] = []
    alarms: list[Miss] = []
    for counts, (one, found) in zip(table, pairs, strict=True):
        overlap = _overlap(one, found, iou_type)
        partner = _take_greedily(np.where(one.counted, overlap, 0), found.scores, threshold)
        hit = partner >= 0
        lost = one.counted & ~np.isin(np.arange(len(one)), partner)
        alarm = ~hit
        alarm[alarm] = ~_forgiven(one, found[alarm], overlap[alarm], threshold, iou_type)
        for column, labels in enumerate((found.labels[hit], found.labels[alarm], one.labels[lost])):
            counts[:, column] = np.bincount(labels, minlength=len(class_map))
        hits += [
            Hit(one.image, row, int(partner[row]), int(found.labels[row]), float(overlap[row, partner[row]]))
            for row in np.flatnonzero(hit).tolist()
        ]
        misses += _left_over(one, lost, overlap.max(axis=0, initial=0))
        alarms += _left_over(found, alarm, overlap.max(axis=1, initial=0))
    keys = tuple(one.image for one, _ in pairs)
    return Matching(keys, table, tuple(misses), tuple(alarms), class_map, tuple(hits))


def _forgiven(
    one: ImageTruth, found: ImageResult, overlap: npt.NDArray[np.float32], threshold: float, iou_type: IouType
) -> npt.NDArray[np.bool_]:
    """Which rows of ``found`` lie on an instance of their class that does not count."""
    least = np.float32(threshold)
    on_difficult = np.asarray(((overlap >= least) & one.difficult).any(axis=1), np.bool_)
    if not one.crowd.any() or not len(found):
        return on_difficult
    if iou_type == "segm" and one.masks is not None and found.masks is not None:
        inside = share_inside(found.masks, one.masks)
    else:
        inside = share_inside(found.boxes, one.boxes)
    same = found.labels[:, None] == one.labels[None, :]
    in_crowd = np.asarray(((inside >= least) & same & one.crowd).any(axis=1), np.bool_)
    return np.logical_or(on_difficult, in_crowd)


def _overlap(one: ImageTruth, found: ImageResult, iou_type: IouType) -> npt.NDArray[np.float32]:
    """``(found, true)`` IoU, 0 between classes."""
    if iou_type == "segm" and one.masks is not None and found.masks is not None:
        overlap = mask_iou(found.masks, one.masks)
    else:
        overlap = box_iou(found.boxes, one.boxes)
    overlap[found.labels[:, None] != one.labels[None, :]] = 0
    return overlap


def _take_greedily(
    overlap: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], threshold: float
) -> npt.NDArray[np.int64]:
    """For each accepted row its partner in the truth, or -1."""
    partner = np.full(len(scores), -1, np.int64)
    if not overlap.size:
        return partner
    free = overlap.copy()
    for row in np.argsort(-scores, kind="stable"):
        best = int(free[row].argmax())
        if free[row, best] >= np.float32(threshold):
            partner[row] = best
            free[:, best] = 0
    return partner


def _left_over(
    side: ImageTruth | ImageResult, rows: npt.NDArray[np.bool_], best: npt.NDArray[np.float32]
) -> list[Miss]:
    return [
        Miss(side.image, int(row), int(side.labels[row]), float(best[row])) for row in np.flatnonzero(rows)
    ]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
