"""Which class was taken for which, with the background as a class of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap
from lydite.metrics.instances import ImageResult, ImageTruth, IouType, pair_images
from lydite.metrics.matching import Matching
from lydite.metrics.overlap import box_iou, mask_iou

BACKGROUND = "background"


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """True classes by accepted classes.

    Args:
        counts: ``(classes + 1, classes + 1)`` int64; rows are what is there, columns what was said, the
            last of each is the background. The diagonal holds the hits; a row adds up to the true
            instances of a class, a column to the accepted ones.
        class_map: The classes.
    """

    counts: npt.NDArray[np.int64]
    class_map: ClassMap

    @property
    def names(self) -> tuple[str, ...]:
        """The classes, then the background."""
        return (*self.class_map, BACKGROUND)


def confuse(
    truth: Sequence[ImageTruth],
    accepted: Sequence[ImageResult],
    matching: Matching,
    threshold: float = 0.5,
    iou_type: IouType = "bbox",
) -> Confusion:
    """Confusion of what a matching left without a partner.

    The hits stay as they are. Then misses and false alarms of any class are paired, the largest overlap
    first, down to the threshold: those are confusions. What is still alone is against the background.

    Args:
        truth: As for the matching.
        accepted: As for the matching.
        matching: Who found whom within each class.
        threshold: Smallest intersection over union of a pair, in (0, 1].
        iou_type: Compare boxes or masks.
    """
    classes = len(matching.class_map)
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for hit in matching.hits:
        counts[hit.label, hit.label] += 1
    lost: dict[str, list[int]] = {}
    alone: dict[str, list[int]] = {}
    for rows, left in ((lost, matching.misses), (alone, matching.false_alarms)):
        for miss in left:
            rows.setdefault(miss.image, []).append(miss.row)
    for one, found in pair_images(truth, accepted, matching.class_map, iou_type):
        there = one[np.array(lost.get(one.image, []), np.int64)]
        said = found[np.array(alone.get(one.image, []), np.int64)]
        pairs = _pair(there, said, threshold, iou_type)
        for row, column in pairs:
            counts[there.labels[row], said.labels[column]] += 1
        for label in np.delete(there.labels, [row for row, _ in pairs]):
            counts[label, classes] += 1
        for label in np.delete(said.labels, [column for _, column in pairs]):
            counts[classes, label] += 1
    return Confusion(counts, matching.class_map)


def _pair(there: ImageTruth, said: ImageResult, threshold: float, iou_type: IouType) -> list[tuple[int, int]]:
    if not len(there) or not len(said):
        return []
    if iou_type == "segm" and there.masks is not None and said.masks is not None:
        overlap = mask_iou(there.masks, said.masks)
    else:
        overlap = box_iou(there.boxes, said.boxes)
    pairs = []
    while (best := overlap.max()) >= np.float32(threshold):
        row, column = np.unravel_index(int((overlap == best).argmax()), overlap.shape)
        pairs.append((int(row), int(column)))
        overlap[row, :] = overlap[:, column] = -1
    return pairs
