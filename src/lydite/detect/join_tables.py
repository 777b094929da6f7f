"""The tables of many pictures as one, however many there are: a few hundred in memory at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import polars as pl

from lydite.core import OutputError
from lydite.data import atomic_path
from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.detect.store import SCHEMA

BATCH = 256
"""Tables at a time: polars holds some 30 KB for each file of a scan, whatever is in it."""
GROUP = 4096
"""Rows that the writer collects before they leave its memory."""


def join_tables(path: Path, tables: Iterable[Path]) -> None:
    """Write all rows of all tables, in order.

    Args:
        path: The file to write, replaced in one step.
        tables: Files with the columns of ``SCHEMA``.

    Raises:
        OutputError: If it cannot be written.
    """
    parts: list[Path] = []
    remaining = iter(tables)
    try:
        with os_errors_as_output_errors(path):
            while batch := list(islice(remaining, BATCH)):
                parts.append(path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}.parquet"))
                pl.concat([pl.read_parquet(table) for table in batch]).write_parquet(parts[-1])
        rows = pl.scan_parquet(parts, glob=False) if parts else pl.LazyFrame(schema=SCHEMA)
        with atomic_path(path) as temporary:
            rows.sink_parquet(temporary, row_group_size=GROUP)
    except pl.exceptions.PolarsError as error:
        raise OutputError(f"{path} cannot be written: {error}.", "Make room on the disk.") from None
    finally:
        for part in parts:
            with suppress(OSError):  # what stays is hidden, and removed by a later run
                part.unlink(missing_ok=True)
