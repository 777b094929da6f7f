"""The reasons of a run that was made, stored and read again hold; a wrong one is found."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cli.support_cli import detect
from lydite.core import ItemId
from lydite.detect import FinishedRun
from lydite.detect.replay import replay
from pictures import GREEN, RED, write_examples, write_scene


@pytest.fixture
def run(tmp_path: Path) -> FinishedRun:
    examples = write_examples(tmp_path / "examples", {"red": RED, "green": GREEN}, count=2)
    scene = write_scene(tmp_path / "a.png")
    few = ("--preset", "strict", "--no-pages", "--max-candidates", 40)
    outcome = detect(scene, examples, tmp_path / "out", *few)
    assert outcome.code == 0, outcome.err
    return FinishedRun.open(tmp_path / "out")


def test_every_stored_reason_holds(run: FinishedRun) -> None:
    told = replay(run)
    assert told.flips > 20
    assert told.hairs >= told.flips
    assert told.wrong == []
    assert (told.without, told.unexplained) == (0, 0)


def test_a_reason_that_does_not_hold_is_found(run: FinishedRun) -> None:
    path = run.folder.shelf.table_path(ItemId.parse(next(iter(run.records)).item))
    table = pl.read_parquet(path)
    first = next(row for row, outcome in enumerate(table["outcome"]) if outcome == "refused")
    flips = table["flip"].to_list()
    flips[first] = [{"setting": "max_area_frac", "value": 0.91}]
    table.with_columns(pl.Series("flip", flips, table.schema["flip"])).write_parquet(path)
    assert any("does not accept it" in line for line in replay(run).wrong)
