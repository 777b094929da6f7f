"""Acts as a table that other programs read: CSV and parquet, there and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

import polars as pl

from lydite.core import Act, InputError, InvalidValue, ItemId, UsageError, Verdict
from lydite.data import printable, write_atomic
from lydite.review.fold import Entry

SCHEMA: dict[str, type[pl.DataType]] = {
    "seq": pl.Int64,
    "id": pl.String,
    "act": pl.String,
    "reviewer": pl.String,
    "at": pl.String,
    "item": pl.String,
    "region": pl.Int64,
    "label": pl.String,
    "target": pl.String,
    "undoes": pl.String,
    "adjudicates": pl.Boolean,
    "round": pl.String,
    "queue": pl.String,
}
"""Columns of an export: one row an act, in the order of the journal. ``at`` is ISO 8601, UTC; ``item`` and
``region`` are empty where an act has none."""
SUFFIXES = (".csv", ".parquet")


def export_acts(entries: Iterable[Entry], path: Path) -> int:
    """Write entries as ``.csv`` or ``.parquet``; returns how many.

    Raises:
        UsageError: If the name ends otherwise.
        OutputError: If the file cannot be written.
    """
    require_suffix(path)
    table = pl.DataFrame([_values(entry) for entry in entries], schema=SCHEMA, orient="row")
    content = BytesIO()
    if path.suffix.lower() == ".csv":
        table.write_csv(content)
    else:
        table.write_parquet(content, compression="zstd")
    write_atomic(path, content.getvalue())
    return len(table)


def read_acts(path: Path) -> Iterator[Verdict]:
    """The acts of an export, or of a table made like one, in its order; ``seq`` is not read.

    Raises:
        InputError: If the file cannot be read; names the line and what is wrong in it.
        UsageError: If the name ends otherwise.
    """
    require_suffix(path)
    is_csv = path.suffix.lower() == ".csv"
    name = printable(path)
    try:
        content = BytesIO(path.read_bytes())
        table = pl.read_csv(content, infer_schema=False) if is_csv else pl.read_parquet(content)
    except OSError as error:
        raise InputError(f"Table {name} cannot be read: {error.strerror}.", "Check the name.") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"Table {name} cannot be read.", "Check its content.", str(error)) from error
    missing = [column for column in SCHEMA if column not in table.columns and column != "seq"]
    if missing:
        raise InputError(f"Table {name} lacks columns.", f"Needed: {', '.join(SCHEMA)}.", missing)
    for number, row in enumerate(table.iter_rows(named=True), start=2 if is_csv else 1):
        try:
            yield _verdict(row)
        except (InvalidValue, ValueError, TypeError, KeyError) as error:
            place = "line" if is_csv else "row"
            raise InputError(f"{name}, {place} {number}: is no act: {error}", "Mend or remove it.") from error


def require_suffix(path: Path) -> None:
    """Pass if a name ends like a table.

    Raises:
        UsageError: Otherwise.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError("Acts are kept as .csv or .parquet.", "Name such a file.", printable(path.name))


def _values(entry: Entry) -> tuple[object, ...]:
    v = entry.verdict
    item = None if v.item is None else str(v.item)
    head = (entry.seq, v.id, v.act.value, v.reviewer, v.when.isoformat(), item, v.region)
    return (*head, v.label, v.target, v.undoes, v.adjudicates, v.round, v.queue)


def _verdict(row: dict[str, object]) -> Verdict:
    def text(name: str) -> str:
        value = row[name]
        return "" if value is None else str(value)

    region = text("region")
    return Verdict(
        text("id"),
        Act(text("act")),
        text("reviewer"),
        datetime.fromisoformat(text("at")),
        ItemId.parse(text("item")) if text("item") else None,
        int(region) if region else None,
        text("label"),
        text("target"),
        text("undoes"),
        {"true": True, "false": False, "": False}[text("adjudicates").lower()],
        text("round"),
        text("queue"),
    )
