from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lydite.core import InvalidValue
from lydite.metrics import bootstrap, bootstrap_rows, bootstrap_together, paired_difference

Floats = npt.NDArray[np.float64]
columns = st.lists(st.floats(-100, 100), min_size=1, max_size=20)


def precision(means: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        share: Floats = means[:, 0] / (means[:, 0] + means[:, 1])
    return share


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = np.random.default_rng(0).gamma(2, size=80)
    ours = bootstrap(values, draws=20_000, seed=1)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.estimate == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_fast_and_slow_ways_agree() -> None:
    table = np.random.default_rng(3).integers(0, 5, (40, 2)).astype(float)
    fast = bootstrap(table, precision, draws=4000)
    slow = bootstrap_rows(
        40, lambda rows: float(precision(table[rows].mean(0, keepdims=True))[0]), draws=4000
    )
    assert fast.estimate == pytest.approx(slow.estimate)
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.01)


@given(columns, st.integers(0, 9))
def test_an_interval_is_inside_the_values_and_repeats(values: list[float], seed: int) -> None:
    one = bootstrap(values, draws=50, seed=seed)
    assert min(values) - 1e-9 <= one.low <= one.high <= max(values) + 1e-9
    assert bootstrap(values, draws=50, seed=seed) == one


@given(columns, st.floats(-10, 10))
def test_a_constant_difference_is_certain(values: list[float], gap: float) -> None:
    other = [value + gap for value in values]
    difference = paired_difference(other, values, draws=50)
    assert (difference.low, difference.estimate, difference.high) == pytest.approx((gap, gap, gap), abs=1e-9)


def test_pairing_sees_what_two_intervals_do_not() -> None:
    random = np.random.default_rng(4)
    hard = random.normal(size=100)
    better, worse = hard + 0.1 + random.normal(size=100) / 20, hard
    assert paired_difference(better, worse).low > 0
    assert bootstrap(better).low < bootstrap(worse).high


@given(columns)
def test_sides_change_sign_when_they_change_places(values: list[float]) -> None:
    other = np.roll(values, 1) * 0.5
    forth, back = paired_difference(values, other, draws=64), paired_difference(other, values, draws=64)
    assert (forth.estimate, forth.low, forth.high) == pytest.approx(
        (-back.estimate, -back.high, -back.low), abs=1e-9
    )


def test_a_wider_level_is_a_wider_interval() -> None:
    values = np.arange(30.0)
    narrow, wide = bootstrap(values, level=0.5), bootstrap(values, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_draws_without_a_number_are_left_out_and_counted() -> None:
    table = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    some = bootstrap(table, precision, draws=500)
    assert 250 < some.draws < 450
    assert (some.estimate, some.low, some.high) == (1, 1, 1)
    none = bootstrap(np.zeros((3, 2)), precision, draws=50)
    assert none.draws == 0
    assert all(math.isnan(value) for value in (none.estimate, none.low, none.high))


def test_one_picture_cannot_vary() -> None:
    one = bootstrap([0.25], draws=10)
    assert (one.estimate, one.low, one.high) == (0.25, 0.25, 0.25)


def test_an_interval_reads_as_number_and_range() -> None:
    assert str(replace(bootstrap([0.25]), low=0.125)) == "0.2500 [0.1250, 0.2500]"


def test_bad_requests_are_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        bootstrap([])
    assert str(caught.value) == "Pictures and draws must be 1 or more. Seen: [0, 1000]"
    with pytest.raises(InvalidValue) as caught:
        bootstrap_rows(3, len, level=1)
    assert str(caught.value) == "level must be in (0, 1). Seen: 1"
    with pytest.raises(InvalidValue) as caught:
        paired_difference([1, 2], [1])
    assert str(caught.value) == "Paired values must be of one shape. Seen: [(2, 1), (1, 1)]"
    with pytest.raises(InvalidValue) as caught:
        bootstrap(np.zeros((1, 1, 1)))
    assert str(caught.value) == (
        "Values per picture must be of shape (images,) or (images, columns). Seen: (1, 1, 1)"
    )


def test_numbers_made_together_have_the_intervals_that_each_has_alone() -> None:
    values = np.random.default_rng(0).random((30, 2))
    together = bootstrap_together(30, lambda rows: values[rows].mean(axis=0), draws=50)
    alone = [
        bootstrap_rows(30, partial(lambda column, rows: float(values[rows, column].mean()), column), draws=50)
        for column in (0, 1)
    ]
    for one, other in zip(together, alone, strict=True):
        assert (one.estimate, one.low, one.high) == pytest.approx((other.estimate, other.low, other.high))
