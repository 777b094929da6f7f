"""Truth and predictions in, numbers with intervals out."""

from lydite.metrics.detection import ClassScores, DetectionScores, evaluate
from lydite.metrics.instances import ImageResult, ImageTruth
from lydite.metrics.intervals import Interval, bootstrap, bootstrap_rows, paired_difference
from lydite.metrics.matching import Counts, Matching, Miss, match
from lydite.metrics.overlap import Overlaps, box_iou, mask_iou, mask_overlap, pairwise_overlaps

__all__ = [
    "ClassScores",
    "Counts",
    "DetectionScores",
    "ImageResult",
    "ImageTruth",
    "Interval",
    "Matching",
    "Miss",
    "Overlaps",
    "bootstrap",
    "bootstrap_rows",
    "box_iou",
    "evaluate",
    "mask_iou",
    "mask_overlap",
    "match",
    "paired_difference",
    "pairwise_overlaps",
]
