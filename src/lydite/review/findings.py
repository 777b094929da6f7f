"""Findings of other rooms as reasons to look: which check, which row, how strongly, and beside what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from lydite.core import InputError
from lydite.data import printable
from lydite.review.pile import Pile

DUPLICATES = "duplicate"
"""Checks whose name holds this word lay pictures side by side."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row should be looked at.

    Args:
        check: Name of the check.
        score: How much speaks for it, greater is stronger; 0 if the table has none.
        evidence: In words; may be empty.
        peers: Rows that it is about as well, such as copies.
    """

    check: str
    score: float
    evidence: str
    peers: tuple[int, ...]


Reasons = dict[int, tuple[Reason, ...]]
"""By row."""


def read_findings(path: Path, pile: Pile, lower_is_worse: Collection[str] = ()) -> Reasons:
    """Findings from a table, such as the ``findings.parquet`` of ``lydite clean scan``.

    Columns: ``check``, ``item`` and, where there are such, ``score``, ``evidence`` and ``kin``, a list of
    items that it is about as well (copies), or ``other``, one such item. Findings on other items are passed
    over.

    Args:
        path: CSV or parquet.
        pile: What is reviewed.
        lower_is_worse: Checks whose lowest scores come first.

    Raises:
        InputError: If the table cannot be read or lacks a column.
    """
    shown = printable(path)
    try:
        content = BytesIO(path.read_bytes())
        is_csv = path.suffix.lower() == ".csv"
        table = pl.read_csv(content, infer_schema=False) if is_csv else pl.read_parquet(content)
        for name in ("check", "item"):
            if name not in table.columns:
                raise InputError(f"Table {shown} lacks the column {name!r}.", "", table.columns)
        wanted: dict[str, pl.DataType | type[pl.DataType]] = {
            "check": pl.String,
            "item": pl.String,
            "score": pl.Float64,
            "evidence": pl.String,
            "other": pl.String,
            "kin": pl.List(pl.String),
        }
        table = table.select(
            pl.col(name).cast(kind) if name in table.columns else pl.lit(None, dtype=kind).alias(name)
            for name, kind in wanted.items()
        )
    except OSError as error:
        raise InputError(f"Table {shown} cannot be read: {error.strerror}.", "Check the name.") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"Table {shown} holds no findings.", "Check its content.", str(error)) from error
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row in range(len(pile)):
        rows_of[str(pile.item_of(row))].append(row)
    found: defaultdict[int, list[Reason]] = defaultdict(list)
    for check, item, score, evidence, other, kin in table.iter_rows():
        named = [*(kin or ()), *([other] if other else ())]
        peers = tuple(row for name in dict.fromkeys(named) for row in rows_of.get(name, ()))
        strength = (-1 if check in lower_is_worse else 1) * (score or 0.0)
        for row in rows_of.get(item, ()):
            found[row].append(Reason(check, strength, evidence or "", peers))
            if DUPLICATES in check:
                for peer in peers:
                    found[peer].append(Reason(check, strength, evidence or "", (row,)))
    return {row: tuple(dict.fromkeys(reasons)) for row, reasons in found.items()}
