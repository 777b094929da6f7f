"""Average precision and recall, by the field's own program: pycocotools' ``COCOeval``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lydite.core import ClassMap, InvalidValue
from lydite.metrics.coco import Curves, Judge
from lydite.metrics.instances import ImageResult, ImageTruth, IouType


@dataclass(frozen=True, slots=True)
class ClassScores:
    """COCO's numbers of one class, or their means over the classes that the truth holds.

    Args:
        ap: Mean of the average precisions at the IoU thresholds 0.50, 0.55 ... 0.95.
        ap50: Average precision at IoU 0.50.
        ap75: Average precision at IoU 0.75.
        ar: Mean of the recalls at the same thresholds, at the number of detections allowed.

    All are in [0, 1], and NaN where the truth holds no instance.
    """

    ap: float
    ap50: float
    ap75: float
    ar: float


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """The outcome of an evaluation.

    Args:
        overall: Means over the classes that the truth holds.
        per_class: One for each class of the map, in its order.
        class_map: The classes.
        iou_type: ``"bbox"`` or ``"segm"``.
        max_dets: Most detections counted, per picture and class, by descending score.
        images: Number of pictures.
    """

    overall: ClassScores
    per_class: tuple[ClassScores, ...]
    class_map: ClassMap
    iou_type: IouType
    max_dets: int
    images: int


def evaluate(
    truth: Sequence[ImageTruth],
    results: Sequence[ImageResult],
    class_map: ClassMap,
    iou_type: IouType = "bbox",
    max_dets: int = 100,
) -> DetectionScores:
    """COCO's average precision and recall.

    Args:
        truth: One for each picture, in any order.
        results: One for each picture, in any order; without instances where nothing was found.
        class_map: Meaning of the labels.
        iou_type: Compare boxes or masks.
        max_dets: Most detections counted, per picture and class; more than 100 for crowded pictures.

    Raises:
        InvalidValue: If the pictures on the two sides differ, a label is outside the class map, or a mask
            is missing.
    """
    if max_dets < 1:
        raise InvalidValue("max_dets", "1 or more", max_dets)
    if not truth and not results:
        nothing = ClassScores(*[float("nan")] * 4)
        return DetectionScores(nothing, (nothing,) * len(class_map), class_map, iou_type, max_dets, 0)
    judge = Judge(truth, results, class_map, iou_type, [max_dets])
    curves = judge.accumulate()
    per_class = tuple(_scores(curves, label) for label in range(len(class_map)))
    return DetectionScores(_scores(curves, None), per_class, class_map, iou_type, max_dets, judge.images)


def _scores(curves: Curves, label: int | None) -> ClassScores:
    return ClassScores(
        curves.ap(label=label), curves.ap(0.5, label), curves.ap(0.75, label), curves.ar(label)
    )
