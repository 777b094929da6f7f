"""Truth and predictions in, numbers with intervals out."""

from lydite.metrics.assessment import Assessment, Curve, assess
from lydite.metrics.calibration import Bin, Reliability, reliability
from lydite.metrics.cases import Case, Terms
from lydite.metrics.classification import (
    ClassificationScores,
    ClassScore,
    GroupScore,
    mean_loss,
    score_classes,
)
from lydite.metrics.confusion import Confusion, confuse
from lydite.metrics.detection import ClassScores, DetectionScores, evaluate
from lydite.metrics.figures import Figure
from lydite.metrics.instances import ImageResult, ImageTruth, IouType
from lydite.metrics.intervals import (
    Interval,
    bootstrap,
    bootstrap_columns,
    bootstrap_rows,
    bootstrap_together,
    paired_difference,
)
from lydite.metrics.judgements import Judgements
from lydite.metrics.matching import Counts, Hit, Matching, Miss, match
from lydite.metrics.overlap import (
    Overlaps,
    box_iou,
    mask_iou,
    mask_overlap,
    pairwise_overlaps,
    share_inside,
)
from lydite.metrics.paired import Comparison, compare
from lydite.metrics.proportions import share
from lydite.metrics.ranking import Operating, Ranking, rank_instances

__all__ = [
    "Assessment",
    "Bin",
    "Case",
    "ClassScore",
    "ClassScores",
    "ClassificationScores",
    "Comparison",
    "Confusion",
    "Counts",
    "Curve",
    "DetectionScores",
    "Figure",
    "GroupScore",
    "Hit",
    "ImageResult",
    "ImageTruth",
    "Interval",
    "IouType",
    "Judgements",
    "Matching",
    "Miss",
    "Operating",
    "Overlaps",
    "Ranking",
    "Reliability",
    "Terms",
    "assess",
    "bootstrap",
    "bootstrap_columns",
    "bootstrap_rows",
    "bootstrap_together",
    "box_iou",
    "compare",
    "confuse",
    "evaluate",
    "mask_iou",
    "mask_overlap",
    "match",
    "mean_loss",
    "paired_difference",
    "pairwise_overlaps",
    "rank_instances",
    "reliability",
    "score_classes",
    "share",
    "share_inside",
]
