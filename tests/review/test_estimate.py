"""Errors left: the interval holds the truth as often as it says, whatever the order of review."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from lydite.core import InvalidValue
from lydite.review.estimate import _hypergeometric, errors_left
from lydite.review.queues import interleave


def test_nothing_reviewed_says_nothing() -> None:
    none = np.zeros(100, np.bool_)
    left = errors_left(np.arange(100), np.arange(100)[::-1], none, none)
    assert (left.low, left.high, left.sample) == (0, 100, 0)


def test_everything_reviewed_leaves_nothing() -> None:
    every = np.ones(100, np.bool_)
    left = errors_left(np.arange(100), np.arange(100), every, every)
    assert (left.low, left.estimate, left.high) == (0, 0, 0)


def test_ends_are_those_of_a_slow_search() -> None:
    for total, sample, errors in ((50, 10, 0), (50, 10, 3), (50, 10, 10), (9, 9, 4), (200, 40, 2)):
        fits = [
            wrong
            for wrong in range(errors, total - sample + errors + 1)
            if hypergeom.cdf(errors, total, wrong, sample) > 0.025
            and hypergeom.sf(errors - 1, total, wrong, sample) > 0.025
        ]
        assert _hypergeometric(total, sample, errors, 0.95) == (fits[0], fits[-1])


def test_ends_hold_among_tens_of_thousands() -> None:
    total, sample, errors = 30_000, 300, 2
    low, high = _hypergeometric(total, sample, errors, 0.95)
    # Tails rise and fall with the number of wrong rows, so that ends fit and their neighbours outside do not.
    many = [hypergeom.cdf(errors, total, wrong, sample) for wrong in (low, high, high + 1)]
    few = [hypergeom.sf(errors - 1, total, wrong, sample) for wrong in (low - 1, low, high)]
    assert [chance > 0.025 for chance in many] == [True, True, False]
    assert [chance > 0.025 for chance in few] == [False, True, True]


def test_the_interval_covers_the_truth() -> None:
    """600 reviews of drawn data along a ranking that is better than chance, stopped at a random place."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(600):
        rows = 400
        wrong = rng.random(rows) < rng.choice([0.02, 0.1, 0.3])
        rank = np.argsort(-(wrong * rng.random() + rng.random(rows)), kind="stable")
        drawn = rng.permutation(rows)
        order = interleave(rank, drawn, 3)
        reviewed = np.zeros(rows, np.bool_)
        reviewed[order[: rng.integers(60, 390)]] = True
        left = errors_left(rank, drawn, reviewed, wrong & reviewed)
        truth = int((wrong & ~reviewed).sum())
        covered.append(left.low <= truth <= left.high)
    assert np.mean(covered) >= 0.95


def test_the_estimate_is_right_on_average() -> None:
    rng = np.random.default_rng(1)
    gaps = []
    for _ in range(800):
        wrong = rng.random(300) < 0.2
        rank = np.argsort(-(wrong + 2 * rng.random(300)), kind="stable")
        drawn = rng.permutation(300)
        reviewed = np.zeros(300, np.bool_)
        reviewed[interleave(rank, drawn, 2)[:150]] = True
        left = errors_left(rank, drawn, reviewed, wrong & reviewed)
        gaps.append(left.estimate - (wrong & ~reviewed).sum())
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps)) + 0.3


def test_the_level_is_checked() -> None:
    none = np.zeros(1, np.bool_)
    with pytest.raises(InvalidValue, match="level must be in"):
        errors_left(np.arange(1), np.arange(1), none, none, 1.0)
