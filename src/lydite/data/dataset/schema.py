"""The tables of a dataset: their columns, and the laws that every row keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import polars as pl

from lydite.core import InvalidValue, ItemId, UnknownName

ATTRIBUTES = pl.List(pl.Struct({"name": pl.String, "value": pl.String}))

Columns = Mapping[str, Any]

ITEMS: Columns = MappingProxyType(
    {
        "item": pl.String,
        "source": pl.String,
        "path": pl.String,
        "image": pl.String,
        "height": pl.Int32,
        "width": pl.Int32,
        "label": pl.String,
        "group": pl.String,
        "split": pl.String,
        "exhaustive": pl.Boolean,
    }
)
"""One row an item.

``item``: text of ``ItemId``. ``source``: its source. ``path``: the picture's file, absolute or relative to
the root of the source. ``image``: ``ImageId`` in hex, null if the picture cannot be read. ``height``,
``width``: pixels as shown, null if unknown. ``label``, ``group``, ``split``: null if there is none.
``exhaustive``: every thing in the picture that belongs to a class has its region.
"""

REGIONS: Columns = MappingProxyType(
    {
        "region": pl.String,
        "item": pl.String,
        "number": pl.Int32,
        "label": pl.String,
        "x0": pl.Float32,
        "y0": pl.Float32,
        "x1": pl.Float32,
        "y1": pl.Float32,
        "mask": pl.String,
        "crowd": pl.Boolean,
        "difficult": pl.Boolean,
        "occluded": pl.Boolean,
        "attributes": ATTRIBUTES,
    }
)
"""One row a box or mask.

``region``: text of ``RegionId``. ``x0 y0 x1 y1``: pixel edges, origin 0. ``mask``: COCO's compressed counts
of a mask of the item's size, null for a plain box. ``attributes``: names and texts, each name once.
"""

NUMBERS: Columns = MappingProxyType({"item": pl.String, "next": pl.Int32})
"""The number that the next region of an item gets; it only grows, so that no number comes twice."""

REPORT: Columns = MappingProxyType(
    {"file": pl.String, "line": pl.Int32, "kind": pl.String, "what": pl.String, "remedy": pl.String}
)
"""What an importer did with what it read. ``kind``: one of ``KINDS``; ``line``: from 1, null if unknown."""

PROVISIONAL = 1 << 30
"""Region numbers from here on are placeholders: such a region gets its number when it joins a version."""

KINDS = ("taken", "defaulted", "refused")

_NULLABLE = frozenset(("image", "height", "width", "label", "group", "split", "mask", "line"))
_ODD_ITEM = r"(?:^|[:/])\.{0,2}(?:/|$)|[\\\x00]"
_SPLIT = r"^\w[\w.-]*$"


def frame_of(
    columns: Columns, rows: pl.DataFrame | Sequence[Mapping[str, Any]] | Mapping[str, Any]
) -> pl.DataFrame:
    """A table of one of the kinds above; what the rows leave out is null, False or empty.

    Args:
        columns: ``ITEMS``, ``REGIONS``, ``NUMBERS`` or ``REPORT``.
        rows: A table, rows by column name, or columns of one length.

    Raises:
        UnknownName: If a name is no column of the table.
        InvalidValue: If a value is of another type.
    """
    by_column = isinstance(rows, (Mapping, pl.DataFrame))
    names = list(rows) if isinstance(rows, Mapping) else _names(rows)
    for name in names:
        if name not in columns:
            raise UnknownName("column", name, columns)
    given = {name: kind for name, kind in columns.items() if name in names}
    try:
        if isinstance(rows, pl.DataFrame):
            frame = rows.select(pl.col(name).cast(kind) for name, kind in given.items())
        else:
            frame = pl.DataFrame(rows if by_column else list(rows), schema=given)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        shown = {name: str(kind) for name, kind in given.items()}
        raise InvalidValue("A table", f"of the columns {shown}", str(error)) from error
    frame = frame.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in given
    )
    return frame.select(_filled(name, kind) for name, kind in columns.items())


def _names(rows: pl.DataFrame | Sequence[Mapping[str, Any]]) -> list[str]:
    return (
        rows.columns
        if isinstance(rows, pl.DataFrame)
        else list(dict.fromkeys(n for row in rows for n in row))
    )


def _filled(name: str, kind: Any) -> pl.Expr:
    if kind == pl.Boolean:
        return pl.col(name).fill_null(False)
    return pl.col(name).fill_null(pl.lit([], dtype=ATTRIBUTES)) if kind == ATTRIBUTES else pl.col(name)


def check_items(items: pl.DataFrame, classes: Sequence[str]) -> None:
    """Pass if a table of items keeps its laws.

    Raises:
        InvalidValue: Naming the column, the law and the first value that breaks it.
    """
    check_columns("items", items, ITEMS)
    column = pl.col
    _refuse(items, "item", column("item").is_duplicated(), "each one once")
    _refuse(
        items, "source", column("source").str.contains(":") | (column("source") == ""), "a name without ':'"
    )
    _refuse(items, "item", ~column("item").str.starts_with(column("source") + ":"), "'source:path'")
    odd = items.filter(
        column("item").str.contains(_ODD_ITEM)
        | (column("item").str.len_bytes() != column("item").str.len_chars())
    )["item"]
    for text in odd:
        if item_fault(text):
            raise InvalidValue("items.item", item_fault(text), text)
    _refuse(items, "path", column("path") == "", "a file")
    _refuse(items, "image", ~column("image").str.contains("^[0-9a-f]{64}$"), "64 hexadecimal digits")
    sizes = column("height").is_null() != column("width").is_null()
    _refuse(items, "height", sizes | (column("height") < 1) | (column("width") < 1), "a size from 1x1 on")
    _refuse(items, "image", column("image").is_not_null() & column("height").is_null(), "of a known size")
    _refuse(items, "label", ~column("label").is_in(list(classes)), f"one of {list(classes)[:12]}")
    _refuse(items, "group", column("group") == "", "a name or null")
    _refuse(items, "split", ~column("split").str.contains(_SPLIT), "a name that a folder could have")


def check_regions(regions: pl.DataFrame, items: pl.DataFrame, classes: Sequence[str]) -> None:
    """Pass if a table of regions keeps its laws beside the items that it belongs to.

    Raises:
        InvalidValue: Naming the column, the law and the first value that breaks it.
    """
    check_columns("regions", regions, REGIONS)
    column = pl.col
    named = pl.format("{}#{}", "item", "number")
    _refuse(regions, "number", column("number") < 0, "0 or more")
    _refuse(regions, "region", column("region") != named, "'item#number'")
    _refuse(regions, "region", column("region").is_duplicated(), "each one once")
    _refuse(regions, "label", ~column("label").is_in(list(classes)), f"one of {list(classes)[:12]}")
    corners = ("x0", "y0", "x1", "y1")
    crooked = ~pl.all_horizontal(column(c).is_finite() for c in corners)
    crooked |= (column("x1") < column("x0")) | (column("y1") < column("y0"))
    _refuse(regions, "x0", crooked, "finite with x1 >= x0 and y1 >= y0", corners)
    names = column("attributes").list.eval(pl.element().struct.field("name"))
    many = regions.filter(column("attributes").list.len() > 0)
    _refuse(many, "attributes", names.list.n_unique() < names.list.len(), "with each name once")
    inner = column("attributes").list.eval(
        pl.element().struct.field("name").is_null() | pl.element().struct.field("value").is_null()
    )
    _refuse(many, "attributes", inner.list.any(), "names and texts")
    size = items.select("item", "height", "width", known=pl.lit(True))
    beside = regions.join(size, on="item", how="left", maintain_order="left")
    _refuse(beside, "item", column("known").is_null(), "an item of the table of items")
    outside = (column("x0") < 0) | (column("y0") < 0)
    outside |= (column("x1") > column("width")) | (column("y1") > column("height"))
    _refuse(beside, "x0", outside, "inside the picture", (*corners, "width", "height"))
    nowhere = column("mask").is_not_null() & column("height").is_null()
    _refuse(beside, "mask", nowhere, "of an item with a known size", ("region",))


def check_columns(name: str, frame: pl.DataFrame, columns: Columns) -> None:
    """Pass if a table has exactly these columns, and nulls only where they mean something.

    Raises:
        InvalidValue: Otherwise.
    """
    if dict(frame.schema) != dict(columns):
        wrong = {n: str(t) for n, t in frame.schema.items() if columns.get(n) != t}
        absent = [n for n in columns if n not in frame.columns]
        expected = f"the columns {', '.join(f'{n} ({t})' for n, t in columns.items())} in this order"
        raise InvalidValue(
            name, expected, {"others": wrong, "absent": absent} if wrong or absent else frame.columns
        )
    # The label of a region is what it is a region of; an item may have none.
    required = [n for n in columns if n not in _NULLABLE or (name == "regions" and n == "label")]
    for column in required:
        if frame[column].null_count():
            raise InvalidValue(f"{name}.{column}", "given in every row", None)


def item_fault(text: str) -> str:
    """What is wrong with the text of an item: what it must be; empty if nothing is wrong."""
    try:
        item = ItemId.parse(text)
    except InvalidValue as error:
        return error.expected
    parts = item.path.split("/")
    if str(item) != text:
        return "in normal form (NFC, no doubled '/')"
    if ".." in parts or not parts[0]:
        return "a path that stays below its root"
    if set("\\\0") & set(text):
        return "without '\\' and null"
    return ""


def _refuse(frame: pl.DataFrame, name: str, wrong: pl.Expr, expected: str, shown: Sequence[str] = ()) -> None:
    found = frame.filter(wrong).head(1)
    if len(found):
        row = found.row(0, named=True)
        seen = {key: row[key] for key in shown} if shown else row[name]
        table = "regions" if "region" in frame.columns else "items"
        raise InvalidValue(f"{table}.{name}", expected, seen)
