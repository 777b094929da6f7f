"""What an importer may hand over, and what is refused with the law and the value."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given

from data.dataset.made import CLASSES, HEX, intake
from lydite.core import AnnotationError, InvalidValue, ItemId, UnknownName
from lydite.data.dataset import ITEMS, REGIONS, Intake, frame_of, item_fault, report_rows
from strategies import items as any_items


def test_tables_have_all_columns_and_what_is_left_out_is_empty() -> None:
    made = Intake.of([{"item": "a:x/b.jpg", "path": "/x/b.jpg", "label": "pear"}])
    assert dict(made.items.schema) == dict(ITEMS)
    assert made.items.row(0, named=True) == {
        **dict.fromkeys(ITEMS),
        "item": "a:x/b.jpg",
        "source": "a",
        "path": "/x/b.jpg",
        "label": "pear",
        "exhaustive": False,
    }
    assert dict(made.regions.schema) == dict(REGIONS)
    assert made.class_map.names == ("pear",)


def test_a_foreign_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match=r"column named 'lable'\. Did you mean 'label'"):
        frame_of(ITEMS, [{"item": "a:b", "lable": "x"}])


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("item", "t:a", "'source:path'"),
        ("item", "s:../a", "below its root"),
        ("item", "s:a/../b", "below its root"),
        ("item", "s:/a", "below its root"),
        ("item", "s:a\\b", "without"),
        ("item", "s:a\0", "without"),
        ("item", "s:a//b", "normal form"),
        ("item", "s:u\u0308", "normal form"),
        ("item", "s:", "relative path"),
        ("path", "", "a file"),
        ("image", "12", "64 hexadecimal digits"),
        ("height", 0, "size from 1x1 on"),
        ("height", None, "size from 1x1 on"),
        ("label", "plum", "one of"),
        ("group", "", "a name or null"),
        ("split", "..", "folder"),
        ("split", "a/b", "folder"),
    ],
)
def test_items_that_break_a_law(column: str, value: object, says: str) -> None:
    good = intake(regions=0)
    row = {**good.items.row(0, named=True), column: value}
    with pytest.raises(InvalidValue, match=says):
        Intake.of([row], (), CLASSES, good.roots)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("number", -1, "0 or more"),
        ("region", "s:dir/0.jpg#7", "item#number"),
        ("item", "s:dir/9.jpg", "table of items"),
        ("label", "plum", "one of"),
        ("label", None, "given in every row"),
        ("x0", float("nan"), "finite"),
        ("x1", 0.0, "finite with x1 >= x0"),
        ("y1", 41.0, "inside the picture"),
        ("x0", -0.5, "inside the picture"),
        ("attributes", [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}], "each name once"),
        ("attributes", [{"name": "a", "value": None}], "names and texts"),
    ],
)
def test_regions_that_break_a_law(column: str, value: object, says: str) -> None:
    good = intake()
    row = {**good.regions.row(0, named=True), column: value}
    if column in {"number", "item"}:
        row["region"] = None
    with pytest.raises(InvalidValue, match=says):
        Intake.of(good.items, [row], CLASSES, good.roots)


def test_nothing_stands_twice() -> None:
    good = intake()
    with pytest.raises(InvalidValue, match=r"items\.item must be each one once"):
        Intake.of(pl.concat([good.items, good.items]), (), CLASSES, good.roots)
    with pytest.raises(InvalidValue, match=r"regions\.region must be each one once"):
        Intake.of(good.items, pl.concat([good.regions, good.regions]), CLASSES, good.roots)


def test_a_mask_needs_a_size_and_a_relative_path_a_root() -> None:
    good = intake()
    bare = good.items.with_columns(image=None, height=None, width=None)
    with pytest.raises(InvalidValue, match="known size"):
        Intake.of(bare, good.regions.with_columns(mask=pl.lit("0i2")), CLASSES, good.roots)
    with pytest.raises(InvalidValue, match="roots must be a folder for each source"):
        Intake.of(good.items, (), CLASSES, {"other": Path("/x")})


def test_two_items_may_show_one_picture() -> None:
    assert intake().items["image"].to_list() == [HEX] * 3


@given(any_items)
def test_items_that_stay_below_their_root_have_no_fault(item: ItemId) -> None:
    inside = (
        ".." not in item.path.split("/")
        and not item.path.startswith("/")
        and not set("\\\0") & set(str(item))
    )
    assert (item_fault(str(item)) == "") == inside


def test_problems_of_a_reader_become_refusals() -> None:
    rows = report_rows([AnnotationError("a.xml", 7, "xmin", "is not a number", "x", "Fix it.")], ["cut"])
    assert rows[0] == {
        "file": "a.xml",
        "line": 7,
        "kind": "refused",
        "what": "xmin is not a number (x)",
        "remedy": "Fix it.",
    }
    assert Intake.of([], report=rows).report["kind"].to_list() == ["refused", "defaulted"]
    with pytest.raises(InvalidValue, match=r"report\.kind"):
        Intake.of([], report=[{"file": "", "kind": "guessed", "what": "", "remedy": ""}])
