"""Queues and passes: nothing twice, nothing forgotten, what others do is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import (
    Act,
    ClassMap,
    Exposure,
    InputError,
    InvalidValue,
    ItemId,
    Predictions,
    UnknownName,
    Verdict,
)
from lydite.data import save_predictions
from lydite.review import (
    Desk,
    Journal,
    Pile,
    ReviewSettings,
    no_beliefs,
    open_journal,
    read_beliefs,
    read_findings,
)
from lydite.review.agreement import kappa
from lydite.review.queues import build_queues, by_value, interleave, slice_of
from review.acts import NOW, item, said


def pile(rows: int = 12) -> Pile:
    labels = tuple("abc"[k % 3] for k in range(rows))
    return Pile(
        tuple(item(str(k)) for k in range(rows)), (Path("x.png"),) * rows, labels, ClassMap(("a", "b", "c"))
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "journal.db")


def desk(journal: Journal, rows: int = 12, **settings: Any) -> Desk:
    shown = pile(rows)
    return Desk(shown, journal, no_beliefs(shown), {}, ReviewSettings(**settings))


def judge(at: Desk, row: int, who: str = "anna", act: Act = Act.KEEP) -> Verdict:
    label = at.pile.labels[row] if act is Act.KEEP else ""
    verdict = said(act, who, str(row), label, round=at.settings.round)
    assert not at.submit([verdict])[0].error
    return verdict


def test_nothing_is_shown_twice_in_a_pass_and_everything_once(journal: Journal) -> None:
    at = desk(journal, overlap=0)
    seen: list[int] = []
    while rows := at.next_rows("all", "anna", 5, set()):
        for row in rows:
            judge(at, row)
        seen += rows
    assert sorted(seen) == list(range(12))
    assert desk(journal, overlap=0).next_rows("random", "anna", 5, set()) == []  # after a restart too
    assert len(desk(journal, round="2").next_rows("all", "anna", 50, set())) == 12


def test_what_one_has_or_holds_is_kept_from_others_except_the_shared(journal: Journal) -> None:
    at = desk(journal, overlap=0.25, rows=40)
    mine = at.next_rows("all", "anna", 10, set())
    theirs = at.next_rows("all", "bert", 40, set())
    both = set(mine) & set(theirs)
    assert len(theirs) == 30 + len(both)
    again = at.next_rows("all", "anna", 40, set())
    assert set(mine) <= set(again)
    assert len(again) == 10 + (10 - len(both))  # all that are shared, and those that anna holds
    for row in again:
        judge(at, row)
    assert set(at.next_rows("all", "bert", 40, set())) == set(theirs)


def test_undo_brings_a_row_back(journal: Journal) -> None:
    at = desk(journal)
    (row,) = at.next_rows("all", "anna", 1, set())
    verdict = judge(at, row)
    assert at.next_rows("all", "anna", 1, set()) != [row]
    at.submit([said(Act.UNDO, "anna", undoes=verdict.id)])
    assert at.next_rows("all", "anna", 1, set()) == [row]


def test_two_desks_on_one_journal_see_each_other(journal: Journal) -> None:
    one, other = desk(journal, overlap=0), desk(journal, overlap=0)
    judge(one, 0, "anna")
    other.refresh()
    assert 0 not in other.next_rows("all", "bert", 12, set())


def test_unknown_queues_suggest(journal: Journal) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'random'"):
        desk(journal).next_rows("randon", "anna", 1, set())


def test_summary_counts_and_class_counts(journal: Journal) -> None:
    at = desk(journal)
    judge(at, 0)
    judge(at, 1, act=Act.TRASH)
    judge(at, 3, "anna")
    judge(at, 3, "bert", act=Act.TRASH)
    at.submit([said(Act.RELABEL, "anna", "2", "a"), said(Act.UNSURE, "anna", "4")])
    assert at.summary().counts == {"keep": 1, "trash": 1, "disputed": 1, "relabel": 1, "unsure": 1}
    assert at.class_counts() == {"a": 5, "b": 3, "c": 3}
    assert at.next_rows("disputes", "cleo", 5, set()) == [3]


def test_predictions_prefer_what_is_out_of_fold(tmp_path: Path) -> None:
    shown = pile(4)
    (tmp_path / "oof.csv").write_text("item,fold,a,b,c\nimages:0.jpg,0,0.1,0.9,0\nimages:1.jpg,,1,0,0\n")
    (tmp_path / "seen.csv").write_text(
        "item,exposure,a,b,c\nimages:0.jpg,trained,1,0,0\nimages:2.jpg,unknown,0,0,1\nimages:none.jpg,,9,9,9\n"
    )
    beliefs = read_beliefs([tmp_path / "oof.csv", tmp_path / "seen.csv"], shown)
    assert beliefs.coverage == (1, 2, 1)
    np.testing.assert_allclose(beliefs.probabilities[0], [0.1, 0.9, 0])
    assert beliefs.suspicion(shown)[0] == pytest.approx(0.8)
    (tmp_path / "bad.csv").write_text("item,a,b\nimages:0.jpg,3,1\n")
    with pytest.raises(InputError, match=r"bad.csv, row 1: probabilities must be 0 or more and sum to 1"):
        read_beliefs([tmp_path / "bad.csv"], shown)


def test_predictions_of_a_run_are_one_voice_of_all_its_models(tmp_path: Path) -> None:
    shown = pile(4)
    rows = [(0, 0, Exposure.CLEAN), (0, 1, Exposure.CLEAN), (1, 0, Exposure.TRAINED), (2, 0, Exposure.CLEAN)]
    logits = np.log(np.array([[8, 2], [4, 6], [5, 5], [np.nan, np.nan]], np.float32))
    said = Predictions(
        (*(item(str(row)) for row, _, _ in rows[:3]), ItemId("of", "nobody")),
        ClassMap(("a", "b")),
        logits,
        "run",
        np.array([fold for _, fold, _ in rows]),
        np.array([exposure for _, _, exposure in rows]),
    )
    save_predictions(said, tmp_path / "oof.parquet")
    beliefs = read_beliefs([tmp_path / "oof.parquet"], shown)
    assert beliefs.coverage == (1, 1, 2)
    np.testing.assert_allclose(beliefs.probabilities[0], [0.6, 0.4], rtol=1e-6)
    assert np.isnan(beliefs.spread).all()


def test_models_that_differ_lead_their_queue(tmp_path: Path) -> None:
    shown = pile(3)
    for name, rows in (("one", ("1,0,0", "0.5,0.5,0", "1,0,0")), ("two", ("1,0,0", "0.5,0.5,0", "0,1,0"))):
        lines = [f"images:{k}.jpg,0,{row}" for k, row in enumerate(rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,fold,a,b,c", *lines]))
    beliefs = read_beliefs([tmp_path / "one.csv", tmp_path / "two.csv"], shown)
    np.testing.assert_allclose(beliefs.spread, [0, 0, 1], atol=1e-12)
    queues = build_queues(shown, beliefs, {}, slice_order=slice_of(shown, 0), audit_every=0)
    assert next(q for q in queues if q.name == "disagreement").rows[0] == 2


def test_findings_make_queues_and_families_stay_together(tmp_path: Path) -> None:
    shown = pile(6)
    lines = ["check,item,score,other", "blurry,images:5.jpg,0.2,", "blurry,images:4.jpg,0.9,"]
    lines += ["exact_duplicate,images:0.jpg,1,images:3.jpg", "exact_duplicate,images:3.jpg,0.5,images:5.jpg"]
    (tmp_path / "findings.csv").write_text("\n".join(lines))
    reasons = read_findings(tmp_path / "findings.csv", shown)
    queues = {
        q.name: q.rows.tolist()
        for q in build_queues(
            shown, no_beliefs(shown), reasons, slice_order=slice_of(shown, 0), audit_every=0
        )
    }
    assert queues["finding:blurry"] == [4, 5]
    assert queues["finding:exact_duplicate"] == [0, 3, 5]
    assert queues["class:a"] == [0, 3]
    assert "suspicion" not in queues
    lows = read_findings(tmp_path / "findings.csv", shown, {"blurry"})
    assert lows[5][0].score > lows[4][0].score
    columns = {
        "item": ["images:1.jpg"],
        "check": ["near_duplicate"],
        "kin": [["images:2.jpg", "images:9.jpg"]],
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "findings.parquet")
    assert set(read_findings(tmp_path / "findings.parquet", shown)) == {1, 2}


@given(st.integers(1, 60), st.integers(0, 7), st.integers(0, 9))
def test_mixing_in_a_slice_keeps_every_row_once_and_both_orders(rows: int, every: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rank, drawn = rng.permutation(rows), rng.permutation(rows)
    mixed = interleave(rank, drawn, every).tolist()
    assert sorted(mixed) == list(range(rows))
    if every:
        begin = drawn[: max(0, len(mixed) // every)].tolist()
        assert [r for r in mixed[: len(begin) * every] if r in begin] or not begin


def test_rows_without_a_value_are_left_out_of_a_ranking() -> None:
    assert by_value(np.array([0.1, np.nan, 0.5, 0.1])).tolist() == [2, 0, 3]


def test_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    for _ in range(20):
        left, right = rng.integers(0, 4, 30).tolist(), rng.integers(0, 4, 30).tolist()
        assert kappa(zip(left, right, strict=True)) == pytest.approx(cohen_kappa_score(left, right))
    assert np.isnan(kappa([]))
    assert np.isnan(kappa([(1, 1)]))


def test_a_pile_is_checked() -> None:
    with pytest.raises(InvalidValue, match="of the class map"):
        Pile((item("1"),), (Path("x"),), ("z",), ClassMap(("a",)))
    with pytest.raises(InvalidValue, match="distinct"):
        Pile((item("1"),) * 2, (Path("x"),) * 2, ("a",) * 2, ClassMap(("a",)))
    assert NOW.tzinfo is not None
