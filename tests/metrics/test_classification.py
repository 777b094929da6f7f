"""Figures of classification: against scikit-learn, by law, and with intervals that hold what they promise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from lydite.core import ClassMap, InvalidValue
from lydite.metrics import Judgements, score_classes
from lydite.metrics.proportions import Evidence, evidence_of, f1_share, share, wilson


def judgements(seed: int, rows: int, classes: int, groups: int = 0, sure: float = 1.5) -> Judgements:
    """Labels of some classes, logits that lean to them, groups that share their luck."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, max(1, classes - 1), rows)
    logits = random.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += sure
    names = tuple(f"g{number}" for number in random.integers(0, groups, rows)) if groups else ()
    return Judgements(ClassMap(tuple(f"class {k}" for k in range(classes))), labels, logits, names)


@pytest.mark.parametrize(("rows", "classes", "groups"), [(400, 5, 0), (60, 12, 7), (1, 2, 0), (9, 2, 0)])
def test_every_figure_is_scikit_learns(rows: int, classes: int, groups: int) -> None:
    judged = judgements(3, rows, classes, groups)
    truth, said, every = judged.labels, judged.said, list(range(classes))
    scores = score_classes(judged, draws=20)
    assert scores.overall["accuracy"].value == pytest.approx(oracle.accuracy_score(truth, said))
    present = np.unique(truth)
    for name, function in {"macro_f1": oracle.f1_score, "balanced_accuracy": oracle.recall_score}.items():
        expected = function(truth, said, labels=present, average="macro", zero_division=0)
        assert scores.overall[name].value == pytest.approx(expected)
    expected = oracle.log_loss(truth, np.exp(judged.log_probabilities), labels=every)
    assert scores.overall["log_loss"].value == pytest.approx(expected)
    np.testing.assert_array_equal(scores.confusion, oracle.confusion_matrix(truth, said, labels=every))
    theirs = oracle.precision_recall_fscore_support(truth, said, labels=every, zero_division=np.nan)
    for number, ours in enumerate(scores.per_class):
        assert ours.there == theirs[3][number]
        assert ours.said == scores.confusion[:, number].sum()
        for figure, value in zip((ours.precision, ours.recall, ours.f1), theirs, strict=False):
            assert figure.value == pytest.approx(value[number], nan_ok=True)


def test_means_over_classes_stay_within_their_intervals_where_most_classes_are_one_group() -> None:
    classes, rows = 20, 400
    labels = np.repeat(np.arange(classes), rows // classes)
    wide = labels < 4  # these have a group for every second row, and only they are ever right
    groups = tuple(
        f"{label} {row // 2 if many else 0}"
        for row, (label, many) in enumerate(zip(labels, wide, strict=True))
    )
    logits = np.zeros((rows, classes))
    logits[np.arange(rows), np.where(wide, labels, (labels + 1) % classes)] = 9
    scores = score_classes(Judgements(ClassMap(tuple(map(str, range(classes)))), labels, logits, groups))
    for name in ("balanced_accuracy", "macro_f1"):
        figure = scores.overall[name]
        assert figure.low <= figure.value <= figure.high


def test_groups_are_scored_the_worst_first() -> None:
    judged = judgements(5, 300, 4, 20)
    scores = score_classes(judged, draws=20)
    names = np.array(judged.groups)
    assert len(scores.groups) == 20
    for group in scores.groups:
        mine = names == group.name
        assert group.accuracy.value == pytest.approx(
            oracle.accuracy_score(judged.labels[mine], judged.said[mine])
        )
        assert group.accuracy.images == mine.sum()
    values = [group.accuracy.value for group in scores.groups]
    assert values == sorted(values)
    assert scores.worst_group() == scores.groups[0]
    large = scores.worst_group(16)
    assert large is not None
    assert large.accuracy.images >= 16
    assert score_classes(judgements(5, 10, 4)).worst_group() is None


@given(st.integers(0, 99), st.integers(0, 40), st.integers(1, 5), st.sampled_from([0, 1, 3, 50]))
def test_intervals_hold_their_figure_and_lie_in_range(
    seed: int, rows: int, classes: int, groups: int
) -> None:
    judged = judgements(seed, rows, classes, groups)
    scores = score_classes(judged, draws=30)
    figures = [figure for name, figure in scores.overall.items() if name != "log_loss"]
    figures += [figure for one in scores.per_class for figure in (one.recall, one.precision, one.f1)]
    figures += [group.accuracy for group in scores.groups]
    for figure in figures:
        assert figure.known == (figure.images > 0)
        if figure.has_interval:
            assert 0 <= figure.low <= figure.high <= 1
    for figure in [scores.overall["accuracy"], *figures[3:]]:
        assert not figure.has_interval or figure.low <= figure.value <= figure.high


def test_rows_alone_are_rows_without_groups() -> None:
    plain = judgements(8, 50, 3)
    named = Judgements(plain.class_map, plain.labels, plain.logits, tuple(f"own {row}" for row in range(50)))
    blank = Judgements(plain.class_map, plain.labels, plain.logits, ("",) * 50)
    assert score_classes(plain).overall == score_classes(named).overall == score_classes(blank).overall


def test_groups_may_be_told_without_being_drawn() -> None:
    grouped = judgements(8, 90, 3, 5)
    told = replace(grouped, draw_groups=False)
    plain, scores = replace(grouped, groups=()), score_classes(told)
    assert scores.overall == score_classes(plain).overall
    assert len(scores.groups) == 5
    assert (scores.units, score_classes(grouped).units) == (90, 5)


def test_repeating_every_row_in_its_group_adds_no_certainty() -> None:
    base = judgements(2, 80, 3)
    names = tuple(f"own {row}" for row in range(80))
    thrice = np.repeat(np.arange(80), 3)
    copied = Judgements(
        base.class_map, base.labels[thrice], base.logits[thrice], tuple(names[row] for row in thrice)
    )
    once, more = score_classes(base), score_classes(copied)
    for name in once.overall:
        wide, same = (one.overall[name].high - one.overall[name].low for one in (once, more))
        assert same == pytest.approx(wide, rel=0.06), name
    blind = score_classes(Judgements(base.class_map, base.labels[thrice], base.logits[thrice])).overall
    assert blind["accuracy"].high - blind["accuracy"].low < 0.62 * (
        once.overall["accuracy"].high - once.overall["accuracy"].low
    )


def slow_wilson(hits: int, rows: int, quantile: float) -> tuple[float, float]:
    """Every share on a fine grid whose own standard error explains the distance."""
    grid = np.linspace(0, 1, 200_001)
    near = np.abs(hits / rows - grid) <= quantile * np.sqrt(grid * (1 - grid) / rows) + 1e-12
    return float(grid[near].min()), float(grid[near].max())


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 7), (7, 7), (3, 10), (95, 100), (500, 1000)])
def test_wilsons_interval_is_the_test_turned_round(hits: int, rows: int) -> None:
    found = wilson(hits / rows, Evidence(rows, 1.96))
    assert found == pytest.approx(slow_wilson(hits, rows, 1.96), abs=2e-5)


@pytest.mark.parametrize(
    ("units", "size", "likeness"), [(300, 1, 0.0), (40, 6, 0.0), (40, 6, 0.9), (80, 3, 1.0)]
)
@pytest.mark.parametrize("truth", [0.7, 0.95])
def test_nineteen_of_twenty_intervals_hold_the_truth(
    units: int, size: int, likeness: float, truth: float
) -> None:
    """Rows of a unit repeat its first answer with a probability of ``likeness``."""
    random = np.random.default_rng(0)
    numbers = np.repeat(np.arange(units), size)
    held = 0
    for _ in range(400):
        own, first = random.random(units * size) < truth, random.random(units) < truth
        hits = np.where(random.random(units * size) < likeness, first[numbers], own)
        figure = share(hits, numbers)
        held += figure.low <= truth <= figure.high
    assert held / 400 >= 0.93


def test_one_group_cannot_tell_how_far_it_is_from_another() -> None:
    figure = share(np.array([True, False, True]), np.zeros(3, np.int64))
    assert figure.known
    assert not figure.has_interval
    assert evidence_of(np.ones(1), np.zeros(1, np.int64), 0.95) is not None


def test_all_right_is_not_certain() -> None:
    assert share(np.ones(5, np.bool_), np.arange(5)).low == pytest.approx(0.566, abs=1e-3)
    assert share(np.ones(50, np.bool_), np.arange(50) // 10).low < 0.6


def test_f1_is_a_function_of_a_share() -> None:
    there, said = np.array([1, 1, 1, 0, 0], np.bool_), np.array([1, 1, 0, 1, 0], np.bool_)
    figure = f1_share(there, said, np.arange(5))
    assert figure.value == pytest.approx(oracle.f1_score(there, said))
    part = share(np.array([1, 1, 0, 0], np.bool_), np.arange(4))
    assert (figure.low, figure.high) == (2 * part.low / (1 + part.low), 2 * part.high / (1 + part.high))


def test_the_same_rows_give_the_same_numbers() -> None:
    judged = judgements(1, 120, 4, 9)
    assert score_classes(judged).overall == score_classes(judged).overall


def test_no_rows_give_no_numbers() -> None:
    scores = score_classes(judgements(0, 0, 3))
    assert (scores.images, scores.units, scores.confusion.sum(), scores.groups) == (0, 0, 0, ())
    assert not any(figure.known for figure in scores.overall.values())


def test_a_thousand_classes_fit_into_little_memory() -> None:
    scores = score_classes(judgements(4, 5000, 1000), draws=50)
    assert scores.overall["macro_f1"].has_interval


def test_rows_can_be_chosen() -> None:
    judged = judgements(6, 30, 3, 4)
    some = judged[np.arange(30) % 2 == 0]
    assert len(some) == 15
    np.testing.assert_array_equal(some.labels, judged.labels[::2])
    assert some.groups == judged.groups[::2]


def test_what_was_ruled_out_costs_much_and_not_everything() -> None:
    logits = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    judged = Judgements(ClassMap(("a", "b")), np.array([0, 1]), logits)
    assert judged.losses.tolist() == pytest.approx([0, -math.log(1e-15)])


@pytest.mark.parametrize(
    ("labels", "logits", "groups", "message"),
    [
        (
            [0, 1],
            [[0, 1]],
            (),
            r"Judgements must be labels \(n,\) and logits \(n, 2\)\. Seen: \[\(2,\), \(1, 2\)\]",
        ),
        ([2], [[0, 1]], (), r"Judgements\.labels must be in 0\.\.1\. Seen: \[2\]"),
        ([0], [[0, np.nan]], (), r"Judgements\.logits must be numbers, one finite a row at least"),
        ([0], [[-np.inf, -np.inf]], (), r"Judgements\.logits must be numbers"),
        ([0], [[0, 1]], ("a", "b"), r"Judgements\.groups must be none or 1\. Seen: 2"),
    ],
)
def test_bad_rows_are_refused(labels: Any, logits: Any, groups: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        Judgements(ClassMap(("a", "b")), np.array(labels), np.array(logits, np.float64), groups)


def test_bad_requests_are_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        score_classes(judgements(0, 3, 2), level=1)
    assert str(caught.value) == "Draws and level must be 1 or more, and in (0, 1). Seen: [1000, 1]"


def test_groups_make_units() -> None:
    names = ("a", "", "a", "b", "")
    judged = Judgements(ClassMap(("x",)), np.zeros(5, np.int64), np.zeros((5, 1)), names)
    units: npt.NDArray[np.int64] = judged.units
    assert units[0] == units[2]
    assert len(np.unique(units)) == 4
