"""A plain table of items, as people keep it: CSV or parquet with a column of ids, labels and maybe groups."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lydite.core import InputError, UnknownName
from lydite.data.folds.assign import Items
from lydite.data.names import printable


def read_items(path: Path, label: str, group: str | None = None, item: str = "item") -> Items:
    """The rows of a table. CSV columns are read as text, so that ``007`` stays ``007``.

    Args:
        path: A ``.csv`` or ``.parquet`` file.
        label: Column of labels.
        group: Column of groups; ``None`` makes every item its own group.
        item: Column of ids.

    Raises:
        InputError: If the file cannot be read, is neither kind, or lacks ids, labels or groups.
        UnknownName: If a column does not exist; the nearest names are suggested.
    """
    table = _read(Path(path))
    columns = [name for name in (item, label, group) if name is not None]
    for name in columns:
        if name not in table.columns:
            raise UnknownName(f"column in {printable(path)}", name, table.columns)
    if not len(table):
        raise InputError(f"Table {printable(path)} has no rows.", "Add items to it.")
    texts = [table[name].cast(pl.String).fill_null("").to_list() for name in columns]
    empty = [row for row, text in enumerate(texts[0]) if not text.strip()]
    if empty:
        raise InputError(
            f"Row {empty[0] + 1} of {printable(path)} has no {item!r}.", "Give each row an id of its own."
        )
    if len(set(texts[0])) != len(texts[0]):
        twice = next(name for name in texts[0] if texts[0].count(name) > 1)
        raise InputError(f"Items stand twice in {printable(path)}.", "Keep one row for each id.", twice)
    return Items(*map(tuple, texts))


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema=False)
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
    except OSError as error:
        raise InputError(
            f"Table {printable(path)} cannot be read: {error.strerror or error}.", "Check the name."
        ) from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"Table {printable(path)} cannot be read: {error}.", "Check its content.") from error
    raise InputError(f"Table {printable(path)} is of no known kind.", "Name a .csv or .parquet file.")
