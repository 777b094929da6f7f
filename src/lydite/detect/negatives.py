"""Negatives: which class each speaks against, and which are too like a positive to be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Features, similarity
from lydite.detect.exemplars import Exemplar

NEIGHBOURS = 3
"""So many of the other examples, the nearest ones, say whether a negative is rather a positive."""
_ROWS_AT_A_TIME = 1024


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
    share: float,
) -> tuple[list[int], tuple[SetAside, ...]]:
    """Rows of the negatives to use, and the others by name: those like a positive that they speak against.

    What a class is confused with resembles its positives too, and the more so the more alike an encoder finds
    everything. So a negative is set aside only if it is also as near to a positive as the positives of that
    class often are to each other, and if most of the examples nearest to it are such positives (edited
    nearest neighbours: Wilson, "Asymptotic properties of nearest neighbor rules using edited data", 1972):
    another white cell near it says that it is one, however much it looks like the red ones.

    Args:
        negatives: One vector each.
        against: ``(len(negatives),)`` the class that each speaks against, -1 for all.
        positives: Vectors of the positives.
        labels: ``(len(positives),)`` their classes.
        pseudo_negative_cos: No negative of a smaller cosine is set aside.
        share: Nor one that is less near to a positive than this share of those of its class are to their
            nearest other; 0 asks the cosine alone, and no neighbours.
    """
    if not negatives:
        return [], ()
    features = Features.concatenate(negatives)
    concerned = (against[:, None] < 0) | (against[:, None] == labels)
    cosines = np.where(concerned, similarity(features, positives), -np.inf)
    suspect = cosines > np.maximum(pseudo_negative_cos, closeness(positives, labels, share))
    nearest = np.where(suspect, cosines, -np.inf).argmax(axis=1)
    too_close = np.asarray(suspect.any(axis=1), np.bool_)
    if share:
        rows = np.flatnonzero(too_close)
        too_close[rows] = _among_positives(features, rows, positives, concerned[rows])
    set_aside = tuple(
        SetAside(features.ids[row], positives.ids[nearest[row]], float(cosines[row, nearest[row]]))
        for row in np.flatnonzero(too_close)
    )
    return np.flatnonzero(~too_close).tolist(), set_aside


def _among_positives(
    negatives: Features,
    rows: npt.NDArray[np.int64],
    positives: Features,
    concerned: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """``(len(rows),)`` whether most of the nearest examples are positives that the negative speaks against.

    Args:
        negatives: All of them.
        rows: Those that are asked about.
        positives: All of them.
        concerned: ``(len(rows), len(positives))`` which each speaks against.
    """
    among = np.zeros(len(rows), np.bool_)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        asked = rows[start : start + _ROWS_AT_A_TIME]
        foes = concerned[start : start + _ROWS_AT_A_TIME]
        cosines = np.hstack([similarity(negatives[asked], each) for each in (positives, negatives)])
        cosines[np.arange(len(asked)), len(positives) + asked] = -np.inf
        kept = min(NEIGHBOURS, cosines.shape[1] - 1)
        nearest = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        votes = np.hstack([foes, np.zeros((len(asked), len(negatives)), np.bool_)])
        among[start : start + len(asked)] = np.take_along_axis(votes, nearest, axis=1).mean(axis=1) > 0.5
    return among


def closeness(positives: Features, labels: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.float64]:
    """``(n,)`` the cosine that this share of the class of each positive does not exceed to its nearest other.

    It is -1 for the only one of a class, and for all where ``share`` is 0.
    """
    found = np.full(len(labels), -1.0)
    for label in np.unique(labels) if share else ():
        rows = np.flatnonzero(labels == label)
        cosines = similarity(positives[rows], positives[rows])
        np.fill_diagonal(cosines, -1)
        found[rows] = np.quantile(cosines.max(axis=1), share)
    return found
