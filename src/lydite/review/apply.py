"""Verdicts become the next version of the data. Pictures stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lydite.core import ClassMap, RegionId
from lydite.data.dataset import TEST_SPLIT, DatasetVersion
from lydite.review.fold import Decision, Standing, State

OUTCOMES = ("keep", "relabel", "trash", "unsure", "disputed", "unseen")
REPORT: Mapping[str, type[pl.DataType]] = {
    "item": pl.String,
    "region": pl.Int32,
    "was": pl.String,
    "now": pl.String,
    "outcome": pl.String,
    "by": pl.String,
    "applied": pl.Boolean,
}
"""One row a subject. ``was``, ``now``: label before and after, in the new names, null for none.
``outcome``: one of ``OUTCOMES``. ``by``: reviewers, joined by commas. ``applied``: False where the split
``test`` kept it."""


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """What a review came to.

    Args:
        version: The version after it; the same object if nothing changed.
        report: Columns ``REPORT``, in the order of the version before.
    """

    version: DatasetVersion
    report: pl.DataFrame

    @property
    def counts(self) -> pl.DataFrame:
        """One row a class (``was``) and a column an outcome."""
        table = (
            self.report.with_columns(pl.col("was").fill_null(""))
            .group_by("was")
            .agg((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in OUTCOMES)
        )
        return table.sort("was")


def apply_state(
    version: DatasetVersion, state: State, actor: str, reason: str, *, test_may_change: bool = False
) -> Applied:
    """The version in which decisions hold.

    What was trashed is no longer part of it. What is disputed has no label until somebody settles it. Classes
    are those of the state. Items of the split ``test``, and their regions, stay as they are.

    Args:
        version: What was reviewed, or a later version of it.
        state: What holds, folded with the class names of the version.
        actor: Who applies it.
        reason: Why.
        test_may_change: Whether decisions on the split ``test`` are applied as well.
    """
    items, regions = version.items, version.regions
    frozen = set() if test_may_change else set(items.filter(pl.col("split") == TEST_SPLIT)["item"])
    of_items: dict[str, Decision] = {}
    of_regions: dict[str, Decision] = {}
    for subject, decision in state.decisions.items():
        (of_regions if isinstance(subject, RegionId) else of_items)[str(subject)] = decision
    item_report = _report(items, "item", of_items, state.renamed, frozen)
    region_report = _report(regions, "region", of_regions, state.renamed, frozen)
    report = pl.concat([item_report, region_report]).select(*REPORT)
    new_items = _changed(items, item_report)
    new_regions = _changed(
        regions.with_columns(gone=~pl.col("item").is_in(new_items["item"].to_list())), region_report
    )
    new_regions = new_regions.filter(~pl.col("gone")).drop("gone")
    classes = [name for name in state.classes if name.strip()]
    unchanged = (
        new_items.equals(items) and new_regions.equals(regions) and tuple(classes) == version.class_map.names
    )
    if unchanged:
        return Applied(version, report)
    after = version.change(
        actor,
        reason,
        items=new_items,
        regions=new_regions,
        class_map=ClassMap(tuple(classes)),
        test_may_change=test_may_change or bool(state.renamed),  # names may change, what is said does not
    )
    return Applied(after, report)


def _report(
    table: pl.DataFrame,
    key: str,
    decisions: Mapping[str, Decision],
    renamed: Mapping[str, str],
    frozen: set[str],
) -> pl.DataFrame:
    numbers = table["number"] if key == "region" else [None] * len(table)
    rows = []
    for subject, item, number, label in zip(table[key], table["item"], numbers, table["label"], strict=True):
        was = renamed.get(label, label)
        decision = decisions.get(subject)
        outcome, now = _outcome(was, decision)
        applied = item not in frozen
        by = ", ".join(dict.fromkeys(word.reviewer for word in decision.words)) if decision else ""
        rows.append((item, number, was, now if applied else was, outcome, by, applied))
    return pl.DataFrame(rows, schema=REPORT, orient="row")


def _outcome(was: str | None, decision: Decision | None) -> tuple[str, str | None]:
    if decision is None:
        return "unseen", was
    if decision.standing is Standing.LABEL:
        return ("keep" if decision.label == was else "relabel"), decision.label
    return decision.standing.value, was if decision.standing is Standing.UNSURE else None


def _changed(table: pl.DataFrame, report: pl.DataFrame) -> pl.DataFrame:
    gone = (report["outcome"] == "trash") & report["applied"]
    return table.with_columns(label=report["now"].cast(pl.String)).filter(~gone)
