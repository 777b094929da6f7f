"""Negatives: which class each speaks against, and which are too like a positive to be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Features, similarity
from lydite.detect.exemplars import Exemplar


@dataclass(frozen=True, slots=True)
class SetAside:
    """A negative that looks too much like a positive to be one.

    Args:
        name: The negative.
        positive: The positive that it resembles most.
        cosine: Their cosine.
    """

    name: str
    positive: str
    cosine: float


def against_all(negative: Exemplar) -> Exemplar:
    """The negative without the one class that it was meant against."""
    return replace(negative, against=None)


def labels_against(negatives: Sequence[Exemplar], class_map: ClassMap) -> npt.NDArray[np.int64]:
    """The class that each negative speaks against, -1 for all."""
    return np.array(
        [-1 if each.against is None else class_map.get_label(each.against) for each in negatives], np.int64
    )


def split_negatives(
    negatives: list[Features],
    against: npt.NDArray[np.int64],
    positives: Features,
    labels: npt.NDArray[np.int64],
    pseudo_negative_cos: float,
) -> tuple[list[int], tuple[SetAside, ...]]:
    """Rows of the negatives to use, and the others by name: those like a positive that they speak against."""
    if not negatives:
        return [], ()
    features = Features.concatenate(negatives)
    concerned = (against[:, None] < 0) | (against[:, None] == labels)
    cosines = np.where(concerned, similarity(features, positives), -np.inf)
    nearest = cosines.argmax(axis=1)
    too_close = cosines.max(axis=1) > pseudo_negative_cos
    set_aside = tuple(
        SetAside(features.ids[row], positives.ids[nearest[row]], float(cosines[row, nearest[row]]))
        for row in np.flatnonzero(too_close)
    )
    return np.flatnonzero(~too_close).tolist(), set_aside
