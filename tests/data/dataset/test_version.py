"""A version never changes, its id says what it is, and a change is another version."""

from __future__ import annotations

import polars as pl
import pytest

from data.dataset.made import CLASSES, WHEN, intake, version
from lydite.core import ClassMap, ContractError, InvalidValue
from lydite.data.dataset import DatasetVersion, number_regions
from lydite.data.dataset.digest import digest_tables


def test_the_same_content_at_the_same_time_has_the_same_id_whatever_the_order() -> None:
    made = intake()
    shuffled = type(made)(made.items[::-1], made.regions[::-1], made.class_map, made.roots, made.report)
    again = DatasetVersion.begin(shuffled, "me", "a start", WHEN)
    assert again.id == version().id
    assert again.items.equals(version().items)


@pytest.mark.parametrize("column", ["label", "group", "split", "image", "exhaustive"])
def test_every_column_counts(column: str) -> None:
    before = version()
    values = {"label": "pear", "group": "other", "split": "val", "image": "f" * 64, "exhaustive": False}
    after = before.change("me", "why", items=before.items.with_columns(pl.lit(values[column]).alias(column)))
    assert after.info.content != before.info.content
    assert (after.info.labels != before.info.labels) == (column in {"label", "image", "exhaustive"})


def test_nulls_and_lengths_and_names_cannot_be_confused() -> None:
    frames: list[dict[str, list[str | None]]] = [
        {"a": ["x", None], "b": ["", "y"]},
        {"a": ["x", ""], "b": ["", "y"]},
        {"a": ["", "x"], "b": ["", "y"]},
        {"a": ["x", None], "c": ["", "y"]},
        {"b": ["", "y"], "a": ["x", None]},
    ]
    assert len({digest_tables([pl.DataFrame(frame)]) for frame in frames}) == len(frames)
    assert digest_tables([], ["ab", "c"]) != digest_tables([], ["a", "bc"])


def test_a_change_leaves_the_old_version_alone() -> None:
    before = version()
    kept = before.items
    taken = before.items
    taken.insert_column(0, pl.Series("new", [0] * len(taken)))
    after = before.change("you", "other labels", items=kept.with_columns(label=pl.lit("pear")))
    assert before.items.equals(kept)
    assert after.parent == before.id
    assert (after.info.actor, after.info.reason) == ("you", "other labels")
    assert after.items["label"].to_list() == ["pear"] * 3
    with pytest.raises(AttributeError):
        before.info = after.info  # type: ignore[misc]


def test_regions_go_with_their_items_and_numbers_are_never_given_out_again() -> None:
    before = version()
    item = before.items["item"][0]
    after = before.change("me", "fewer", items=before.items.filter(pl.col("item") != item))
    assert item not in after.regions["item"]
    grown = after.change("me", "back", items=before.items)
    fresh = before.regions.filter(pl.col("item") == item).head(1)
    with pytest.raises(InvalidValue, match=r"numbered from 2 on.*dir/0.jpg#0"):
        grown.change("me", "an old number", regions=pl.concat([grown.regions, fresh]))
    numbered = number_regions(fresh, grown.tables.numbers)
    assert numbered["region"][0] == f"{item}#2"
    assert grown.change("me", "a new one", regions=pl.concat([grown.regions, numbered])).info.regions == 5


def test_the_split_test_changes_only_when_it_is_meant() -> None:
    first = version()
    tested = first.change(
        "me",
        "a split",
        items=first.items.with_columns(split=pl.when(pl.col("label") == "pear").then(pl.lit("test"))),
        test_may_change=True,
    )
    items, regions = tested.items, tested.regions
    relabelled = items.with_columns(label=pl.lit("Äpfel"))
    boxes = regions.with_columns(x0=pl.lit(0, pl.Float32))
    for change in (
        {"items": relabelled},
        {"items": items.filter(pl.col("split").is_null())},
        {"regions": boxes},
        {"items": items.with_columns(split=pl.lit("test"))},
    ):
        with pytest.raises(ContractError, match="Data of the split 'test' would change"):
            tested.change("me", "by mistake", **change)  # type: ignore[arg-type]
    assert tested.change("me", "meant", items=relabelled, test_may_change=True).parent == tested.id
    others = items.with_columns(label=pl.when(pl.col("split") == "test").then("label"))
    assert tested.change("me", "only the others", items=others).parent == tested.id


def test_actor_and_reason_are_never_empty_and_labels_are_of_the_map() -> None:
    with pytest.raises(InvalidValue, match=r"DatasetVersion\.reason"):
        version().change("me", " ")
    with pytest.raises(InvalidValue, match=r"DatasetVersion\.actor"):
        version().change("", "why")
    with pytest.raises(InvalidValue, match=r"items\.label"):
        version().change("me", "why", class_map=ClassMap(CLASSES.names[1:]))
