"""Sums over pictures equal what a slow look at all rows says."""

from __future__ import annotations

from collections import Counter

import polars as pl

from lydite.core import ItemId
from lydite.reports.tally import KEPT_NEIGHBOURS, Neighbour, Tally, count_rules
from lydite.reports.words import FILTER_RULES, NEGATIVE_RULES
from reports.conftest import Report


def tables(report: Report) -> list[pl.DataFrame]:
    shelf = report.run.run.shelf
    return [shelf.read_table(ItemId.parse(r.item)) for r in report.run.records if r.status == "done"]


def total(report: Report) -> Tally:
    tally = Tally()
    for table in tables(report):
        tally.add(table, {}, {})
    return tally


def test_rules_are_counted_as_a_loop_counts_them(report: Report) -> None:
    for table in tables(report):
        blocked: Counter[tuple[str, str]] = Counter()
        alone: Counter[tuple[str, str]] = Counter()
        for row in table.iter_rows(named=True):
            names = [block["rule"] for block in row["blocks"]]
            for name in names:
                if row["outcome"] == "filtered" and name not in FILTER_RULES:
                    continue
                blocked[row["outcome"], name] += 1
                alone[row["outcome"], name] += len(names) == 1
        counted = {(o, n): c for o, rules in count_rules(table).items() for n, c in rules.items()}
        assert {key: count.blocked for key, count in counted.items()} == dict(blocked)
        assert {key: count.alone for key, count in counted.items()} == {key: alone[key] for key in blocked}


def test_negatives_are_charged_only_with_what_rules_about_negatives_refused(report: Report) -> None:
    refusing: Counter[str] = Counter()
    convicting: Counter[str] = Counter()
    for table in tables(report):
        for row in table.filter(pl.col("outcome") == "refused").iter_rows(named=True):
            names = {block["rule"] for block in row["blocks"]}
            refusing[row["nearest_negative"]] += bool(names & NEGATIVE_RULES)
            convicting[row["nearest_negative"]] += names <= NEGATIVE_RULES
    tally = total(report)
    assert +tally.refusing == +refusing
    assert +tally.convicting == +convicting


def test_the_plane_holds_every_scored_candidate_once(report: Report) -> None:
    scored = sum(table.filter(pl.col("outcome") != "filtered").height for table in tables(report))
    assert total(report).plane.total() == scored


def test_only_the_nearest_neighbours_are_kept() -> None:
    tally = Tally()
    cosines = [0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.6, 0.5, 0.4]
    for number, cosine in enumerate(cosines):
        if tally.wants("a", cosine):
            tally.keep("a", Neighbour(cosine, "picture", number, 0.5, b"", 1, 1))
    assert [n.cosine for n in tally.neighbours["a"]] == sorted(cosines, reverse=True)[:KEPT_NEIGHBOURS]
