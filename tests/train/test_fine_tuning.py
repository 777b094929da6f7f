"""Fine-tuning into the folder of a run: who was seen is told, what is held out is predicted."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("timm")

from lydite.core import (  # noqa: E402
    ClassMap,
    Exposure,
    ImageError,
    OutputConflict,
    OutputError,
    UsageError,
)
from lydite.data import ImageFile, load_predictions  # noqa: E402
from lydite.engines import Serial  # noqa: E402
from lydite.train import (  # noqa: E402
    ImageTask,
    Recipe,
    RunSpec,
    Speed,
    State,
    Status,
    changed,
    load_recipe,
    open_run,
    read_status,
)
from lydite.train.fine_tuning import check_fine_tune, run_fine_tune  # noqa: E402
from lydite.train.finished import FinishedTraining  # noqa: E402
from lydite.train.log import read_lines  # noqa: E402
from lydite.train.predict import predict_files  # noqa: E402
from lydite.train.tta import views_of  # noqa: E402
from pictures import save  # noqa: E402
from train.fruit import COLOURS, draw, task_of  # noqa: E402
from train.test_plan import folded  # noqa: E402

pytestmark = pytest.mark.torch
SMALL: dict[str, Any] = {
    "backbone.side": 32,
    "schedule.epochs": 2,
    "sampling.batch": 6,
    "budget.threads": 1,
    "optimiser.lr": 2e-3,
}


def recipe_of(**options: Any) -> Recipe:
    return changed(load_recipe("fine-tune"), SMALL | {k.replace("__", "."): v for k, v in options.items()})


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit")))


def fine_tune(folder: Path, task: ImageTask, recipe: Recipe) -> Status:
    plan = folded(task)
    with open_run(folder, RunSpec(recipe, task, plan, plan.folds)) as run:
        return run_fine_tune(run, folder.parent / "cache")


def test_fixed_epochs_leave_every_prediction_clean(task: ImageTask, tmp_path: Path) -> None:
    status = fine_tune(tmp_path / "run", task, recipe_of(tta__views="flip"))
    assert status.state is State.DONE
    oof = load_predictions(tmp_path / "run" / "predictions" / "oof.parquet")
    assert len(oof) == len(task.items)
    assert oof.counts() == {Exposure.CLEAN: len(task.items)}
    kinds = [line["kind"] for line in read_lines(tmp_path / "run" / "log.jsonl")]
    assert kinds.count("epoch") == 2 * len(status.folds)
    assert "selected" not in kinds


def test_choosing_marks_the_rows_that_chose(task: ImageTask, tmp_path: Path) -> None:
    status = fine_tune(tmp_path / "run", task, recipe_of(budget__select="loss", averaging__swa_from=1))
    assert status.state is State.DONE
    oof = load_predictions(tmp_path / "run" / "predictions" / "oof.parquet")
    assert oof.counts() == {Exposure.SELECTED: len(task.items)}
    assert not oof.scorable(strict=True).any()
    lines = [line for line in read_lines(tmp_path / "run" / "log.jsonl") if line["kind"] == "selected"]
    assert {line["source"] for line in lines} == {"last", "swa"}


def test_going_on_gives_the_same_run(task: ImageTask, tmp_path: Path) -> None:
    recipe = recipe_of(sampling__order="weighted", budget__save_steps=1)
    fine_tune(tmp_path / "whole", task, recipe)
    folder = tmp_path / "broken"
    plan = folded(task)
    with open_run(folder, RunSpec(recipe, task, plan, plan.folds)) as run:

        def impatient(work: Any, total: int | None, title: str) -> Any:
            for count, record in enumerate(work):
                if count == 7:
                    raise KeyboardInterrupt
                yield record

        with pytest.raises(KeyboardInterrupt):
            run_fine_tune(run, None, impatient)
    fine_tune(folder, task, recipe)
    one, other = (
        load_predictions(place / "predictions" / "oof.parquet") for place in (tmp_path / "whole", folder)
    )
    assert np.array_equal(one.logits, other.logits)
    assert np.array_equal(one.exposure, other.exposure)


def test_a_damaged_picture_fails_the_run_by_name_and_it_goes_on_when_mended(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit"))
    victim = Path(task.paths[4])
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=victim.name):
        fine_tune(tmp_path / "run", task, recipe_of())
    victim.write_bytes(content)
    assert fine_tune(tmp_path / "run", task, recipe_of()).state is State.DONE


TINY: dict[str, Any] = {"backbone__name": "test_resnet", "backbone__start": "random", "schedule__epochs": 1}


def test_odd_classes_are_told_and_nothing_breaks(task: ImageTask, tmp_path: Path) -> None:
    """A class without a picture, a class with one, a class that one fold never saw; all are balanced."""
    plan = folded(task)
    labels = task.labels.copy()
    labels[np.flatnonzero(plan.held_out == 0)[:1]] = 4
    labels[np.flatnonzero(plan.held_out == 1)[:2]] = 5
    odd = replace(task, labels=labels, classes=ClassMap((*task.classes.names, "kiwi", "fig", "date")))
    recipe = recipe_of(
        **TINY,
        loss__class_weights="balanced",
        sampling__order="balanced",
        stages__hard_epochs=1,
        budget__select="loss",
    )
    with open_run(tmp_path / "run", RunSpec(recipe, odd, plan, plan.folds)) as run:
        status = run_fine_tune(run, None)
    assert status.state is State.DONE
    assert status.notes == (
        "class 'kiwi' has no picture; nothing is ever called so",
        "class 'fig' has one picture, so no model that knows it is asked about it",
        "fold 1 never saw: date",
    )
    oof = load_predictions(tmp_path / "run" / "predictions" / "oof.parquet")
    assert np.isneginf(oof.logits[:, 3]).all()
    assert np.isneginf(oof.logits[oof.fold == 1, 5]).all()
    assert np.isfinite(oof.logits[:, :3]).all()
    overall = json.loads((tmp_path / "run" / "metrics.json").read_text())["overall"]
    assert np.isfinite(overall["log_loss"]["value"])


def test_one_picture_a_class_is_learned_and_told(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit", each=1))
    status = fine_tune(tmp_path / "run", task, recipe_of(schedule__epochs=1))
    assert status.state is State.DONE
    assert status.notes[0] == "class 'apple' has one picture, so no model that knows it is asked about it"
    oof = load_predictions(tmp_path / "run" / "predictions" / "oof.parquet")
    truth = [task.labels[task.items.index(item)] for item in oof.items]
    assert np.isneginf(oof.logits[np.arange(3), truth]).all()
    assert np.isfinite(oof.logits).sum() == 6


def test_other_data_than_a_run_began_with_are_refused(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit"))
    recipe = recipe_of(**TINY)
    fine_tune(tmp_path / "run", task, recipe)
    said = (tmp_path / "run" / "predictions" / "oof.parquet").read_bytes()
    labels = np.roll(task.labels, 1)
    with pytest.raises(OutputConflict, match=r"differs in: data, held out\. 3 items have changed, first"):
        fine_tune(tmp_path / "run", replace(task, labels=labels), recipe)
    assert (tmp_path / "run" / "predictions" / "oof.parquet").read_bytes() == said


def test_a_full_disk_is_told_and_the_run_goes_on_later(task: ImageTask, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: what is larger than it cannot be written."""
    recipe = recipe_of(**TINY)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            fine_tune(tmp_path / "run", task, recipe)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_status(tmp_path / "run").state is State.FAILED
    assert fine_tune(tmp_path / "run", task, recipe).state is State.DONE


@pytest.mark.parametrize("views", ["none", "geo8"])
def test_the_networks_say_of_files_what_they_said_of_held_out_rows(tmp_path: Path, views: str) -> None:
    """Of pictures that are shrunk first, and whose centre square lies between the pixels."""
    folder = tmp_path / "fruit"
    for number, name in enumerate(("apple", "lime", "plum") * 3):
        pixels = np.random.default_rng(number).integers(0, 256, (91, 76, 3), np.uint8)
        pixels[20:60, 10:50] = np.array(COLOURS[name], np.uint8)
        save(pixels, folder / name / f"{name}-a" / f"{number}.png")
    task = task_of(folder)
    recipe = recipe_of(**TINY | {"schedule__epochs": 3}, tta__views=views)
    plan = folded(task)
    with open_run(tmp_path / "run", RunSpec(recipe, task, plan, (1,))) as run:
        run_fine_tune(run, tmp_path / "cache")
    opened = FinishedTraining.open(tmp_path / "run")
    assert opened.held_out is not None
    said = dict(zip(opened.held_out.items, opened.held_out.probabilities(), strict=True))
    files = [ImageFile(item, Path(path)) for item, path in zip(task.items, task.paths, strict=True)]
    answers = predict_files(opened, files, views_of(views), Serial())
    for one in answers:
        if one.file.item in said:
            assert one.exposure is Exposure.CLEAN
            np.testing.assert_allclose(one.probabilities, said[one.file.item], atol=AGREED[views])
        else:
            assert one.exposure is Exposure.TRAINED
    assert np.std([one.probabilities for one in answers], axis=0).max() > 100 * AGREED["none"]


AGREED = {"none": 1e-6, "geo8": 1e-4}
"""A batch adds in another order than a picture alone; a turned picture is rounded otherwise by a resize."""


def test_recipes_for_a_probe_are_refused() -> None:
    with pytest.raises(UsageError, match="not for fine-tuning"):
        check_fine_tune(load_recipe("probe"), ClassMap(("apple",)))
    assert load_recipe("fine-tune").speed is Speed.FINE_TUNE
