"""An import on top of a version: nothing doubled, nothing lost, regions recognised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given

from data.dataset.made import CLASSES, intake, tables, version
from lydite.core import ClassMap, UsageError
from lydite.data.dataset import DatasetVersion, Intake, diff, merge


@given(tables())
def test_the_same_import_twice_changes_nothing(drawn: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    made = Intake(*drawn, CLASSES, {"s": Path("/p")})
    first = DatasetVersion.begin(made, "me", "why")
    assert merge(first, made, "me", "again") is first
    unnumbered = made.regions.with_columns(number=pl.lit(None, pl.Int32), region=pl.lit(None, pl.String))
    shuffled = Intake.of(made.items, unnumbered[::-1], CLASSES, made.roots)
    assert merge(first, shuffled, "me", "in another order") is first


@given(tables(), tables())
def test_items_are_united_and_numbers_never_come_back(
    first: tuple[pl.DataFrame, pl.DataFrame], second: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    a = DatasetVersion.begin(Intake(*first, CLASSES, {"s": Path("/p")}), "me", "why")
    after = merge(a, Intake(*second, CLASSES, {"s": Path("/p")}), "me", "more")
    assert set(after.items["item"]) == set(first[0]["item"]) | set(second[0]["item"])
    known = {row["region"]: row for row in a.regions.iter_rows(named=True)}
    for row in after.regions.iter_rows(named=True):  # a known number shows what it showed
        assert known.get(row["region"], row) == row


def test_what_an_import_does_not_say_stays() -> None:
    first = version()
    bare = intake(labels=(None, None, "Äpfel"), regions=0)
    bare = replace(
        bare, items=bare.items.with_columns(group=pl.lit(None, pl.String), exhaustive=pl.lit(False))
    )
    after = merge(first, bare, "me", "only names")
    assert after.items["label"].to_list() == ["pear", "Äpfel", "Äpfel"]
    assert after.items["group"].to_list() == first.items["group"].to_list()
    assert after.items["exhaustive"].all()
    assert after.regions.equals(first.regions)


def test_an_exhaustive_import_without_regions_removes_them() -> None:
    first = version()
    after = merge(first, intake(regions=0), "me", "nothing there")
    assert after.info.regions == 0


def test_regions_are_recognised_by_what_they_show_or_by_their_number() -> None:
    first = version(labels=("pear",), regions=3)
    moved = first.regions.with_columns(
        x1=pl.when(pl.col("number") == 1).then(30.0).otherwise("x1").cast(pl.Float32)
    )
    coming = replace(intake(labels=("pear",)), regions=moved.filter(pl.col("number") != 0))
    by_number = merge(first, replace(coming, numbered=True), "me", "back from another tool")
    assert by_number.regions["number"].to_list() == [1, 2]
    assert diff(first, by_number).regions.counts == {"removed": 1, "redrawn": 1}
    by_look = merge(first, coming, "me", "from a source that knows no numbers")
    assert by_look.regions["number"].to_list() == [2, 3]
    assert diff(first, by_look).regions.counts == {"added": 1, "removed": 2}


def test_items_that_are_gone_go_when_it_is_asked() -> None:
    first = version()
    fewer = replace(intake(), items=intake().items.head(2), regions=intake().regions.head(4))
    assert merge(first, fewer, "me", "stay") is first
    pruned = merge(first, fewer, "me", "go", prune=True)
    assert diff(first, pruned).items.counts == {"removed": 1}
    assert pruned.info.regions == 4
    other = Intake.of([{"item": "t:1", "path": "1"}], roots={"t": Path("/t")})
    assert merge(first, other, "me", "another source", prune=True).info.items == 4


def test_new_classes_stand_behind_the_old_ones() -> None:
    made = intake()
    other = Intake.of(made.items, made.regions, ClassMap(("plum", *reversed(CLASSES.names))), made.roots)
    assert merge(version(), other, "me", "why").class_map.names == (*CLASSES.names, "plum")


def test_a_source_stays_in_its_folder() -> None:
    with pytest.raises(UsageError, match="lie in /pictures"):
        merge(version(), replace(intake(), roots={"s": Path("/elsewhere")}), "me", "why")
