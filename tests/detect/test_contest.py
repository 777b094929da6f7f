"""At the limits found a row stays; with either a hair nearer to the limit in force it does not."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.rivalry import Contest, Pairs, contests, overlaps_of
from detect.synthetic import random_case
from lydite.detect.contest import weave
from lydite.detect.suppress import Bool, Rivals, find_rivals, keep_strongest


def stays(rivals: Rivals, row: int, alive: Bool, iou: float, ios: float) -> bool:
    return bool(keep_strongest(rivals, alive, iou, ios)[row] < 0)


def assert_exact(rivals: Rivals, row: int, alive: Bool, iou: float, ios: float) -> None:
    """The law, by replaying the whole choice."""
    found = weave(rivals, iou, ios).find_limits(row, alive)
    assert found[0] >= iou
    assert found[1] >= ios
    assert stays(rivals, row, alive, *found)
    if stays(rivals, row, alive, iou, ios):
        assert found == (iou, ios)
    if found[0] > iou:
        assert not stays(rivals, row, alive, math.nextafter(found[0], -1), found[1])
    if found[1] > ios:
        assert not stays(rivals, row, alive, found[0], math.nextafter(found[1], -1))


@settings(deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([(0.1, 0.2), (0.3, 1.0), (0.5, 0.8)]))
def test_a_hair_less_is_not_enough(seed: int, limits: tuple[float, float]) -> None:
    _, evidence = random_case(seed, count=16)
    rivals = find_rivals(evidence.overlaps, evidence.rank, evidence.scores.labels)
    alive = np.random.default_rng(seed).random(16) < 0.8
    for row in np.flatnonzero(alive):
        assert_exact(rivals, int(row), alive, *limits)


def lattice_minima(rivals: Rivals, row: int, alive: Bool, iou: float, ios: float) -> set[tuple[float, float]]:
    """By trying everything: where the row stays, and neither limit can go one step down alone."""
    ious = sorted({iou, *(float(v) for v in rivals.iou if v > iou)})
    ioses = sorted({ios, *(float(v) for v in rivals.ios if v > ios)})
    good = {pair: stays(rivals, row, alive, *pair) for pair in product(ious, ioses)}
    return {
        (a, b)
        for (a, b), here in good.items()
        if here
        and not (a > iou and good[ious[ious.index(a) - 1], b])
        and not (b > ios and good[a, ioses[ioses.index(b) - 1]])
    }


@settings(deadline=None)
@given(contests(), st.sampled_from([0.125, 0.3, 0.5]), st.sampled_from([0.125, 0.5, 1.0]))
def test_limits_are_among_those_that_trying_everything_finds(
    contest: Contest, iou: float, ios: float
) -> None:
    pairs, strength, labels, living = contest
    rivals = find_rivals(overlaps_of(pairs), np.array(strength), np.array(labels, np.int64))
    alive = np.array(living)
    web = weave(rivals, iou, ios)
    for row in np.flatnonzero(alive):
        assert web.find_limits(int(row), alive) in lattice_minima(rivals, int(row), alive, iou, ios)
        assert_exact(rivals, int(row), alive, iou, ios)


def limits_of(pairs: Pairs, row: int, iou: float = 0.5, ios: float = 1.0) -> tuple[float, float]:
    strength = np.linspace(1, 0, 6)
    return weave(find_rivals(overlaps_of(pairs), strength), iou, ios).find_limits(row, np.ones(6, np.bool_))


def test_who_stays_keeps_the_limits_in_force() -> None:
    assert limits_of({(0, 1): (0.25, 0.25)}, 1) == (0.5, 1.0)


def test_a_loser_needs_its_overlap_with_the_winner() -> None:
    assert limits_of({(0, 1): (0.75, 0.25)}, 1) == (0.75, 1.0)
    assert limits_of({(0, 1): (0.25, 0.75)}, 1, ios=0.5) == (0.5, 0.75)
    assert limits_of({(0, 1): (0.625, 0.75)}, 1, ios=0.5) == (0.625, 0.75)


def test_a_freed_rival_must_be_outlasted_too() -> None:
    # 2 loses to 0 by 0.625; the limit that frees 2 from it also frees 1, which covers 2 by 0.875.
    assert limits_of({(0, 1): (0.625, 0), (0, 2): (0.625, 0), (1, 2): (0.875, 0)}, 2) == (0.875, 1.0)


def test_a_limit_passed_on_the_way_up_is_found_on_the_way_down() -> None:
    # Above 0.6 the rival 2 is free of 0 and covers 3 by 0.9; but from 0.7 on 1 is free too, and covers 2.
    pairs = {
        (0, 1): (0.7, 0.0),
        (0, 2): (0.6, 0.0),
        (0, 3): (0.6, 0.0),
        (1, 2): (0.95, 0.0),
        (2, 3): (0.9, 0.0),
    }
    assert limits_of(pairs, 3) == (float(np.float32(0.7)), 1.0)


def test_who_is_not_alive_is_no_rival() -> None:
    rivals = find_rivals(overlaps_of({(0, 1): (0.75, 0.75)}), np.array([0.9, 0.8]))
    assert weave(rivals, 0.5).find_limits(1, np.array([False, True])) == (0.5, 1.0)
