"""What a person says is in the pictures, for pages that also show what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lydite.core import Boxes, ClassMap, ItemId, Masks
from lydite.metrics import ImageResult, ImageTruth, match

MATCH_IOU = 0.5
"""An instance with this overlap with an object of its class has found it."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The annotations of a run's pictures and what an evaluation said.

    Args:
        objects: Annotated pictures by item, their labels places in the class map of the run. Pictures that
            are not in it are not marked.
        metrics: Name to value in [0, 1], in the order in which to show them, for example ``"AP50"``.
    """

    objects: Mapping[ItemId, ImageTruth]
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """The instances of one picture beside its annotated objects.

    Args:
        found: How many instances have a partner among the objects.
        invented: Rows of instances without one.
        missed: Rows of objects that no instance found.
    """

    found: int
    invented: tuple[int, ...]
    missed: tuple[int, ...]


def compare(there: ImageTruth, accepted: pl.DataFrame, masks: Masks, class_map: ClassMap) -> Compared:
    """Pair instances with annotated objects by the IoU of masks, or else of boxes.

    Args:
        there: The annotated objects of one picture.
        accepted: Rows of the run's table of the same picture.
        masks: Their masks.
        class_map: Meaning of the labels.
    """
    labels = np.array([class_map.get_label(name) for name in accepted["class"]], np.int64)
    boxes = Boxes(accepted.select("x0", "y0", "x1", "y1").to_numpy())
    found = ImageResult(there.image, boxes, masks, labels, accepted["rank"].to_numpy())
    matching = match(
        [there], [found], class_map, MATCH_IOU, iou_type="bbox" if there.masks is None else "segm"
    )
    return Compared(
        matching.pooled.tp,
        tuple(alarm.row for alarm in matching.false_alarms),
        tuple(miss.row for miss in matching.misses),
    )


def masks_to_draw(there: ImageTruth, size_hw: tuple[int, int]) -> Masks:
    """What outlines the annotated objects: their masks, or else their boxes."""
    return Masks.from_boxes(there.boxes.clip(size_hw), size_hw) if there.masks is None else there.masks
