"""Predictions of pictures that lie anywhere: equal to the run's own, symmetric, kept, and none lost."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from lydite.core import CheckpointError, Exposure, UsageError
from lydite.data import ImageFile, find_images
from lydite.engines import Serial
from lydite.train import RunSpec, open_run
from lydite.train.answers import KeptAnswers
from lydite.train.finished import FinishedTraining
from lydite.train.predict import VIEWS_FOLDER, models_of, predict_files
from lydite.train.prediction_table import write_predictions
from lydite.train.probe import run_probe
from lydite.train.recipe import Recipe, changed
from lydite.train.tasks import ImageTask
from lydite.train.tta import VIEWS, views_of
from train.fruit import draw, task_of
from train.made_runs import folded, make_run

SMALL = changed(Recipe(), {"backbone.name": "descriptor", "backbone.side": 64})
NONE = views_of("none")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit")))


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, task: ImageTask) -> FinishedTraining:
    folder = tmp_path_factory.mktemp("work") / "run"
    plan = folded(task)
    with open_run(folder, RunSpec(SMALL, task, plan, plan.folds)) as run:
        run_probe(run, Serial(), None)
    return FinishedTraining.open(folder)


@pytest.fixture
def run(learned: FinishedTraining, tmp_path: Path) -> FinishedTraining:
    """A copy of the run that keeps nothing yet."""
    shutil.copytree(learned.folder, tmp_path / "run", ignore=shutil.ignore_patterns(VIEWS_FOLDER))
    return FinishedTraining.open(tmp_path / "run")


def files_of(task: ImageTask) -> tuple[ImageFile, ...]:
    return tuple(ImageFile(item, Path(path)) for item, path in zip(task.items, task.paths, strict=True))


def test_the_models_say_what_they_said_when_they_were_made(task: ImageTask, tmp_path: Path) -> None:
    plan = folded(task)
    with open_run(tmp_path / "run", RunSpec(SMALL, task, plan, (1,))) as made:
        run_probe(made, Serial(), None)
    run = FinishedTraining.open(tmp_path / "run")
    assert run.held_out is not None
    known = dict(zip(run.held_out.items, run.held_out.probabilities(), strict=True))
    said = predict_files(run, files_of(task), NONE, Serial())
    for one in said:
        if one.file.item in known:
            np.testing.assert_allclose(one.probabilities, known[one.file.item], atol=1e-5)
            assert one.exposure is Exposure.CLEAN
        else:
            assert one.exposure is Exposure.TRAINED


def test_turned_files_get_the_answer_of_the_others(
    run: FinishedTraining, task: ImageTask, tmp_path: Path
) -> None:
    pixels = cv2.imread(task.paths[0])
    assert pixels is not None
    for view in VIEWS:
        cv2.imwrite(str(tmp_path / f"{view.name}.png"), np.ascontiguousarray(view.apply(pixels)))  # type: ignore[arg-type]
    files = find_images([tmp_path / f"{view.name}.png" for view in VIEWS])
    said = predict_files(run, files, views_of("geo8"), Serial())
    for one in said:
        np.testing.assert_array_equal(one.probabilities, said[0].probabilities)
    alone = predict_files(run, files, NONE, Serial())
    assert any(not np.array_equal(one.probabilities, alone[0].probabilities) for one in alone)


def test_nothing_is_asked_twice(run: FinishedTraining, task: ImageTask) -> None:
    files = files_of(task)[:4]
    first = predict_files(run, files, views_of("flip"), Serial())
    kept = run.folder / "predictions" / VIEWS_FOLDER
    assert sorted(path.stem for path in kept.glob("*.parquet")) == ["identity", "mirror"]
    again = predict_files(run, (*files, *files[:1]), views_of("flip"), Serial())
    for one, other in zip(again, (*first, first[0]), strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
    more = predict_files(run, files_of(task)[3:6], views_of("flip"), Serial())
    np.testing.assert_array_equal(more[0].probabilities, first[3].probabilities)


def test_kept_answers_are_given_as_they_are(run: FinishedTraining, task: ImageTask) -> None:
    files = files_of(task)[:1]
    predict_files(run, files, NONE, Serial())
    kept = KeptAnswers(run.folder / "predictions" / VIEWS_FOLDER, models_of(run, (0, 1, 2)), (3, 3))
    (picture,) = kept.load("identity")
    kept.keep("identity", {picture: np.array([[9, 0, 0]] * 3, np.float32)})
    (again,) = predict_files(run, files, NONE, Serial())
    assert again.probabilities[0] == pytest.approx(1, abs=1e-3)


def test_answers_of_other_models_and_damaged_files_count_for_nothing(
    run: FinishedTraining, task: ImageTask
) -> None:
    files = files_of(task)[:2]
    first = predict_files(run, files, NONE, Serial())
    kept = run.folder / "predictions" / VIEWS_FOLDER / "identity.parquet"
    kept.write_bytes(kept.read_bytes()[:-9])
    again = predict_files(run, files, NONE, Serial())
    np.testing.assert_array_equal(again[0].probabilities, first[0].probabilities)
    heads = sorted((run.folder / "checkpoints").rglob("head.npz"))
    shutil.copy(heads[0], heads[1])
    other = predict_files(run, files, NONE, Serial())
    assert not np.array_equal(other[0].probabilities, first[0].probabilities)


def test_every_file_is_a_row_and_bad_ones_say_why(
    run: FinishedTraining, task: ImageTask, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(task.paths[0], folder / "1.png")
    (folder / "2.png").write_bytes(Path(task.paths[1]).read_bytes()[:60])
    (folder / "3.jpg").write_text("no picture")
    shutil.copy(task.paths[2], folder / 'four "4", =1+1.png')
    said = predict_files(run, find_images([folder]), NONE, Serial())
    assert [bool(one.reason) for one in said] == [False, True, True, False]
    assert np.isnan(said[1].probabilities).all()
    out = tmp_path / "out.csv"
    write_predictions(said, run.classes, out)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["item"] for row in rows] == ["1.png", "2.png", "3.jpg", 'four "4", =1+1.png']
    assert "2.png" in rows[1]["reason"]
    assert rows[1]["label"] == rows[1]["p_apple"] == ""
    assert float(rows[0]["confidence"]) == max(float(rows[0][f"p_{name}"]) for name in run.classes)
    assert sum(float(rows[3][f"p_{name}"]) for name in run.classes) == pytest.approx(1, abs=1e-5)
    assert rows[0]["exposure"] == "trained"


def test_what_cannot_be_asked_is_said(run: FinishedTraining, task: ImageTask, tmp_path: Path) -> None:
    unready = make_run(tmp_path / "unready", task, ready=0)
    with pytest.raises(UsageError, match=r"No model of the run in .* is ready\. Let lydite train run come"):
        predict_files(unready, files_of(task), NONE, Serial())
    head = next((run.folder / "checkpoints").rglob("head.npz"))
    head.write_bytes(b"damaged")
    with pytest.raises(CheckpointError):
        predict_files(run, files_of(task), NONE, Serial())
    head.unlink()
    with pytest.raises(CheckpointError, match=r"Model .*head\.npz is gone\."):
        predict_files(run, files_of(task), NONE, Serial())
