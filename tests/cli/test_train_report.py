"""``lydite train report`` and ``compare`` as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.support_cli import lydite
from lydite.train.tasks import ImageTask
from train.fruit import draw, task_of
from train.made_runs import make_run


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit")))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, task: ImageTask) -> Path:
    root = tmp_path_factory.mktemp("work") / "runs"
    make_run(root / "one", task, sure=0)
    make_run(root / "other", task, sure=9, seed=1)
    return root


def test_a_report_says_where_its_pages_are(runs: Path, tmp_path: Path) -> None:
    done = lydite("train", "report", runs / "one")
    assert done.code == 0, done.err
    assert (runs / "one" / "report" / "index.html").is_file()
    assert done.out.split() == ["pages", str(runs / "one" / "report" / "index.html")]
    named = lydite("train", "report", "oth", "--runs", runs, "--out", tmp_path / "pages", "--strict")
    assert named.code == 0, named.err
    assert (tmp_path / "pages" / "training.json").is_file()


def test_a_comparison_says_who_is_better_and_by_how_much(runs: Path) -> None:
    done = lydite("train", "compare", runs / "one", runs / "other")
    assert done.code == 0, done.err
    assert "compared on  18 pictures" in done.out
    assert "verdict      The second run is better" in done.out
    (folder,) = runs.glob("compare-*")
    assert (folder / "comparison.json").is_file()
    back = lydite("train", "compare", runs / "other", runs / "one", "--out", runs.parent / "back")
    assert "verdict      The first run is better" in back.out
    again = lydite("train", "compare", runs / "one", runs / "one", "--out", runs.parent / "same")
    assert "cannot be told apart" in again.out
    assert "+0.00 pp" in again.out


def test_what_cannot_be_reported_is_said(runs: Path, tmp_path: Path) -> None:
    none = lydite("train", "report", "nothing", "--runs", runs)
    assert (none.code, none.err.startswith("lydite: No runs of")) == (2, True)
    taken = lydite("train", "report", runs / "one", "--out", runs)
    assert taken.code == 2
    assert "is not empty and holds no training.json." in taken.err
    wide = lydite("train", "compare", runs / "one", runs / "other", "--level", 2)
    assert wide.code == 2
