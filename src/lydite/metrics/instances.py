"""What is compared: the instances that are in a picture, and those that were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, ClassMap, Index, InvalidValue, Masks

IouType: TypeAlias = Literal["bbox", "segm"]
"""By which shape instances are compared: their boxes or their masks."""


def _no_flags() -> npt.NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class ImageTruth:
    """The instances that are in one picture, row-aligned.

    Rows marked ``crowd`` or ``difficult`` are neither hits nor misses, and what was found on them is no
    false alarm (as in COCO's and PASCAL VOC's own evaluations).

    Args:
        image: Key of the picture, the same in its result.
        boxes: ``n`` boxes.
        masks: ``n`` masks, or ``None`` where only boxes are known.
        labels: ``(n,)`` int64 label of each instance.
        crowd: ``(n,)`` bool: a group that is marked as a whole; all false if not given.
        difficult: ``(n,)`` bool: not to be counted as missed; all false if not given.

    Raises:
        InvalidValue: If the columns differ in length.
    """

    image: str
    boxes: Boxes
    masks: Masks | None
    labels: npt.NDArray[np.int64]
    crowd: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    difficult: npt.NDArray[np.bool_] = field(default_factory=_no_flags)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, dtype=np.int64))
        flags = {name: np.asarray(getattr(self, name), np.bool_) for name in ("crowd", "difficult")}
        given = {name: column for name, column in flags.items() if len(column)}
        _require_aligned(self.image, self.boxes, self.masks, labels=self.labels, **given)
        for name in flags:
            object.__setattr__(self, name, given.get(name, np.zeros(len(self.labels), np.bool_)))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Index) -> ImageTruth:
        """Rows by boolean mask, integer array or slice; every column follows."""
        rows = np.arange(len(self))[index]
        masks = None if self.masks is None else self.masks[rows]
        return ImageTruth(
            self.image, self.boxes[rows], masks, self.labels[rows], self.crowd[rows], self.difficult[rows]
        )

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` bool: rows that are to be found."""
        return ~(self.crowd | self.difficult)


@dataclass(frozen=True, slots=True, eq=False)
class ImageResult:
    """The instances that were found in one picture, row-aligned.

    Args:
        image: Key of the picture, the same in its truth.
        boxes: ``n`` boxes.
        masks: ``n`` masks, or ``None`` where only boxes were found.
        labels: ``(n,)`` int64 label of each instance.
        scores: ``(n,)`` float32, higher is surer; any scale.

    Raises:
        InvalidValue: If the columns differ in length, or a score is not finite.
    """

    image: str
    boxes: Boxes
    masks: Masks | None
    labels: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, dtype=np.int64))
        object.__setattr__(self, "scores", np.ascontiguousarray(self.scores, dtype=np.float32))
        _require_aligned(self.image, self.boxes, self.masks, labels=self.labels, scores=self.scores)
        if not np.isfinite(self.scores).all():
            raise InvalidValue(f"Scores of {self.image}", "finite", self.scores.tolist()[:8])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Index) -> ImageResult:
        """Rows by boolean mask, integer array or slice; every column follows."""
        rows = np.arange(len(self))[index]
        masks = None if self.masks is None else self.masks[rows]
        return ImageResult(self.image, self.boxes[rows], masks, self.labels[rows], self.scores[rows])


def pair_images(
    truth: Sequence[ImageTruth], results: Sequence[ImageResult], class_map: ClassMap, iou_type: IouType
) -> list[tuple[ImageTruth, ImageResult]]:
    """Each picture's truth with its result, by ascending key, so that the order given does not matter.

    Raises:
        InvalidValue: If a picture stands twice or on one side only, a label is outside the class map, or
            masks are to be compared where there are none or of another size.
    """
    found = {result.image: result for result in results}
    keys = [one.image for one in truth]
    if len(found) != len(results) or len(set(keys)) != len(keys):
        raise InvalidValue("Pictures to evaluate", "distinct", [len(keys), len(results)])
    alone = sorted(set(keys) ^ set(found))
    if alone:
        raise InvalidValue("Pictures to evaluate", "the same in truth and results", alone[:8])
    pairs = [(one, found[one.image]) for one in sorted(truth, key=lambda one: one.image)]
    for pair in pairs:
        _require_comparable(*pair, len(class_map), iou_type)
    return pairs


def _require_comparable(one: ImageTruth, found: ImageResult, classes: int, iou_type: IouType) -> None:
    for side in (one, found):
        if len(side) and (side.labels.min() < 0 or side.labels.max() >= classes):
            raise InvalidValue(f"Labels of {side.image}", f"in 0..{classes - 1}", side.labels.tolist()[:8])
    if iou_type == "segm":
        sizes = [None if side.masks is None else side.masks.size_hw for side in (one, found)]
        if None in sizes or sizes[0] != sizes[1]:
            raise InvalidValue(f"Masks of {one.image}", "there on both sides and of one size", sizes)


def _require_aligned(
    image: str, boxes: Boxes, masks: Masks | None, **columns: npt.NDArray[np.generic]
) -> None:
    lengths = {"boxes": len(boxes), **{name: len(column) for name, column in columns.items()}}
    if masks is not None:
        lengths["masks"] = len(masks)
    if len(set(lengths.values())) != 1:
        raise InvalidValue(f"Instances of {image}", "columns of one length", lengths)
