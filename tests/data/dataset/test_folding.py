"""Folds of versions: dealt once, found again from every later version."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.core import InputError, OutputConflict, UsageError
from lydite.data.dataset import DatasetVersion, History, Intake, deal_folds, folds_of, has_folds, merge
from lydite.data.folds import Way


def _intake(start: int, stop: int, split: str = "train") -> Intake:
    rows = [
        {
            "item": f"s:{i:03d}",
            "path": str(i),
            "label": "ab"[i % 2],
            "group": f"g{i // 4}" if i % 3 else None,
            "split": split,
        }
        for i in range(start, stop)
    ]
    return Intake.of(rows, roots={"s": Path("/p")})


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path)
    made.commit(DatasetVersion.begin(_intake(0, 60), "me", "why"))
    made.commit(merge(made.head(), _intake(60, 70, "test"), "me", "a test"))
    return made


def test_later_versions_keep_every_fold(history: History) -> None:
    dealt = deal_folds(history, "HEAD", "folds", 5)
    assert dealt.way is Way.GROUPED
    assert len(dealt) == 60  # nothing of the test
    head = history.head()
    history.commit(head.change("me", "fewer", items=head.items.filter(pl.col("item") != "s:005")))
    history.commit(merge(history.head(), _intake(70, 80), "me", "more"))
    assert has_folds(history)
    now = folds_of(history)
    assert (now.numbers_of(dealt.ids) == dealt.numbers).all()
    assert int(now.present.sum()) == 69
    assert (history.find() / "folds" / "folds.parquet").is_file()
    assert not (history.find("HEAD~1") / "folds").exists()
    again = folds_of(history)
    assert again.source == now.source
    assert history.head().info.content == history.load(history.head().id).info.content


def test_folds_are_dealt_once(history: History) -> None:
    deal_folds(history, "HEAD~1", "folds", 5)
    with pytest.raises(OutputConflict, match="has folds named 'folds'"):
        deal_folds(history, "HEAD", "folds", 3)
    assert deal_folds(history, "HEAD", "other", 3, Way.STRATIFIED).count == 3


def test_what_cannot_be_dealt(history: History, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no folds named 'folds'"):
        folds_of(history)
    for name in ("", "../x", "a/b"):
        with pytest.raises(UsageError, match="plain name"):
            folds_of(history, "HEAD", name)
    only_test = History(tmp_path / "t")
    only_test.commit(DatasetVersion.begin(_intake(0, 9, "test"), "me", "why"))
    with pytest.raises(InputError, match="No item outside the split 'test'"):
        deal_folds(only_test, "HEAD", "folds", 3)
