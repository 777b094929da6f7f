"""All that verdicts depend on, for one picture: numbers only, so that rules can be moved without pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, InvalidValue
from lydite.detect.scoring import Scores
from lydite.metrics import PairOverlaps, pairwise_overlaps


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Row-aligned with the candidates of one picture.

    Args:
        area_frac: ``(n,)`` float64 share of the picture's area.
        border_distance: ``(n,)`` int64 pixels between the candidate and the nearest edge of the picture.
        quality: ``(n,)`` float32 the proposer's own ranking, which decides between duplicates.
        scores: What the bank says of each.
        overlaps: Pairs of candidates that touch.

    Raises:
        InvalidValue: If the columns differ in length.
    """

    area_frac: npt.NDArray[np.float64]
    border_distance: npt.NDArray[np.int64]
    quality: npt.NDArray[np.float32]
    scores: Scores
    overlaps: PairOverlaps

    def __post_init__(self) -> None:
        lengths = [len(self.area_frac), len(self.border_distance), len(self.quality), len(self.scores)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Evidence", "columns of one length", lengths)

    def __len__(self) -> int:
        return len(self.area_frac)


def gather_evidence(candidates: Candidates, scores: Scores) -> Evidence:
    """Measure candidates beside their scores."""
    height, width = candidates.size_hw
    x0, y0, x1, y1 = candidates.masks.boxes.xyxy.astype(np.int64).T
    return Evidence(
        candidates.masks.areas / (height * width),
        np.minimum.reduce([x0, y0, width - x1, height - y1]),
        candidates.quality,
        scores,
        pairwise_overlaps(candidates.masks),
    )
