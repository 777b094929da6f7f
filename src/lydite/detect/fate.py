"""What became of a thing in a run: the candidate that covers it, and what stood in its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from lydite.core import Block, Boxes, Masks, Outcome
from lydite.detect.store import masks_of
from lydite.metrics import box_iou, mask_iou

NOT_PROPOSED = "not proposed"


@dataclass(frozen=True, slots=True)
class Fate:
    """The stored candidate that covers a thing best.

    Args:
        outcome: How far it came, or ``NOT_PROPOSED`` where no candidate covers the thing.
        region: Its number; -1 if there is none.
        class_name: Its class.
        iou: Its overlap with the thing; the largest there was where none covers it.
        rank: What instances are ordered by; NaN if there is no candidate.
        score: Its positive score; NaN likewise.
        blocks: Every rule that blocked it.
    """

    outcome: str
    region: int
    class_name: str
    iou: float
    rank: float
    score: float
    blocks: tuple[Block, ...]


def trace(table: pl.DataFrame, thing: Masks | Boxes, class_name: str, threshold: float) -> Fate:
    """Find the candidate that came nearest to being the instance that one would have wanted.

    Of the candidates that overlap the thing enough, one of its class is preferred, then one that came
    further, then the larger overlap.

    Args:
        table: All candidates of the picture.
        thing: One mask or one box.
        class_name: The class that it should have been found as.
        threshold: Smallest intersection over union that counts as covering it.
    """
    nothing = float("nan")
    if table.is_empty():
        return Fate(NOT_PROPOSED, -1, "", 0.0, nothing, nothing, ())
    if isinstance(thing, Masks):
        overlap = mask_iou(masks_of(table, thing.size_hw), thing)[:, 0]
    else:
        overlap = box_iou(Boxes(table.select("x0", "y0", "x1", "y1").to_numpy()), thing)[:, 0]
    if overlap.max() < np.float32(threshold):
        return Fate(NOT_PROPOSED, -1, "", float(overlap.max()), nothing, nothing, ())
    steps = [Outcome.FILTERED.value, Outcome.REFUSED.value, Outcome.SUPPRESSED.value, Outcome.ACCEPTED.value]
    reached = np.array([steps.index(outcome) for outcome in table["outcome"]])
    wanted = (table["class"] == class_name).to_numpy()
    order = np.lexsort((-overlap, -reached, ~wanted, overlap < np.float32(threshold)))
    best = int(order[0])
    row = table.row(best, named=True)
    return Fate(
        row["outcome"],
        row["region"],
        row["class"],
        float(overlap[best]),
        row["rank"],
        row["score"],
        tuple(Block(**block) for block in row["blocks"]),
    )
