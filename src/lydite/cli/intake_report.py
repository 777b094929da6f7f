"""What became of each row of an import, as far as a person must know at once."""

from __future__ import annotations

import polars as pl

from lydite.cli.screen import err

SHOWN = 10
"""Rows of a kind that are shown."""


def show_unusual(report: pl.DataFrame, kept: str = "") -> None:
    """The first rows that were refused or defaulted, and how many more there are.

    Args:
        report: The report of an intake.
        kept: Where the rest can be read; empty if nowhere.
    """
    for kind in ("refused", "defaulted"):
        rows = report.filter(pl.col("kind") == kind)
        for row in rows.head(SHOWN).iter_rows(named=True):
            place = f"{row['file']}, line {row['line']}" if row["line"] else row["file"]
            remedy = f" {row['remedy']}" if row["remedy"] else ""
            err.print(f"{kind}: {place + ': ' if place else ''}{row['what']}.{remedy}", markup=False)
        if len(rows) > SHOWN:
            err.print(f"{kind}: {len(rows) - SHOWN:,} more{f', see {kept}' if kept else ''}")
