"""The first thing that a stranger types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.support_cli import lydite, words
from lydite.data import load_image


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "lydite-demo"
    outcome = lydite("demo", "--out", folder, "--scenes", 1, "--quiet")
    assert outcome.code == 0, outcome.err
    assert f"open   {folder / 'run' / 'report' / 'index.html'}" in outcome.out
    assert "against truth precision" in outcome.out
    return folder


def test_the_demo_ends_with_a_page_and_numbers(demo: Path) -> None:
    assert (demo / "run" / "report" / "index.html").exists()
    result = json.loads((demo / "demo.json").read_text())["against_truth"]
    assert result["found"] >= 3
    assert result["f1"] >= 0.3


def test_most_empty_shelves_stay_empty(demo: Path) -> None:
    summary = json.loads((demo / "run" / "summary.json").read_text())
    assert summary["done"] == 3
    assert summary["empty"] >= 1


def test_the_demo_again_draws_and_detects_nothing_anew(demo: Path) -> None:
    before = (demo / "shelf" / "scenes" / "shelf-01.jpg").stat().st_mtime_ns
    outcome = lydite("demo", "--out", demo, "--scenes", 1, "--quiet")
    assert outcome.code == 0, outcome.err
    assert (demo / "shelf" / "scenes" / "shelf-01.jpg").stat().st_mtime_ns == before
    assert json.loads((demo / "run" / "summary.json").read_text())["resumed"] == 3


def test_what_is_not_the_demos_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "mine.txt").write_text("precious")
    outcome = lydite("demo", "--out", tmp_path, "--scenes", 1, "--quiet")
    assert outcome.code == 2
    assert "is not empty and holds no demo" in words(outcome.err)
    assert (tmp_path / "shelf" / "mine.txt").read_text() == "precious"


def test_another_demo_does_not_take_the_folder(demo: Path) -> None:
    before = (demo / "shelf" / "shelf.json").read_text()
    outcome = lydite("demo", "--out", demo, "--scenes", 1, "--seed", 8, "--quiet")
    assert outcome.code == 2
    assert "holds another demo (seed 7)" in words(outcome.err)
    assert (demo / "shelf" / "shelf.json").read_text() == before
    assert lydite("demo", "--preset", "strickt", "--out", demo).code == 2


def test_the_pictures_of_the_demo_are_pictures(demo: Path) -> None:
    assert load_image(demo / "shelf" / "scenes" / "shelf-01.jpg").size_hw == (600, 800)
