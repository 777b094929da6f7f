from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detect.eyes import SPACE
from lydite.core import Features
from lydite.detect.negatives import split_negatives

ALL = np.array([-1])


def unit(*degrees: float) -> npt.NDArray[np.float32]:
    """Vectors of the first two axes at these angles."""
    angles = np.radians(degrees)
    rest = np.zeros_like(angles)
    return np.stack([np.cos(angles), np.sin(angles), rest, rest], axis=1).astype(np.float32)


def features(name: str, *degrees: float) -> Features:
    return Features(unit(*degrees), tuple(f"{name} {k}" for k in range(len(degrees))), SPACE)


def kept(positives: Features, negatives: list[float], share: float = 0.25) -> list[int]:
    each = [Features(unit(angle), (f"negative {k}",), SPACE) for k, angle in enumerate(negatives)]
    labels = np.zeros(len(positives), np.int64)
    return split_negatives(each, np.repeat(ALL, len(each)), positives, labels, 0.6, share)[0]


def test_a_negative_among_negatives_is_kept_however_near_the_positives() -> None:
    positives = features("positive", 0, 10, 20, 30)
    assert kept(positives, [35, 36, 37, 38]) == [0, 1, 2, 3]
    assert kept(positives, [35, 36, 37, 38], share=0) == []


def test_a_positive_among_the_negatives_is_set_aside() -> None:
    positives = features("positive", 0, 10, 20, 30)
    assert kept(positives, [15, 90, 91, 92]) == [1, 2, 3]
    assert kept(positives, [12, 18, 90, 91]) == [2, 3]


def test_a_lone_negative_is_judged_by_its_nearness() -> None:
    positives = features("positive", 0, 10, 20, 30)
    assert kept(positives, [35]) == []
    assert kept(positives, [45]) == [0]


def test_positives_of_other_classes_speak_for_a_negative_against_one() -> None:
    positives = features("positive", 0, 10, 20, 24, 28)
    labels = np.array([0, 0, 1, 1, 1])
    negative = [Features(unit(18), ("negative",), SPACE)]
    for against, expected in ((0, [0]), (1, []), (-1, [])):
        rows, aside = split_negatives(negative, np.array([against]), positives, labels, 0.6, 0.25)
        assert rows == expected
        assert [each.name for each in aside] == ["negative"] * (not expected)


@pytest.mark.parametrize("count", [1, 3000])
def test_any_number_of_negatives_is_judged(count: int) -> None:
    angles = np.linspace(100, 170, count)
    rows = kept(features("positive", 0, 10, 20, 30), [15, *angles.tolist()])
    assert rows == list(range(1, count + 1))
