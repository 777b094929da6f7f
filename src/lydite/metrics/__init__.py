"""Truth and predictions in, numbers with intervals out."""

from lydite.metrics.assessment import Assessment, Curve, assess
from lydite.metrics.cases import Case, Terms
from lydite.metrics.confusion import Confusion, confuse
from lydite.metrics.detection import ClassScores, DetectionScores, evaluate
from lydite.metrics.figures import Figure
from lydite.metrics.instances import ImageResult, ImageTruth, IouType
from lydite.metrics.intervals import (
    Interval,
    bootstrap,
    bootstrap_rows,
    bootstrap_together,
    paired_difference,
)
from lydite.metrics.matching import Counts, Hit, Matching, Miss, match
from lydite.metrics.overlap import (
    Overlaps,
    box_iou,
    mask_iou,
    mask_overlap,
    pairwise_overlaps,
    share_inside,
)
from lydite.metrics.ranking import Operating, Ranking, rank_instances

__all__ = [
    "Assessment",
    "Case",
    "ClassScores",
    "Confusion",
    "Counts",
    "Curve",
    "DetectionScores",
    "Figure",
    "Hit",
    "ImageResult",
    "ImageTruth",
    "Interval",
    "IouType",
    "Matching",
    "Miss",
    "Operating",
    "Overlaps",
    "Ranking",
    "Terms",
    "assess",
    "bootstrap",
    "bootstrap_rows",
    "bootstrap_together",
    "box_iou",
    "confuse",
    "evaluate",
    "mask_iou",
    "mask_overlap",
    "match",
    "paired_difference",
    "pairwise_overlaps",
    "rank_instances",
    "share_inside",
]
