"""COCO's own program on one set of pictures: asked once, then accumulated for any draw of them.

Source of the definitions: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and the
evaluation page of the COCO challenge: 10 IoU thresholds from 0.50 to 0.95, 101 recall levels.
"""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lydite.core import ClassMap
from lydite.metrics.instances import ImageResult, ImageTruth, IouType, pair_images
from lydite.metrics.overlap import encode_masks

Floats = npt.NDArray[np.float64]

SIZES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"all": (0, 1e10), "small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}
)
"""COCO's ranges of area in pixels, both ends included; areas are of masks where masks are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What COCO's program accumulated; -1 marks what the truth holds nothing of.

    Args:
        precision: ``(IoU thresholds, recall levels, classes, sizes)`` at the largest number of detections.
        recall: ``(IoU thresholds, classes, sizes, numbers of detections)``.
        thresholds: ``(10,)`` IoU thresholds.
    """

    precision: Floats
    recall: Floats
    thresholds: Floats

    def ap(self, iou: float | None = None, label: int | None = None, size: int = 0) -> float:
        """Mean precision over the recall levels: of all IoU thresholds or one, all classes or one.

        NaN where the truth holds no instance.
        """
        values = self.precision[..., size] if label is None else self.precision[:, :, [label], size]
        return _mean(values if iou is None else values[int(np.abs(self.thresholds - iou).argmin())])

    def ar(self, label: int | None = None, size: int = 0, limit: int = -1) -> float:
        """Mean recall over the IoU thresholds, at one of the numbers of detections."""
        values = self.recall[..., size, limit]
        return _mean(values if label is None else values[:, [label]])


class Judge:
    """COCO's evaluation of one set of pictures.

    Args:
        truth: One for each picture, in any order.
        results: One for each picture, in any order.
        class_map: Meaning of the labels.
        iou_type: Compare boxes or masks.
        max_dets: Most detections counted, per picture and class; ascending.
        sizes: Keys of ``SIZES``, ``"all"`` first.

    Raises:
        InvalidValue: If the two sides do not fit each other.
    """

    def __init__(
        self,
        truth: Sequence[ImageTruth],
        results: Sequence[ImageResult],
        class_map: ClassMap,
        iou_type: IouType,
        max_dets: Sequence[int],
        sizes: Sequence[str] = ("all",),
    ) -> None:
        pairs = pair_images(truth, results, class_map, iou_type)
        self.images = len(pairs)
        self._judge = _Program(
            _dataset([one for one, _ in pairs], class_map, iou_type),
            _dataset([found for _, found in pairs], class_map, iou_type),
            iou_type,
        )
        self._judge.params.maxDets = list(max_dets)
        self._judge.params.areaRng = [list(SIZES[size]) for size in sizes]
        self._judge.params.areaRngLbl = list(sizes)
        with _silence():
            self._judge.evaluate()
        self._asked = list(self._judge.evalImgs)

    def accumulate(self, rows: npt.NDArray[np.int64] | None = None, only_ap: bool = False) -> Curves:
        """Accumulate all pictures, or a draw of them.

        Args:
            rows: ``(images,)`` places of pictures by ascending key, some repeated; all if not given.
            only_ap: Leave out all but the largest number of detections.
        """
        if rows is None:
            self._judge.evalImgs = self._asked
        else:
            starts = range(0, len(self._asked), self.images)
            self._judge.evalImgs = [self._asked[start + row] for start in starts for row in rows.tolist()]
        params = copy.copy(self._judge.params)
        params.maxDets = params.maxDets[-1:] if only_ap else params.maxDets
        with _silence():
            self._judge.accumulate(params)
        found = self._judge.eval
        return Curves(found["precision"][..., -1], found["recall"], np.asarray(params.iouThrs))

    def recalls(self) -> tuple[Floats, Floats]:
        """What each picture contributes to the recalls.

        Returns:
            ``(images, IoU thresholds, classes, sizes, numbers of detections)`` found, and
            ``(images, classes, sizes)`` to be found.
        """
        params = self._judge.params
        shape = (len(params.catIds), len(params.areaRng), self.images)
        found = np.zeros((self.images, len(params.iouThrs), *shape[:2], len(params.maxDets)))
        asked = np.zeros((self.images, *shape[:2]))
        for place, entry in enumerate(self._asked):
            if entry is not None:
                label, size, image = np.unravel_index(place, shape)
                asked[image, label, size] = np.count_nonzero(entry["gtIgnore"] == 0)
                hit = (entry["dtMatches"] > 0) & ~np.asarray(entry["dtIgnore"], np.bool_)
                for limit, most in enumerate(params.maxDets):
                    found[image, :, label, size, limit] = hit[:, :most].sum(axis=1)
        return found, asked


class _Program(COCOeval):  # type: ignore[misc]
    """COCO's program, which also passes over instances that are marked difficult."""

    def _prepare(self) -> None:
        super()._prepare()
        for rows in self._gts.values():
            for row in rows:
                row["ignore"] = bool(row["iscrowd"] or row["difficult"])


def _silence() -> contextlib.redirect_stdout[io.StringIO]:
    """It reports its progress by print."""
    return contextlib.redirect_stdout(io.StringIO())


def _mean(values: Floats) -> float:
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
    with _silence():
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
    else:
        for row, crowd, difficult in zip(rows, side.crowd.tolist(), side.difficult.tolist(), strict=True):
            row |= {"iscrowd": int(crowd), "difficult": difficult}
    return rows
