"""What a person says is in the pictures, for pages that also show what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue, ItemId, Masks
from lydite.metrics import pairwise_overlaps

MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class TrueObjects:
    """The annotated objects of one picture.

    Args:
        masks: One mask an object.
        labels: ``(n,)`` int64 places in the class map of the run.

    Raises:
        InvalidValue: If the two differ in length.
    """

    masks: Masks
    labels: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.masks) != len(self.labels):
            raise InvalidValue("TrueObjects.labels", f"of length {len(self.masks)}", len(self.labels))

    def missed(self, found: Masks, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of objects that no instance of their class covers with an IoU of at least 0.5.

        Each instance, best first, takes the free object that it covers best.

        Args:
            found: Accepted masks, best first.
            labels: Their classes.
        """
        count = len(found)
        pairs = pairwise_overlaps(Masks.concatenate([found, self.masks], self.masks.size_hw))
        free = np.ones(len(self.masks), np.bool_)
        crossing = (pairs.i < count) & (pairs.j >= count) & (pairs.iou >= MATCH_IOU)
        instances, objects = pairs.i[crossing], pairs.j[crossing] - count
        for k in np.lexsort((-pairs.iou[crossing], instances)):
            i, j = int(instances[k]), int(objects[k])
            if i >= 0 and free[j] and labels[i] == self.labels[j]:
                free[j] = False
                instances[instances == i] = -1
        return np.flatnonzero(free)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The annotations of a run's pictures and what an evaluation said.

    Args:
        objects: Annotated pictures by item; pictures that are not in it are not marked.
        metrics: Name to value in [0, 1], in the order in which to show them, for example ``"AP50"``.
    """

    objects: Mapping[ItemId, TrueObjects]
    metrics: Mapping[str, float] = field(default_factory=dict)
