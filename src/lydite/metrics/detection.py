"""Average precision and recall, by the field's own program: pycocotools' ``COCOeval``.

Source of the definitions: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and the
evaluation page of the COCO challenge: 10 IoU thresholds from 0.50 to 0.95, 101 recall levels.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lydite.core import ClassMap, InvalidValue
from lydite.metrics.instances import ImageResult, ImageTruth, IouType, pair_images
from lydite.metrics.overlap import encode_masks

_ALL_AREAS = [0, 1e10]


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
    pairs = pair_images(truth, results, class_map, iou_type)
    if not pairs:
        nothing = ClassScores(*[float("nan")] * 4)
        return DetectionScores(nothing, (nothing,) * len(class_map), class_map, iou_type, max_dets, 0)
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress by print
        judge = COCOeval(
            _dataset([one for one, _ in pairs], class_map, iou_type),
            _dataset([found for _, found in pairs], class_map, iou_type),
            iou_type,
        )
        judge.params.maxDets = [max_dets]
        judge.params.areaRng = [_ALL_AREAS]
        judge.params.areaRngLbl = ["all"]
        judge.evaluate()
        judge.accumulate()
    # Read directly: its own summary looks for exactly three limits of 1, 10 and 100 detections.
    precision, recall = judge.eval["precision"][..., 0, 0], judge.eval["recall"][..., 0, 0]
    thresholds = judge.params.iouThrs
    per_class = tuple(
        _scores(precision[..., [label]], recall[..., [label]], thresholds) for label in range(len(class_map))
    )
    overall = _scores(precision, recall, thresholds)
    return DetectionScores(overall, per_class, class_map, iou_type, max_dets, len(pairs))


def _scores(
    precision: npt.NDArray[np.float64], recall: npt.NDArray[np.float64], thresholds: npt.NDArray[np.float64]
) -> ClassScores:
    """From ``(threshold, recall level, class)`` and ``(threshold, class)``; -1 marks absent classes."""
    at50, at75 = (int(np.abs(thresholds - at).argmin()) for at in (0.5, 0.75))
    return ClassScores(_mean(precision), _mean(precision[at50]), _mean(precision[at75]), _mean(recall))


def _mean(values: npt.NDArray[np.float64]) -> float:
    present = values[values > -1]
    return float(present.mean()) if present.size else float("nan")


def _dataset(sides: Sequence[ImageTruth | ImageResult], class_map: ClassMap, iou_type: IouType) -> Any:
    """One side as COCO's program wants it; instances count from 1 because it takes 0 for "no match"."""
    images: list[dict[str, int]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, side in enumerate(sides, start=1):
        height, width = (0, 0) if side.masks is None else side.masks.size_hw
        images.append({"id": image_id, "height": height, "width": width})
        annotations += _annotations(side, image_id, len(annotations) + 1, iou_type)
    dataset = COCO()
    dataset.dataset = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": label, "name": name} for label, name in enumerate(class_map)],
    }
    dataset.createIndex()
    return dataset


def _annotations(
    side: ImageTruth | ImageResult, image_id: int, first_id: int, iou_type: IouType
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"id": first_id + row, "image_id": image_id, "category_id": label, "bbox": bbox, "iscrowd": 0}
        for row, (label, bbox) in enumerate(
            zip(side.labels.tolist(), side.boxes.to_xywh().tolist(), strict=True)
        )
    ]
    if iou_type == "segm" and side.masks is not None:
        areas = side.masks.areas.tolist()
        for row, segmentation in zip(rows, encode_masks(side.masks), strict=True):
            row["segmentation"] = segmentation
    else:
        areas = side.boxes.areas.tolist()
    for row, area in zip(rows, areas, strict=True):
        row["area"] = area
    if isinstance(side, ImageResult):
        for row, score in zip(rows, side.scores.tolist(), strict=True):
            row["score"] = score
    return rows
