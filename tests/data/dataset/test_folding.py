"""Folds of versions: dealt once, found again from every later version."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.core import InputError, OutputConflict, UsageError
from lydite.data.dataset import (
    DatasetVersion,
    History,
    Intake,
    deal_folds,
    folds_of,
    has_folds,
    items_to_fold,
    merge,
)
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


def _shown(images: str, groups: str | None = None, start: int = 0) -> Intake:
    """One item a letter: its picture, and its group if there are any (``-`` for none)."""
    rows = [
        {
            "item": f"s:{start + i:03d}",
            "path": str(start + i),
            "label": "ab"[i % 2],
            "image": f"{ord(letter):064x}",
            "height": 1,
            "width": 1,
            "group": None if groups is None or groups[i] == "-" else groups[i],
        }
        for i, letter in enumerate(images)
    ]
    return Intake.of(rows, roots={"s": Path("/p")})


@pytest.mark.parametrize(
    ("images", "groups", "expected"),
    [
        ("abcd", None, None),
        ("abca", None, (0, 1, 2, 0)),
        ("abcd", "xx-y", (0, 0, 1, 2)),
        ("abbd", "xxyy", (0, 0, 0, 0)),
        ("abcda", "x-zzu", (0, 1, 2, 2, 0)),
    ],
)
def test_items_that_show_one_picture_are_one_group(
    images: str, groups: str | None, expected: tuple[int, ...] | None
) -> None:
    items = items_to_fold(DatasetVersion.begin(_shown(images, groups), "me", "why"))
    if expected is None:
        assert items.groups is None
    else:
        assert items.groups is not None
        assert tuple(list(dict.fromkeys(items.groups)).index(group) for group in items.groups) == expected


def test_twins_that_come_later_and_join_two_folds_are_left_apart(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.commit(DatasetVersion.begin(_shown("abcd", "xxyy"), "me", "why"))
    dealt = deal_folds(history, "HEAD", "folds", 2)
    assert dealt.numbers_of(["s:000"]) != dealt.numbers_of(["s:002"])
    history.commit(merge(history.head(), _shown("ac", "xy", start=4), "me", "twins of their own groups"))
    now = folds_of(history)
    assert (now.numbers_of(["s:004", "s:005"]) == dealt.numbers_of(["s:000", "s:002"])).all()
    history.commit(merge(history.head(), _shown("ac", "zz", start=6), "me", "one group, twins of two folds"))
    later = folds_of(history)
    assert (later.numbers_of(dealt.ids) == dealt.numbers).all()
    assert later.numbers_of(["s:006"]) == later.numbers_of(["s:007"])


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
