"""Two classifiers on the same rows: exact tests, intervals that hold, differences that could be seen."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from lydite.core import ClassMap, ClassMapMismatch, InvalidValue
from lydite.metrics import Judgements, compare
from lydite.metrics.paired import Comparison, sign_test, tango
from lydite.metrics.proportions import Evidence

TWO = ClassMap(("a", "b"))


def judged(hits: npt.NDArray[np.bool_], groups: tuple[str, ...] = ()) -> Judgements:
    """Rows of class 0 that are right or wrong."""
    logits = np.where(np.asarray(hits)[:, None], [2.0, 0.0], [0.0, 2.0])
    return Judgements(TWO, np.zeros(len(hits), np.int64), logits, groups)


def pair(seed: int, rows: int, first: float, second: float, groups: tuple[str, ...] = ()) -> Comparison:
    random = np.random.default_rng(seed)
    hard = random.random(rows)
    return compare(
        judged(hard < first, groups), judged((hard < second) ^ (random.random(rows) < 0.03), groups), draws=50
    )


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_the_sign_test_counts_every_toss(sums: list[int]) -> None:
    totals = [
        sum(s * v for s, v in zip(signs, sums, strict=True)) for signs in product((1, -1), repeat=len(sums))
    ]
    expected = np.mean([abs(total) >= abs(sum(sums)) for total in totals])
    assert sign_test(np.array(sums, np.int64)) == pytest.approx(expected)


@given(st.integers(0, 40), st.integers(0, 40))
def test_alone_it_is_mcnemars_exact_test(improved: int, worsened: int) -> None:
    sums = np.array([1] * improved + [-1] * worsened, np.int64)
    both = improved + worsened
    expected = stats.binomtest(improved, both).pvalue if both else 1.0
    assert sign_test(sums) == pytest.approx(expected)


def slow_tango(improved: int, worsened: int, rows: int, quantile: float) -> tuple[float, float]:
    """All differences on a grid that the score test keeps, with the nuisance share found by searching."""
    kept = []
    for gap in np.linspace(-0.999, 0.999, 1999).tolist():

        def unlikely(worse: float, gap: float = gap) -> float:
            better, same = worse + gap, 1 - 2 * worse - gap
            parts = ((improved, better), (worsened, worse), (rows - improved - worsened, same))
            return -sum(count * math.log(max(chance, 1e-300)) for count, chance in parts if count)

        bounds = (max(0.0, -gap), (1 - gap) / 2)
        worse = optimize.minimize_scalar(
            unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}
        ).x
        spread = rows * (2 * worse + gap - gap**2)
        if abs(improved - worsened - rows * gap) <= quantile * math.sqrt(max(spread, 1e-300)):
            kept.append(gap)
    return min(kept), max(kept)


@pytest.mark.parametrize(
    ("improved", "worsened", "rows"),
    [(12, 3, 100), (0, 1, 44), (0, 0, 20), (5, 5, 30), (40, 0, 50), (1, 9, 12)],
)
def test_tangos_interval_is_the_score_test_turned_round(improved: int, worsened: int, rows: int) -> None:
    found = tango(improved, worsened, Evidence(rows, 1.96))
    assert found == pytest.approx(slow_tango(improved, worsened, rows, 1.96), abs=2e-3)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
def test_the_interval_turns_with_its_sides(improved: int, worsened: int, same: int) -> None:
    rows = improved + worsened + same
    if not rows:
        return
    low, high = tango(improved, worsened, Evidence(rows, 1.96))
    back = tango(worsened, improved, Evidence(rows, 1.96))
    assert (low, high) == pytest.approx((-back[1], -back[0]), abs=1e-9)
    assert -1 <= low <= (improved - worsened) / rows <= high <= 1
    assert low < high


@pytest.mark.parametrize(("units", "size", "likeness"), [(200, 1, 0.0), (60, 5, 0.9)])
@pytest.mark.parametrize("gap", [0.0, 0.06])
def test_nineteen_of_twenty_intervals_hold_the_true_difference(
    units: int, size: int, likeness: float, gap: float
) -> None:
    random = np.random.default_rng(1)
    numbers = np.repeat(np.arange(units), size)
    names = tuple(f"u{number}" for number in numbers)
    held = refused = 0
    for _ in range(250):
        luck = np.where(
            random.random(len(numbers)) < likeness, random.random(units)[numbers], random.random(len(numbers))
        )
        other = np.where(
            random.random(len(numbers)) < likeness, random.random(units)[numbers], random.random(len(numbers))
        )
        first = judged(luck < 0.8, names)
        second = judged(np.where(other < 0.15, ~(luck < 0.8 + gap), luck < 0.8 + gap), names)
        truth = gap + 0.15 * (1 - 2 * (0.8 + gap))
        made = compare(first, second, draws=1)
        held += made.difference.low <= truth <= made.difference.high
        refused += made.p_value < 0.05
    assert held / 250 >= 0.93
    assert refused > 0


def test_chance_alone_is_rarely_called_a_difference() -> None:
    random = np.random.default_rng(2)
    refused = 0
    for _ in range(400):
        one, other = random.random((2, 80)) < 0.7
        refused += compare(judged(one), judged(other), draws=1).p_value <= 0.05
    assert refused / 400 <= 0.06


def test_a_difference_of_the_detectable_size_is_seen_as_often_as_promised() -> None:
    random = np.random.default_rng(3)
    rows, share = 400, 0.1
    made = compare(judged(np.ones(rows, np.bool_)), judged(np.arange(rows) >= 40), draws=1)
    assert made.detectable == pytest.approx(2.8016 * math.sqrt(share / rows), abs=1e-4)
    seen = 0
    for _ in range(300):
        toss = random.random(rows)
        better = toss < (share + made.detectable) / 2
        worse = (toss > 1 - (share - made.detectable) / 2) & ~better
        seen += compare(judged(~better), judged(~worse), draws=1).difference.low > 0
    assert 0.75 <= seen / 300 <= 0.92


def test_how_many_rows_a_small_difference_needs() -> None:
    made = compare(judged(np.ones(1000, np.bool_)), judged(np.arange(1000) >= 50), draws=1)
    assert made.rows_for(0.005) == pytest.approx(15_700, rel=0.01)


def test_outcomes_are_counted_by_class_and_change_sides() -> None:
    labels = np.array([0, 0, 1, 1, 1])
    first = Judgements(TWO, labels, np.array([[1, 0], [0, 1], [0, 1], [1, 0], [0, 1.0]]))
    second = Judgements(TWO, labels, np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1.0]]))
    forth, back = compare(first, second), compare(second, first)
    assert forth.outcomes.tolist() == [[1, 1, 0, 0], [1, 0, 1, 1]]
    assert back.outcomes.tolist() == [[1, 0, 1, 0], [1, 1, 0, 1]]
    assert (forth.improved, forth.worsened) == (back.worsened, back.improved) == (1, 1)
    assert forth.accuracies == back.accuracies[::-1] == (0.6, 0.6)
    assert forth.difference.value == -back.difference.value
    assert forth.p_value == back.p_value == 1
    assert forth.loss_difference.value == pytest.approx(-back.loss_difference.value)


def test_groups_widen_the_interval_and_what_must_differ_to_be_seen() -> None:
    names = tuple(f"g{row // 10}" for row in range(200))
    rows = np.arange(200)
    first, second = rows % 40 >= 12, rows % 40 >= 4
    blind = compare(judged(first), judged(second), draws=20)
    aware = compare(judged(first, names), judged(second, names), draws=20)
    assert (aware.units, blind.units) == (20, 200)
    assert aware.difference.value == blind.difference.value
    assert aware.difference.high - aware.difference.low > 2 * (blind.difference.high - blind.difference.low)
    assert aware.detectable > 2 * blind.detectable
    assert aware.p_value > blind.p_value


def test_a_classifier_does_not_differ_from_itself() -> None:
    same = judged(np.arange(30) % 3 > 0)
    made = compare(same, same)
    assert (made.difference.value, made.p_value, made.loss_difference.value) == (0, 1, 0)
    assert made.difference.low < 0 < made.difference.high
    assert made.detectable == pytest.approx(2.8016 / 30, abs=1e-4)


def test_no_rows_give_no_numbers() -> None:
    made = compare(judged(np.zeros(0, np.bool_)), judged(np.zeros(0, np.bool_)))
    assert made.images == 0
    assert not made.difference.known
    assert math.isnan(made.p_value)


def test_one_group_gives_no_interval() -> None:
    made = compare(judged(np.ones(4, np.bool_), ("g",) * 4), judged(np.arange(4) > 0, ("g",) * 4))
    assert made.difference.value == -0.25
    assert not made.difference.has_interval
    assert not made.loss_difference.has_interval
    assert made.p_value == 1


def test_ten_thousand_rows_are_compared_exactly() -> None:
    names = tuple(f"g{row // 3}" for row in range(10_000))
    made = pair(4, 10_000, 0.8, 0.81, names)
    assert 0 < made.p_value < 0.2


def test_rows_that_are_not_the_same_are_refused() -> None:
    one = judged(np.ones(3, np.bool_))
    other = Judgements(ClassMap(("b", "a")), one.labels, one.logits)
    with pytest.raises(ClassMapMismatch) as caught:
        compare(one, other)
    assert str(caught.value) == (
        "Classifiers of different classes cannot be compared. Bring both to one class map first. "
        "Seen: [('a', 'b'), ('b', 'a')]"
    )
    with pytest.raises(
        InvalidValue, match=r"^Labels of a comparison must be the same, row by row\. Seen: \[3, 2\]"
    ):
        compare(one, judged(np.ones(2, np.bool_)))
    with pytest.raises(InvalidValue, match=r"^Groups of a comparison must be the same, row by row\."):
        compare(one, judged(np.ones(3, np.bool_), ("a", "a", "b")))
    with pytest.raises(InvalidValue, match=r"^Level and power must be in \(0, 1\)\."):
        compare(one, one, power=1)
