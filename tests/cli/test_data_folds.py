"""``lydite data folds``: a table in, folds on disk, and every option changes something."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cli.support_cli import lydite, words
from lydite.data.folds import Way, load_folds


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        {"item": f"{i:03d}", "name": f"n{i}", "label": "ab"[i % 2], "plu": f"g{i // 3}"} for i in range(60)
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "items.csv")
    pl.DataFrame(rows).write_parquet(tmp_path / "items.parquet")
    return tmp_path / "items.csv"


def test_folds_are_written_and_their_balance_shown(table: Path) -> None:
    out = table.parent / "folds.parquet"
    outcome = lydite("data", "folds", table, "--label", "label", "--out", out)
    assert outcome.code == 0
    assert "all 12 12 12 12 12" in words(outcome.out)
    assert "imbalance 0.0000 (stratified, 60 items, 0 gone)" in words(outcome.out)
    folds = load_folds(out)
    assert folds.ids[7] == "007"
    assert folds.count == 5


def test_every_option_changes_the_folds(table: Path) -> None:
    cases = [
        (),
        ("--group", "plu"),
        ("--group", "plu", "--way", "stratified-groups"),
        ("--folds", "3"),
        ("--item", "name"),
    ]
    found = []
    for number, case in enumerate(cases):
        out = table.parent / f"{number}.parquet"
        assert lydite("data", "folds", table, "--label", "label", "--out", out, *case).code == 0
        found.append(load_folds(out))
    assert len({folds.source for folds in found}) == len(cases)
    assert [folds.way for folds in found[:3]] == [Way.STRATIFIED, Way.GROUPED, Way.STRATIFIED_GROUPS]


def test_parquet_is_read_as_csv_is(table: Path) -> None:
    sources = set()
    for name in ("items.csv", "items.parquet"):
        out = table.parent / f"{name}.folds.parquet"
        assert lydite("data", "folds", table.parent / name, "--label", "label", "--out", out).code == 0
        sources.add(load_folds(out).source)
    assert len(sources) == 1


def test_aligned_folds_keep_what_was(table: Path) -> None:
    first, second = table.parent / "first.parquet", table.parent / "second.parquet"
    arguments = ("--label", "label", "--group", "plu")
    assert lydite("data", "folds", table, *arguments, "--out", first).code == 0
    text = table.read_text().splitlines()
    table.write_text("\n".join([*text[:-2], "new,nn,a,g0"]) + "\n")
    outcome = lydite("data", "folds", table, *arguments, "--out", second, "--align", first)
    assert "59 items, 2 gone" in words(outcome.out)
    before, after = load_folds(first), load_folds(second)
    assert after.numbers_of(before.ids).tolist() == before.numbers.tolist()
    assert after.numbers_of(["new"]) == before.numbers_of(["000"])
    refused = lydite("data", "folds", table, *arguments, "--out", second, "--align", first, "--folds", 4)
    assert refused.code == 2
    assert "Leave out --way and --folds." in words(refused.err)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--label", "lable"), 2, "There is no column in"),
        (("--label", "lable"), 2, "named 'lable'. Did you mean 'label'"),
        (
            ("--label", "label", "--folds", "61"),
            2,
            "There are 60 items, so the number of folds must lie in 2..60.",
        ),
        (("--label", "label", "--way", "grouped"), 2, "Folds that are grouped need groups."),
        (("--label", "label", "--item", "plu"), 1, "Items stand twice in"),
        (("--label", "label", "--align", "nowhere.parquet"), 1, "nowhere.parquet cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    table: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    out = table.parent / "folds.parquet"
    outcome = lydite("data", "folds", table, "--out", out, *arguments)
    assert outcome.code == code
    assert message in words(outcome.err)
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "item,label\na,x\nb,\n", "1 of 2 items have no label, first 'b'."),
        ("a.csv", "item,label\na,x\n,y\n", "Row 2 of"),
        ("a.csv", "item,label\n", "has no rows. Add items to it."),
        ("a.txt", "item,label\n", "is of no known kind. Name a .csv or .parquet file."),
        ("a.parquet", "nothing", "a.parquet cannot be read"),
        ("a.csv", "", "a.csv cannot be read"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    outcome = lydite("data", "folds", tmp_path / name, "--label", "label", "--out", tmp_path / "f.parquet")
    assert outcome.code == 1
    assert message in words(outcome.err)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    outcome = lydite(
        "data", "folds", tmp_path / "no.csv", "--label", "label", "--out", tmp_path / "f.parquet"
    )
    assert outcome.code == 1
    assert "no.csv cannot be read" in words(outcome.err)
