"""From scores to findings: what is worth saying, whatever a policy decides about it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from lydite.clean.checks import CHECKS, UNDECODABLE, Column, Worse
from lydite.core import Finding, Severity

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item": pl.String,
    "check": pl.String,
    "score": pl.Float64,
    "severity": pl.String,
    "evidence": pl.String,
    "kin": pl.List(pl.String),
}


def find_findings(
    scores: pl.DataFrame,
    columns: Mapping[str, Column],
    crashed: Sequence[str],
    failed: Mapping[str, str],
) -> Iterator[Finding]:
    """All findings of a scan.

    Args:
        scores: One row an item with a column for each check that ran, and ``error``.
        columns: What the checks of the whole pile found, for their evidence.
        crashed: JSON for each item: check to what it raised on this picture.
        failed: Check of the whole pile to what it raised.
    """
    items = scores["item"].to_list()
    for name, told in failed.items():
        yield Finding("", name, math.nan, Severity.CRASHED, f"the check crashed: {told}")
    for item, text in zip(items, crashed, strict=True):
        for name, told in json.loads(text).items():
            yield Finding(item, name, math.nan, Severity.CRASHED, f"the check crashed: {told}")
    for row in np.flatnonzero(scores[UNDECODABLE].to_numpy()).tolist():
        if scores["error"][row]:
            yield Finding(items[row], UNDECODABLE, 1.0, Severity.UNUSABLE, scores["error"][row])
    for name, check in CHECKS.items():
        if name not in scores.columns:
            continue
        values = scores[name].to_numpy()
        for row in np.flatnonzero(check.reached(values, check.notable)).tolist():
            score = float(values[row])
            sign = "<" if check.worse is Worse.LOW else "\u2265"
            evidence, kin = f"{check.about}: {score:.4g} {sign} {check.notable:g}", ()
            if name in columns and columns[name].hints[row]:
                kin = tuple(items[other] for other in columns[name].kin[row])
                evidence = " ".join((columns[name].hints[row], *kin[:1])) + f" ({score:.3g})"
            yield Finding(items[row], name, score, Severity.NOTABLE, evidence, kin)


def findings_frame(
    scores: pl.DataFrame, columns: Mapping[str, Column], crashed: Sequence[str], failed: Mapping[str, str]
) -> pl.DataFrame:
    """The findings as a table; arguments as above."""
    rows = [
        {
            "item": found.item,
            "check": found.check,
            "score": None if math.isnan(found.score) else found.score,
            "severity": found.severity.value,
            "evidence": found.evidence,
            "kin": list(found.kin),
        }
        for found in find_findings(scores, columns, crashed, failed)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)
