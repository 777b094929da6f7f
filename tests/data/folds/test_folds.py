"""Laws of folds: whole groups, no empty fold, no luck of the order, balance no worse than the peer's."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from lydite.core import InputError, InvalidValue, UsageError
from lydite.data.folds import (
    Folds,
    Items,
    Way,
    align,
    grouping,
    imbalance,
    load_folds,
    make_folds,
    save_folds,
)
from lydite.data.folds.balance import tally


@st.composite
def problems(draw: st.DrawFn) -> tuple[Items, int]:
    seed, groups = draw(st.integers(0, 2**32 - 1)), draw(st.integers(2, 40))
    classes, largest = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    return random_items(seed, groups, classes, largest), draw(st.integers(2, min(groups, 7)))


def random_items(seed: int, groups: int, classes: int, largest: int, purity: float = 0.7) -> Items:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), rng.integers(1, largest + 1, groups))
    label = np.where(
        rng.random(len(group)) < purity,
        rng.integers(0, classes, groups)[group],
        rng.integers(0, classes, len(group)),
    )
    return Items(
        tuple(f"i{row}" for row in rng.permutation(len(group))),
        tuple(f"class {value}" for value in label),
        tuple(f"g{value:05d}" for value in group),
    )


def peer_imbalance(items: Items, count: int) -> float:
    """Infinite where the peer leaves a fold empty, which ours never does."""
    labels, groups = np.array(items.labels), np.array(items.groups)
    numbers = np.zeros(len(labels), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for fold, (_, test) in enumerate(StratifiedGroupKFold(count).split(labels, labels, groups)):
            numbers[test] = fold
    if len(set(numbers.tolist())) < count:
        return float("inf")
    return imbalance(tally(np.unique(labels, return_inverse=True)[1], numbers, count))


def peer_can(items: Items, count: int) -> bool:
    return bool(np.unique(items.labels, return_counts=True)[1].max() >= count)


def by_id(folds: Folds) -> dict[str, int]:
    return dict(zip(folds.ids, folds.numbers.tolist(), strict=True))


@given(problems(), st.sampled_from(Way))
def test_every_item_has_one_fold_and_no_fold_is_empty(problem: tuple[Items, int], way: Way) -> None:
    items, count = problem
    folds = make_folds(items, count, way)
    assert folds.ids == items.ids
    assert folds.sizes.min() > 0
    assert folds.sizes.sum() == len(items.ids)


@given(problems())
def test_groups_are_never_split(problem: tuple[Items, int]) -> None:
    items, count = problem
    folds = make_folds(items, count)
    assert folds.way is Way.GROUPED
    homes = set(zip(folds.groups, folds.numbers.tolist(), strict=True))
    assert len(homes) == len(set(folds.groups))


@given(problems(), st.sampled_from(Way), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(problem: tuple[Items, int], way: Way, random: object) -> None:
    items, count = problem
    order = np.random.default_rng(len(items.ids)).permutation(len(items.ids))
    assert items.groups is not None
    shuffled = Items(
        *(tuple(column[row] for row in order) for column in (items.ids, items.labels, items.groups))
    )
    one, other = make_folds(items, count, way), make_folds(shuffled, count, way)
    assert by_id(one) == by_id(other)
    assert one.source == other.source


@given(problems())
@settings(max_examples=200)
def test_balance_is_no_worse_than_the_peers(problem: tuple[Items, int]) -> None:
    items, count = problem
    if peer_can(items, count):
        assert make_folds(items, count).imbalance <= peer_imbalance(items, count) + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_balance_is_no_worse_where_groups_are_dealt_out_together(seed: int) -> None:
    items = random_items(seed, groups=1500, classes=3 + 4 * seed, largest=1 + seed)
    assert len(set(items.own_groups)) > grouping._ONE_BY_ONE
    assert make_folds(items, 5).imbalance <= peer_imbalance(items, 5) + 1e-9


@given(problems())
def test_strata_are_dealt_out_evenly(problem: tuple[Items, int]) -> None:
    items, count = problem
    counts = make_folds(items, count, Way.STRATIFIED).class_counts
    assert (np.ptp(counts, axis=1) <= 1).all()
    folds = make_folds(items, count, Way.STRATIFIED_GROUPS)
    strata = [f"{a}|{b}" for a, b in zip(folds.labels, folds.groups, strict=True)]
    each = tally(np.unique(strata, return_inverse=True)[1], folds.numbers, count)
    assert (np.ptp(each, axis=1) <= 1).all()


def test_an_empty_fold_is_filled_from_another() -> None:
    labels = ("a",) * 30 + ("b",) * 3
    groups = ("big",) * 30 + ("one", "two", "three")
    folds = make_folds(Items(tuple(map(str, range(33))), labels, groups), 4)
    assert sorted(folds.sizes.tolist()) == [1, 1, 1, 30]


@given(problems(), st.sampled_from(Way), st.data())
def test_aligned_items_keep_their_fold(problem: tuple[Items, int], way: Way, data: st.DataObject) -> None:
    items, count = problem
    assert items.groups is not None
    folds = make_folds(items, count, way)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    kept = np.flatnonzero((rng.random(len(items.ids)) < 0.8) | first_of_each(folds))
    extra = random_items(data.draw(st.integers(0, 99)), 8, 7, 4)
    changed = Items(
        (*(items.ids[r] for r in kept), *(f"new {name}" for name in extra.ids)),
        (*(items.labels[r] for r in kept), *extra.labels),
        (*(items.groups[r] for r in kept), *(extra.groups or ())),
    )
    aligned = align(folds, changed)
    assert by_id(folds).items() <= by_id(aligned).items()
    assert aligned.present.sum() == len(changed.ids)
    returned = align(aligned, items)
    assert by_id(aligned) == by_id(returned)
    assert aligned.source != folds.source


def first_of_each(folds: Folds) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """One item of every fold, so that none becomes empty."""
    first = np.zeros(len(folds), np.bool_)
    first[np.unique(folds.numbers, return_index=True)[1]] = True
    return first


def test_new_items_join_their_group_even_one_that_is_gone() -> None:
    folds = make_folds(Items(("a", "b", "c", "d"), ("x",) * 4, ("g", "h", "g", "k")), 2)
    later = align(folds, Items(("a", "b", "e", "f"), ("x",) * 4, ("g", "h", "h", "k")))
    found = by_id(later)
    assert found["e"] == found["b"]
    assert found["f"] == by_id(folds)["d"]


def test_new_items_go_where_the_balance_is_best() -> None:
    folds = make_folds(Items(tuple("abcdef"), ("x", "x", "x", "x", "y", "y")), 2)
    there = by_id(folds)
    left = (
        [name for name in "abcd" if there[name] == 0][:1] + [n for n in "abcd" if there[n] == 1] + ["e", "f"]
    )
    aligned = align(folds, Items((*left, "new"), (*("x" if n in "abcd" else "y" for n in left), "x")))
    assert by_id(aligned)["new"] == 0


def test_joined_groups_are_refused() -> None:
    folds = make_folds(Items(("a", "b"), ("x", "x"), ("g", "h")), 2)
    with pytest.raises(InputError, match=r"Group 'g' now stands in folds . and .: item 'b' keeps its fold"):
        align(folds, Items(("a", "b"), ("x", "x"), ("g", "g")))


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (("x", None), ("g", "h"), "1 of 2 items have no label, first 'b'. Give each item a label"),
        (("x", float("nan")), ("g", "h"), "1 of 2 items have no label, first 'b'."),
        (("x", "y"), ("g", ""), "1 of 2 items have no group, first 'b'."),
    ],
)
def test_missing_values_are_named(labels: tuple[str, ...], groups: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Items(("a", "b"), labels, groups)
    assert message in str(caught.value)


def test_no_items_and_twice_the_same() -> None:
    with pytest.raises(InvalidValue, match="at least one row"):
        Items((), ())
    with pytest.raises(InvalidValue, match=r"Items.ids must be distinct. Seen: a"):
        Items(("a", "a"), ("x", "y"))


def test_more_folds_than_there_are_groups() -> None:
    items = Items(("a", "b", "c"), ("x", "x", "y"), ("g", "g", "h"))
    with pytest.raises(UsageError, match=r"There are 2 groups, so the number of folds must lie in 2..2"):
        make_folds(items, 3)
    with pytest.raises(UsageError, match=r"There are 3 items, .* Seen: 4"):
        make_folds(items, 4, Way.STRATIFIED)
    with pytest.raises(UsageError, match=r"Folds that are grouped need groups. Name the column"):
        make_folds(Items(("a", "b"), ("x", "y")), 2, Way.GROUPED)


@given(problems(), st.sampled_from(Way))
@settings(max_examples=20)
def test_saved_folds_read_back(
    tmp_path_factory: pytest.TempPathFactory, problem: tuple[Items, int], way: Way
) -> None:
    path = tmp_path_factory.mktemp("folds") / "folds.parquet"
    folds = make_folds(*problem, way)
    save_folds(folds, path)
    back = load_folds(path)
    assert by_id(back) == by_id(folds)
    assert (back.labels, back.groups, back.count, back.way, back.source) == (
        folds.labels,
        folds.groups,
        folds.count,
        folds.way,
        folds.source,
    )


def test_a_file_that_holds_no_folds(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("nothing")
    for name in ("a.parquet", "b.parquet"):
        with pytest.raises(InputError, match=f"{name} holds no folds"):
            load_folds(tmp_path / name)
    with pytest.raises(InputError, match=r"c.parquet cannot be read: No such file"):
        load_folds(tmp_path / "c.parquet")


def test_folds_by_id_name_the_missing() -> None:
    folds = make_folds(Items(("a", "b"), ("x", "x")), 2)
    assert folds.numbers_of(["b", "a"]).tolist() == [by_id(folds)["b"], by_id(folds)["a"]]
    with pytest.raises(InputError, match=r"1 of 2 items have no fold. .* Seen: c"):
        folds.numbers_of(["a", "c"])
