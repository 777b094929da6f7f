"""Folds on disk: a parquet file with one row an item, which says what it was made from."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from lydite.core import InputError, InvalidValue
from lydite.data.files import write_atomic
from lydite.data.folds.folds import Folds, Way
from lydite.data.names import printable

_COLUMNS = {
    "item": pl.String,
    "label": pl.String,
    "group": pl.String,
    "fold": pl.Int16,
    "present": pl.Boolean,
}
_META = ("count", "way", "source")


def save_folds(folds: Folds, path: Path) -> None:
    """Write folds; whole or not at all.

    Raises:
        OutputError: If the file cannot be written; an old one is untouched.
    """
    columns = (folds.ids, folds.labels, folds.groups, folds.numbers, folds.present)
    table = pl.DataFrame(dict(zip(_COLUMNS, columns, strict=True)), schema=_COLUMNS)
    meta = (str(folds.count), folds.way.value, folds.source)
    content = BytesIO()
    table.write_parquet(
        content,
        compression="zstd",
        metadata={f"lydite.folds.{name}": value for name, value in zip(_META, meta, strict=True)},
    )
    write_atomic(path, content.getvalue())


def load_folds(path: Path) -> Folds:
    """Read what ``save_folds`` wrote.

    Raises:
        InputError: If the file cannot be read, or is no such file.
    """
    name = printable(path)
    try:
        content = Path(path).read_bytes()
        meta = pl.read_parquet_metadata(BytesIO(content))
        count, way, source = (meta[f"lydite.folds.{key}"] for key in _META)
        table = pl.read_parquet(BytesIO(content)).select(*_COLUMNS).cast(pl.Schema(_COLUMNS))
        return Folds(
            tuple(table["item"]),
            tuple(table["label"]),
            tuple(table["group"]),
            table["fold"].to_numpy().astype(np.int16),
            table["present"].to_numpy().astype(np.bool_),
            int(count),
            Way(way),
            source,
        )
    except OSError as error:
        raise InputError(
            f"File {name} cannot be read: {error.strerror or error}.", "Check the name."
        ) from error
    except (pl.exceptions.PolarsError, KeyError, InvalidValue, ValueError) as error:
        raise InputError(
            f"File {name} holds no folds: {error}.", "Name a file that 'lydite data folds' wrote."
        ) from error
