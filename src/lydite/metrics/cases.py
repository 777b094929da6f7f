"""What an evaluation is given: pictures with their truth, and the terms on which to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lydite.core import ClassMap, InvalidValue
from lydite.metrics.instances import ImageResult, ImageTruth, IouType


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms truth and result are compared.

    Args:
        class_map: Meaning of the labels.
        iou_type: Compare boxes or masks.
        threshold: Smallest intersection over union of a hit, in (0, 1].
        max_dets: Most instances that AP and AR count, per picture and class.
        draws: Resamples of the pictures that intervals come from.
        level: Share of the draws inside an interval, in (0, 1).

    Raises:
        InvalidValue: If a number is out of range.
    """

    class_map: ClassMap
    iou_type: IouType = "bbox"
    threshold: float = 0.5
    max_dets: int = 100
    draws: int = 200
    level: float = 0.95

    def __post_init__(self) -> None:
        for name, low, high in (("threshold", 0, 1), ("level", 0, 1 - 1e-9)):
            if not low < getattr(self, name) <= high:
                raise InvalidValue(
                    name, "in (0, 1]" if name == "threshold" else "in (0, 1)", getattr(self, name)
                )
        for name in ("max_dets", "draws"):
            if getattr(self, name) < 1:
                raise InvalidValue(name, "1 or more", getattr(self, name))

    @property
    def limits(self) -> tuple[int, ...]:
        """Numbers of instances at which AR is asked for, ascending: COCO's 1, 10, 100, or fewer."""
        return (*(few for few in (1, 10) if few < self.max_dets), self.max_dets)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One picture to evaluate.

    Args:
        truth: What is there.
        accepted: What the run accepted, by the score that orders it.
        scored: All that could have been accepted by moving one threshold on that score.
        exhaustive: Whether everything in the picture is annotated; if not, what has no partner in the truth
            may be right all the same, and nothing is concluded from it.
    """

    truth: ImageTruth
    accepted: ImageResult
    scored: ImageResult
    exhaustive: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The columns of some cases, by ascending key of the picture.

    Args:
        truth: What is there.
        accepted: What the run accepted.
        scored: What could have been accepted.
    """

    truth: tuple[ImageTruth, ...]
    accepted: tuple[ImageResult, ...]
    scored: tuple[ImageResult, ...]

    @classmethod
    def of(cls, cases: Sequence[Case]) -> Sides:
        """The sides of cases in any order."""
        ordered = sorted(cases, key=lambda case: case.truth.image)
        return cls(
            tuple(case.truth for case in ordered),
            tuple(case.accepted for case in ordered),
            tuple(case.scored for case in ordered),
        )

    def __len__(self) -> int:
        return len(self.truth)

    def asked(self, classes: int) -> list[int]:
        """True instances that count, by class."""
        labels = [one.labels[one.counted] for one in self.truth]
        counts = np.bincount(np.concatenate([np.zeros(0, np.int64), *labels]), minlength=classes)
        found: list[int] = counts.tolist()
        return found


def areas_of(
    side: ImageTruth | ImageResult, iou_type: IouType
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """``(n,)`` areas in pixels: of the masks where masks are compared, else of the boxes."""
    masks = side.masks if iou_type == "segm" else None
    return np.asarray(side.boxes.areas if masks is None else masks.areas, np.float64)
