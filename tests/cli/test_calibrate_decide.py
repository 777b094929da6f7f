"""Thresholds by a command, and other rules for a finished run, as a person would."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import polars as pl
import pytest

from cli.support_cli import detect, lydite, words
from pictures import GREEN, RED, write_placed_examples, write_scene


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("calibrate")
    write_placed_examples(root / "positive", {"red": RED, "green": GREEN})
    for k in range(3):
        write_scene(root / "scenes" / f"{k}.png", seed=k)
    assert detect(root / "scenes", root / "positive", root / "run", "--no-pages", "--quiet").code == 0
    return root


def outcomes(folder: Path) -> list[str]:
    return pl.read_parquet(folder / "decisions.parquet").sort("item", "region")["outcome"].to_list()


def test_a_run_shows_and_keeps_its_thresholds(root: Path, tmp_path: Path) -> None:
    outcome = detect(root / "scenes", root / "positive", tmp_path / "run", "--no-pages", "--quiet")
    assert "calibrated" in outcome.out
    assert "least rank" in outcome.out
    kept = json.loads((tmp_path / "run" / "calibration.json").read_text())
    settings = tomllib.loads((tmp_path / "run" / "settings.toml").read_text())
    assert settings["class_thresholds"] == {each["name"]: each["threshold"] for each in kept["classes"]}


def test_going_on_with_more_pictures_moves_no_threshold(root: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "scenes"
    write_scene(pictures / "0.png", seed=0)
    assert detect(pictures, root / "positive", tmp_path / "run", "--no-pages", "--quiet").code == 0
    before = (tmp_path / "run" / "settings.toml").read_text()
    write_scene(pictures / "1.png", seed=5, things=False)
    assert detect(pictures, root / "positive", tmp_path / "run", "--no-pages", "--quiet").code == 0
    assert (tmp_path / "run" / "settings.toml").read_text() == before
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["resumed"] == 1


def test_calibrate_then_decide(root: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    outcome = lydite(
        "detect", "calibrate", root / "run", "--target", "recall", "--level", "0.5", "--out", rules
    )
    assert outcome.code == 0
    assert "lydite detect decide" in outcome.out
    written = tomllib.loads(rules.read_text())
    assert set(written["class_thresholds"]) == {"red", "green"}
    decided = lydite(
        "detect", "decide", root / "run", "--config", rules, "--out", tmp_path / "new", "--quiet"
    )
    assert decided.code == 0
    assert (tmp_path / "new" / "report" / "index.html").is_file()
    settings = tomllib.loads((tmp_path / "new" / "settings.toml").read_text())
    assert settings["class_thresholds"] == written["class_thresholds"]


def test_decide_takes_single_rules(root: Path, tmp_path: Path) -> None:
    outcome = lydite(
        "detect", "decide", root / "run", "--class-slack", "9", "--no-pages", "--out", tmp_path / "none"
    )
    assert outcome.code == 0
    assert "accepted" in outcomes(root / "run")
    assert "accepted" not in outcomes(tmp_path / "none")


def test_an_option_of_the_encoder_is_no_option_of_decide(root: Path, tmp_path: Path) -> None:
    outcome = lydite("detect", "decide", root / "run", "--short-side", "96", "--out", tmp_path / "new")
    assert outcome.code == 2
    (tmp_path / "c.toml").write_text("short_side = 96\n")
    outcome = lydite(
        "detect", "decide", root / "run", "--config", tmp_path / "c.toml", "--out", tmp_path / "new"
    )
    assert outcome.code == 2
    assert "cannot be judged under another short_side" in words(outcome.err)
    assert not (tmp_path / "new").exists()


def test_files_are_not_overwritten(root: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("mine")
    outcome = lydite("detect", "calibrate", root / "run", "--out", tmp_path / "rules.toml")
    assert outcome.code != 0
    assert "exists. Name a new file with --out" in words(outcome.err)
    assert (tmp_path / "rules.toml").read_text() == "mine"


def test_no_run_is_said(tmp_path: Path) -> None:
    for command in (
        ("calibrate", tmp_path, "--out", tmp_path / "r.toml"),
        ("decide", tmp_path, "--out", "x"),
    ):
        outcome = lydite("detect", *command)
        assert outcome.code == 2
        assert "holds no run" in words(outcome.err)


def test_too_few_examples_are_said(tmp_path: Path) -> None:
    write_placed_examples(tmp_path / "positive", {"red": RED}, count=2)
    write_scene(tmp_path / "scenes" / "0.png")
    outcome = detect(tmp_path / "scenes", tmp_path / "positive", tmp_path / "run", "--no-pages", "--quiet")
    assert outcome.code == 0
    assert "but 2 of 2 held-out examples were found" in words(outcome.err)
    assert "The preset 'strict' holds" in words(outcome.err)
    outcome = lydite("detect", "calibrate", tmp_path / "run", "--out", tmp_path / "r.toml")
    assert outcome.code == 2
    assert "Give more examples" in words(outcome.err)


def test_a_threshold_that_is_given_holds_beside_those_of_the_other_classes(
    root: Path, tmp_path: Path
) -> None:
    given = ("--class-thresholds", "red=0.25", "--no-pages", "--quiet")
    own = tomllib.loads((root / "run" / "settings.toml").read_text())["class_thresholds"]
    decided = lydite("detect", "decide", root / "run", *given, "--out", tmp_path / "decided")
    assert decided.code == 0
    outcome = detect(root / "scenes", root / "positive", tmp_path / "run", *given)
    assert outcome.code == 0
    assert "red has 0.25 as given" in words(outcome.out)
    for folder in ("decided", "run"):
        settings = tomllib.loads((tmp_path / folder / "settings.toml").read_text())
        assert settings["class_thresholds"] == {**own, "red": 0.25}
    again = detect(root / "scenes", root / "positive", tmp_path / "run", *given)
    assert again.code == 0
    assert "as given" not in again.out  # the run goes on with its thresholds; nothing is calibrated anew


def test_a_threshold_of_no_class_is_refused(root: Path, tmp_path: Path) -> None:
    for outcome in (
        lydite("detect", "decide", root / "run", "--class-thresholds", "Red=0.1", "--out", tmp_path / "a"),
        detect(root / "scenes", root / "positive", tmp_path / "b", "--class-thresholds", "Red=0.1"),
    ):
        assert outcome.code == 2
        assert "There is no class with a threshold named 'Red'. Did you mean 'red'" in words(outcome.err)
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


def test_decisions_do_not_go_into_the_run_that_they_are_of(root: Path) -> None:
    outcome = lydite("detect", "decide", root / "run", "--out", root / "run" / "new")
    assert outcome.code == 2
    assert "lies in the folder of the run" in words(outcome.err)
    assert not (root / "run" / "new").exists()


def test_a_run_is_calibrated_again_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_placed_examples(tmp_path / "positive", {"red": RED, "green": GREEN})
    write_scene(tmp_path / "scenes" / "0.png", seed=0)
    monkeypatch.chdir(tmp_path)
    assert detect(Path("scenes"), Path("positive"), Path("run"), "--no-pages", "--quiet").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    outcome = lydite("detect", "calibrate", tmp_path / "run", "--out", tmp_path / "rules.toml")
    assert outcome.code == 0, outcome.err


def test_results_within_the_pictures_are_not_searched(root: Path, tmp_path: Path) -> None:
    write_scene(tmp_path / "scenes" / "0.png", seed=0)
    (tmp_path / "scenes" / "moving.gif").write_bytes(b"GIF89a")
    results = tmp_path / "scenes" / "results"
    for turn in range(2):
        outcome = detect(tmp_path / "scenes", root / "positive", results, "--quiet")
        assert outcome.code == 0
        assert json.loads((results / "summary.json").read_text())["pictures"] == 1
        assert ("is where results go and is not searched" in words(outcome.err)) == bool(turn)
        assert "1 of .gif left out, formats that are not read" in words(outcome.err)
