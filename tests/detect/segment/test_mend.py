from __future__ import annotations

import numpy as np

from lydite.detect.segment.mend import mend


def ring_and_speck() -> np.ndarray:
    mask = np.zeros((40, 40), bool)
    mask[5:25, 5:25] = True
    mask[10:13, 10:13] = False
    mask[30:32, 30:32] = True
    return mask


def test_small_holes_are_filled_and_small_islands_go() -> None:
    mask, changed = mend(ring_and_speck(), 10)
    expected = np.zeros((40, 40), bool)
    expected[5:25, 5:25] = True
    assert changed
    assert np.array_equal(mask, expected)


def test_what_is_large_enough_stays() -> None:
    mask, changed = mend(ring_and_speck(), 4)
    assert not changed
    assert np.array_equal(mask, ring_and_speck())


def test_the_largest_island_stays_however_small() -> None:
    speck = np.zeros((40, 40), bool)
    speck[3:5, 3:6] = True
    speck[20, 20] = True
    mask, changed = mend(speck, 100)
    assert changed
    assert mask.sum() == 6


def test_zero_and_empty_change_nothing() -> None:
    assert mend(ring_and_speck(), 0)[1] is False
    assert mend(np.zeros((5, 5), bool), 10)[1] is False


def test_mending_twice_is_mending_once() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        noise = np.pad(rng.random((30, 30)) > 0.55, 6)
        once, _ = mend(noise, 12)
        assert mend(once, 12)[1] is False
