"""The greedy choice equals the obvious one; ties go to the smaller row; labels keep rivals apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from detect.rivalry import Contest, Pairs, contests, overlaps_of
from lydite.detect.suppress import find_rivals, keep_strongest


def slow_choice(
    pairs: Pairs, strength: list[float], labels: list[int], alive: list[bool], max_iou: float, max_ios: float
) -> list[int]:
    """Who each row loses to: one after the other, strongest first, against all that stay."""
    lost_to = [-1] * len(strength)
    kept: list[int] = []
    for row in sorted(range(len(strength)), key=lambda row: (-strength[row], row)):
        if not alive[row]:
            continue
        for winner in kept:
            iou, ios = pairs.get((min(row, winner), max(row, winner)), (0.0, 0.0))
            if labels[row] == labels[winner] and (iou > max_iou or ios > max_ios):
                lost_to[row] = winner
                break
        else:
            kept.append(row)
    return lost_to


limits = st.sampled_from([0.0, 0.125, 0.3, 0.5, 0.8, 1.0])


@given(contests(), limits, limits)
def test_the_choice_equals_the_slow_one(contest: Contest, max_iou: float, max_ios: float) -> None:
    pairs, strength, labels, alive = contest
    rivals = find_rivals(overlaps_of(pairs), np.array(strength), np.array(labels, np.int64))
    found = keep_strongest(rivals, np.array(alive), max_iou, max_ios)
    assert found.tolist() == slow_choice(pairs, strength, labels, alive, max_iou, max_ios)


@given(contests(), limits)
def test_without_labels_all_are_rivals(contest: Contest, max_iou: float) -> None:
    pairs, strength, _, alive = contest
    rivals = find_rivals(overlaps_of(pairs), np.array(strength))
    found = keep_strongest(rivals, np.array(alive), max_iou)
    assert found.tolist() == slow_choice(pairs, strength, [0] * len(strength), alive, max_iou, 1.0)


def choose(pairs: Pairs, strength: list[float], **limits: float) -> list[int]:
    alive: npt.NDArray[np.bool_] = np.ones(len(strength), np.bool_)
    rivals = find_rivals(overlaps_of(pairs), np.array(strength))
    return [int(row) for row in keep_strongest(rivals, alive, **limits)]


def test_ties_go_to_the_smaller_row() -> None:
    assert choose({(0, 1): (0.9, 0.9), (1, 2): (0.9, 0.9)}, [0.5, 0.5, 0.5], max_iou=0.5) == [-1, 0, -1]


def test_a_row_loses_to_the_strongest_that_covers_it() -> None:
    pairs = {(0, 2): (0.6, 0.6), (1, 2): (0.9, 0.9)}
    assert choose(pairs, [0.8, 0.9, 0.1], max_iou=0.5) == [-1, -1, 1]


def test_an_overlap_on_the_limit_is_no_loss() -> None:
    assert choose({(0, 1): (0.5, 0.5)}, [0.9, 0.8], max_iou=0.5) == [-1, -1]
    just_below = float(np.nextafter(0.5, 0))
    assert choose({(0, 1): (0.5, 0.5)}, [0.9, 0.8], max_iou=just_below) == [-1, 0]


def test_what_lost_covers_nobody() -> None:
    pairs = {(0, 1): (0.9, 0.9), (1, 2): (0.9, 0.9)}
    assert choose(pairs, [0.9, 0.8, 0.7], max_iou=0.5) == [-1, 0, -1]


def test_a_part_inside_goes_by_the_second_limit() -> None:
    assert choose({(0, 1): (0.2, 1.0)}, [0.9, 0.8], max_iou=0.5) == [-1, -1]
    assert choose({(0, 1): (0.2, 1.0)}, [0.9, 0.8], max_iou=0.5, max_ios=0.8) == [-1, 0]


def test_rivals_are_listed_from_the_strongest() -> None:
    pairs = {(0, 3): (0.1, 0.2), (1, 3): (0.3, 0.4), (2, 3): (0.5, 0.6)}
    rivals = find_rivals(overlaps_of(pairs), np.array([0.2, 0.9, 0.5, 0.1]))
    assert rivals.order.tolist() == [1, 2, 0, 3]
    assert rivals.stronger[rivals.of(3)].tolist() == [1, 2, 0]
    np.testing.assert_allclose(rivals.iou[rivals.of(3)], [0.3, 0.5, 0.1], atol=1e-7)
    np.testing.assert_allclose(rivals.ios[rivals.of(3)], [0.4, 0.6, 0.2], atol=1e-7)
    assert rivals.of(1) == slice(0, 0)
