"""All that verdicts depend on, for one picture: numbers only, so that rules can be moved without pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, InvalidValue
from lydite.detect.outline import Outlines, measure_outlines
from lydite.detect.scoring import Scores
from lydite.detect.settings import FilterSettings, SuppressionSettings
from lydite.detect.shape import Shapes, describe_shapes, shape_distance
from lydite.metrics import Overlaps, pairwise_overlaps

NEGATIVE_MARGIN = 0.4
"""Negatives lower the rank of a candidate unless its cosine to them is this much below that to positives."""
_LEAST = 1e-6
"""The smallest limit at which pairs are looked for; nothing touches by less."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Row-aligned with the candidates of one picture.

    Args:
        area_frac: ``(n,)`` float64 share of the picture's area.
        border_distance: ``(n,)`` int64 pixels between the candidate and the nearest edge of the picture.
        quality: ``(n,)`` float32 the proposer's own ranking, which decides between duplicates.
        surround: ``(n,)`` float32 cosine between the candidate and what lies around it.
        shape_distance: ``(n,)`` float32 mean distance of its outline to the nearer majority of its class.
        outlines: How much each outline is a rectangle or a square, and its holes.
        scores: What the bank says of each.
        overlaps: Pairs of candidates that cover each other by at least the two floors.
        floor_iou: Pairs of a smaller IoU may be missing from ``overlaps``.
        floor_ios: ... and of a smaller intersection over the smaller.

    Raises:
        InvalidValue: If the columns differ in length.
    """

    area_frac: npt.NDArray[np.float64]
    border_distance: npt.NDArray[np.int64]
    quality: npt.NDArray[np.float32]
    surround: npt.NDArray[np.float32]
    shape_distance: npt.NDArray[np.float32]
    outlines: Outlines
    scores: Scores
    overlaps: Overlaps
    floor_iou: float
    floor_ios: float

    def __post_init__(self) -> None:
        columns = (
            self.area_frac,
            self.border_distance,
            self.quality,
            self.surround,
            self.shape_distance,
            self.outlines,
            self.scores,
        )
        lengths = [len(column) for column in columns]
        if len(set(lengths)) != 1:
            raise InvalidValue("Evidence", "columns of one length", lengths)

    def __len__(self) -> int:
        return len(self.area_frac)

    @property
    def rank(self) -> npt.NDArray[np.float32]:
        """``(n,)`` what orders instances: likeness, and being one whole thing.

        Likeness alone prefers parts: a patch of an apple is as much apple as the apple. So the proposer's
        quality counts as well, and against it three quarters of the likeness to the surround and two and a
        half times the distance of its outline from those of the examples. Likeness weighs the more, the more
        alike the examples of the class are.

        Negatives speak against what is nearly as like them as the positives, as far as it is. Of all else
        they say nothing: subtracted, they would lift what resembles nothing at all, such as a wall, above
        objects that resemble what they are confused with.
        """
        positive, negative = self.scores.positive, np.nan_to_num(self.scores.negative, nan=-np.inf)
        likeness = positive - np.maximum(negative - positive + NEGATIVE_MARGIN, 0)
        wholeness = self.quality - 0.75 * self.surround - 2.5 * self.shape_distance
        return np.asarray(self.scores.weight * likeness + wholeness, np.float32)

    def require_floors(self, filters: FilterSettings, suppression: SuppressionSettings) -> None:
        """Pass if the overlaps suffice for these limits.

        Raises:
            InvalidValue: If a limit lies below what was measured, or outlines are asked for that were not.
        """
        if filters.reads_outlines and not self.outlines.measured:
            raise InvalidValue(
                "max_rectangle, max_square, max_holes", "1, since no outline was measured", filters
            )
        for name, limit, floor in (
            ("duplicate_iou", filters.duplicate_iou, self.floor_iou),
            ("nms_iou", suppression.nms_iou, self.floor_iou),
            ("nested_ios", suppression.nested_ios, self.floor_ios),
        ):
            if limit < floor and floor > _LEAST:
                raise InvalidValue(name, f"{floor} or more, since smaller overlaps were not measured", limit)


def gather_evidence(
    candidates: Candidates,
    scores: Scores,
    surround: npt.NDArray[np.float32],
    bank_shapes: Shapes,
    bank_labels: npt.NDArray[np.int64],
    floor_iou: float = _LEAST,
    floor_ios: float = _LEAST,
    *,
    outlines: bool = True,
) -> Evidence:
    """Measure candidates beside their scores.

    Args:
        candidates: What was proposed.
        scores: What the bank says.
        surround: ``(n,)`` cosine between each candidate and what lies around it.
        bank_shapes: ``(m, 4)`` outlines of the positives.
        bank_labels: ``(m,)`` their classes.
        floor_iou: The smallest IoU limit that will be asked for; higher is faster.
        floor_ios: The smallest limit on the intersection over the smaller that will be asked for.
        outlines: Measure outlines, which the rules about rectangles, squares and holes need.
    """
    height, width = candidates.size_hw
    x0, y0, x1, y1 = candidates.masks.boxes.xyxy.astype(np.int64).T
    return Evidence(
        candidates.masks.areas / (height * width),
        np.minimum.reduce([x0, y0, width - x1, height - y1]),
        candidates.quality,
        surround,
        _shape_distances(candidates, scores, bank_shapes, bank_labels),
        measure_outlines(candidates.masks) if outlines else Outlines.unmeasured(len(candidates)),
        scores,
        pairwise_overlaps(candidates.masks, max(floor_iou, _LEAST), max(floor_ios, _LEAST)),
        max(floor_iou, _LEAST),
        max(floor_ios, _LEAST),
    )


def _shape_distances(
    candidates: Candidates, scores: Scores, bank_shapes: Shapes, bank_labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    distances = np.zeros(len(candidates), np.float32)
    if np.isnan(bank_shapes).any(axis=1).all():
        return distances
    shapes = describe_shapes(candidates.masks)
    for label in np.unique(scores.labels):
        rows = scores.labels == label
        distances[rows] = shape_distance(shapes[rows], bank_shapes[bank_labels == label])
    return distances
