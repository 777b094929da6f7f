"""Laws of differences: applied they give the second version, turned round the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from data.dataset.made import CLASSES, WHEN, tables, version
from lydite.core import ClassMap, ContractError
from lydite.data.dataset import DatasetVersion, History, Intake, diff

Drawn = tuple[pl.DataFrame, pl.DataFrame]


def _version(drawn: Drawn) -> DatasetVersion:
    return DatasetVersion.begin(Intake(*drawn, CLASSES, {"s": Path("/p")}), "me", "why", WHEN)


def _same(one: DatasetVersion, other: DatasetVersion) -> bool:
    frames = (one.items, other.items), (one.regions, other.regions)
    return one.class_map == other.class_map and all(a.equals(b) for a, b in frames)


@given(tables(), tables())
def test_a_difference_leads_there_and_back(first: Drawn, second: Drawn) -> None:
    a, b = _version(first), _version(second)
    there = diff(a, b)
    assert _same(there.apply(a, "me", "there"), b)
    assert _same(there.inverse().apply(b, "me", "back"), a)
    back = diff(b, a)
    for one, other in ((there.inverse().items, back.items), (there.inverse().regions, back.regions)):
        assert one.before.equals(other.before)
        assert one.after.equals(other.after)
    assert diff(a, a).empty
    for part in (there.items, there.regions):  # nothing that both have alike
        assert not set(map(repr, part.before.rows())) & set(map(repr, part.after.rows()))
    assert there.empty == _same(a, b)


@given(tables(), tables())
def test_counts_equal_those_of_a_slow_comparison(first: Drawn, second: Drawn) -> None:
    there = diff(_version(first), _version(second))
    for part, (one, other) in zip((there.items, there.regions), zip(first, second, strict=True), strict=True):
        old, new = ({row[part.key]: row for row in frame.iter_rows(named=True)} for frame in (one, other))
        slow: dict[str, int] = {
            "added": len(set(new) - set(old)),
            "removed": len(set(old) - set(new)),
        }
        for kind, columns in part.kinds.items():
            slow[kind] = sum(_differs(old[key], new[key], columns) for key in set(old) & set(new))
        assert part.counts == {kind: count for kind, count in slow.items() if count}


def _differs(old: dict[str, Any], new: dict[str, Any], columns: tuple[str, ...]) -> bool:
    return any(old[column] != new[column] for column in columns)


def test_a_difference_of_other_versions_is_refused() -> None:
    first = version()
    second = first.change("me", "why", items=first.items.with_columns(label=pl.lit("pear")))
    with pytest.raises(ContractError, match="made from another version"):
        diff(first, second).apply(second, "me", "twice")


def test_what_changed_is_told_with_old_and_new_value() -> None:
    first = version()
    second = first.change(
        "me",
        "why",
        items=first.items.with_columns(label=pl.lit("pear"), group=pl.lit("g0")),
        class_map=ClassMap((*CLASSES.names, "plum")),
    )
    changes = diff(first, second)
    assert changes.items.counts == {"relabelled": 2, "regrouped": 1}
    assert changes.items.changed("relabelled").rows() == [
        ("s:dir/1.jpg", "Äpfel", "pear"),
        ("s:dir/2.jpg", None, "pear"),
    ]
    assert not changes.empty


def test_restored_content_is_that_of_the_difference(tmp_path: Path) -> None:
    history = History(tmp_path)
    first = version()
    second = first.change("me", "fewer", items=first.items.head(1))
    history.commit(first)
    history.commit(second)
    restored = history.restore("HEAD~1", "me", "back", WHEN)
    assert (
        restored.info.content == diff(first, second).inverse().apply(second, "me", "back", WHEN).info.content
    )
    assert restored.info.content == first.info.content
