"""Fine-tuning as a person types it: from a recipe of one's own to the pages of two runs."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cli.support_cli import Outcome, lydite, words
from lydite.core import ClassMap, Exposure
from lydite.data import load_predictions
from lydite.train import State, read_status
from support import need_module
from train.fruit import draw

need_module("torch")
need_module("timm")

pytestmark = pytest.mark.torch
MINE = """
speed = "fine_tune"

[backbone]
side = 32

[schedule]
epochs = 2

[sampling]
batch = 6

[budget]
threads = 1
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, a recipe, and two runs that differ in one setting."""
    home = tmp_path_factory.mktemp("home")
    draw(home / "fruit", 6)
    shown = lydite("train", "recipe", "--show", "fine-tune")
    assert 'speed = "fine_tune"' in shown.out
    (home / "mine.toml").write_text(MINE, encoding="utf-8")
    first = train(home, "first")
    assert first.code == 0, first.err
    assert "recipe             fine_tune, embedded" in first.out
    assert "scored             18 rows (18 clean)" in first.out
    assert "state              done" in first.out
    assert first.err == ""
    second = train(home, "second", "--set", "augment.profile=full", "--set", "budget.select=loss")
    assert "scored             18 rows (18 selected)" in second.out
    return home


def train(home: Path, name: str, *more: object) -> Outcome:
    return lydite(
        "train", "run", home / "fruit", "--layout", "label/group", "--recipe", home / "mine.toml", "--quiet",
        "--folds", 2, "--way", "stratified", "--out", home / "runs" / name, "--cache", home / "cache", *more,
    )  # fmt: skip


def test_a_run_is_a_folder_without_leftovers_and_the_same_command_changes_nothing(home: Path) -> None:
    run = home / "runs" / "first"
    files = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    weights = ["fold-0/model.safetensors", "fold-1/model.safetensors"]
    for kept in (home / "runs" / name / "checkpoints" for name in ("first", "second")):
        assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*.*")) == weights
    again = train(home, "first")
    assert (again.code, "state              done" in again.out) == (0, True)
    assert (run / "predictions" / "oof.parquet").read_bytes() == files["predictions/oof.parquet"]
    changed = train(home, "first", "--set", "optimiser.lr=0.1")
    assert changed.code == 2
    assert "first holds another run; it differs in: recipe. Choose another --out" in words(changed.err)


def test_predictions_read_back_with_their_exposure(home: Path) -> None:
    out = home / "answers.csv"
    photos = draw(home / "photos", 2, seed=3)
    asked = lydite(
        "train", "predict", home / "runs" / "first", home / "fruit", photos, "--out", out, "--quiet"
    )
    assert asked.code == 0, asked.err
    assert "predicted    24 of 24 pictures (6 clean, 18 trained)" in asked.out
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert Counter(row["exposure"] for row in rows) == {"trained": 18, "clean": 6}
    for row in rows:
        shares = {name: float(row[f"p_{name}"]) for name in ("apple", "lime", "plum")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert row["label"] == max(shares, key=lambda name: shares[name])
        assert float(row["confidence"]) == max(shares.values())
    oof = load_predictions(home / "runs" / "second" / "predictions" / "oof.parquet")
    assert oof.counts() == {Exposure.SELECTED: 18}
    assert np.isfinite(oof.logits).all()


def test_pages_of_a_run_and_of_two_are_there(home: Path) -> None:
    done = lydite("train", "report", home / "runs" / "first")
    assert done.code == 0, done.err
    folder = home / "runs" / "first" / "report"
    pages = {page.name for page in folder.glob("*.html")}
    assert {"index.html", "epochs-1.html", "samples-1.html"} <= pages
    told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert told["exposure"] == {"clean": 18}
    both = lydite("train", "compare", home / "runs" / "first", home / "runs" / "second")
    assert both.code == 0, both.err
    assert "compared on  18 pictures" in both.out
    (compared,) = (home / "runs").glob("compare-*")
    assert (compared / "index.html").is_file()
    none = lydite("train", "compare", home / "runs" / "first", home / "runs" / "second", "--strict")
    assert none.code == 0, none.err
    assert "compared on  0 pictures" in none.out
    assert "left out     18 second run: selected" in none.err


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (("backbone.name=resnet5O",), 2, "There is no backbone named 'resnet5O'. Did you mean 'resnet50'"),
        (
            ("backbone.name=resnet50.a1_in1q",),
            2,
            "There is no trained backbone named 'resnet50.a1_in1q'. Did you mean 'resnet50.a1_in1k'",
        ),
        (
            ("speed=probe", "backbone.name=resnet5O"),
            2,
            "no encoder named 'resnet5O'. Did you mean 'resnet50'",
        ),
        (("optimiser.name=adamv",), 2, "There is no optimiser named 'adamv'. Did you mean"),
        (("head.kind=mlp",), 2, "Fine-tuning of 'embedded' cannot honour head.kind."),
        (("budget.device=cuda:7",), 2, "This device is not available to PyTorch here."),
        (("averaging.swa_from=9",), 2, "averaging.swa_from is beyond the last of 2 epochs"),
        (
            ("backbone.checkpoint={other}",),
            1,
            "was trained on other classes: only the checkpoint has 'fig'; only the data has 'plum'.",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused_before_there_is_a_run(
    home: Path, settings: tuple[str, ...], code: int, message: str
) -> None:
    from lydite.train.network import build_network, save_network

    other = home / "other.safetensors"
    if not other.is_file():
        save_network(build_network("embedded", ClassMap(("apple", "fig", "lime"))), other)
    options = [part for one in settings for part in ("--set", one.format(other=other))]
    refused = train(home, "refused", *options)
    assert (refused.code, message in words(refused.err)) == (code, True), refused.err
    assert not (home / "runs" / "refused").exists()


def test_a_loss_that_is_no_number_ends_the_run_with_what_to_do(home: Path) -> None:
    broken = ("--set", "optimiser.lr=1e30", "--set", "optimiser.name=sgd", "--set", "schedule.warmup=0")
    done = train(home, "broken", *broken)
    assert done.code == 1
    assert "is not a finite number; the weights were not moved. Lower optimiser.lr" in words(done.err)
    status = read_status(home / "runs" / "broken")
    assert (status.state, status.error.startswith("The loss is not")) == (State.FAILED, True)
    assert lydite("train", "report", home / "runs" / "broken").code == 0
    asked = lydite(
        "train", "predict", home / "runs" / "broken", home / "fruit", "--out", home / "x.csv", "--quiet"
    )
    assert (asked.code, "No model of the run in" in words(asked.err)) == (2, True)
