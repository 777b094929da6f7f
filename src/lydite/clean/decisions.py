"""Decisions: a pure function of scores and a policy. Items of the split test are always kept."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import polars as pl

from lydite.clean.checks import CHECKS, Worse
from lydite.clean.policy import Policy
from lydite.data.dataset import TEST_SPLIT


class Decision(StrEnum):
    """What becomes of an item."""

    KEEP = "keep"
    QUARANTINE = "quarantine"
    DROP = "drop"


_ORDER = (Decision.KEEP, Decision.QUARANTINE, Decision.DROP)


def decide(scores: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """One row an item, in the order of the scores.

    The hardest rule that an item meets decides; all that it meets are its reasons. An item of the split
    test is kept and ``spared`` says that a rule would have decided otherwise.

    Args:
        scores: A column for each check that ran; NaN and null meet no rule.
        policy: The limits.

    Returns:
        Columns ``item label group split decision reasons spared excluded``.
    """
    count = len(scores)
    hardest = np.zeros(count, np.int64)
    reasons: list[list[str]] = [[] for _ in range(count)]
    for name, rule in policy.rules.items():
        if name not in scores.columns:
            continue
        values = scores[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        low = name in CHECKS and CHECKS[name].worse is Worse.LOW
        met = np.zeros(count, np.int64)
        for place, limit in ((1, rule.quarantine), (2, rule.drop)):
            if limit is not None:
                met[values < limit if low else values >= limit] = place
        for row in np.flatnonzero(met).tolist():
            reasons[row].append(name)
        hardest = np.maximum(hardest, met)
    tested = (scores["split"] == TEST_SPLIT).fill_null(False).to_numpy()
    spared = tested & (hardest > 0)
    hardest[tested] = 0
    excluded = hardest >= (1 if policy.exclude_quarantined else 2)
    return scores.select("item", "label", "group", "split").with_columns(
        pl.Series("decision", [_ORDER[place].value for place in hardest.tolist()], pl.String),
        pl.Series("reasons", reasons, pl.List(pl.String)),
        pl.Series("spared", spared, pl.Boolean),
        pl.Series("excluded", excluded, pl.Boolean),
    )
