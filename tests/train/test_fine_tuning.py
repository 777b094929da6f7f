"""Fine-tuning into the folder of a run: who was seen is told, what is held out is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("timm")

from lydite.core import Exposure, ImageError, UsageError  # noqa: E402
from lydite.data import load_predictions  # noqa: E402
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
)
from lydite.train.fine_tuning import check_fine_tune, run_fine_tune  # noqa: E402
from lydite.train.log import read_lines  # noqa: E402
from train.fruit import draw, task_of  # noqa: E402
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


def test_recipes_for_a_probe_are_refused() -> None:
    with pytest.raises(UsageError, match="not for fine-tuning"):
        check_fine_tune(load_recipe("probe"))
    assert load_recipe("fine-tune").speed is Speed.FINE_TUNE
