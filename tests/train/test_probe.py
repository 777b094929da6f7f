from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lydite.core import ClassMap, Exposure, InputError, LyditeError, TrainingError, UsageError
from lydite.data import load_predictions
from lydite.data.folds import Items, Way, make_folds
from lydite.engines import build_engine
from lydite.metrics import score_classes
from lydite.train import ImageTask, RunSpec, changed, open_run, read_status
from lydite.train.finished import FinishedTraining
from lydite.train.honest import groups_apart, honest_rows
from lydite.train.log import read_lines
from lydite.train.plan import Plan
from lydite.train.probe import Gaze, look_at, run_probe
from lydite.train.status import State
from support import REPOSITORY
from train.fruit import draw, task_of
from train.probing import probe, recipe_of, spec_of

HEADS = ["linear", "mlp", "attention", "neighbours"]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit"), 8))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("head", HEADS)
def test_a_probe_says_something_of_every_row_that_it_never_saw(
    head: str, task: ImageTask, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    status = probe(folder, task, recipe_of(head), cache)
    assert (status.state, status.notes) == (State.DONE, ())
    oof = load_predictions(folder / "predictions" / "oof.parquet")
    assert sorted(oof.items) == sorted(task.items)
    assert oof.known.all()
    assert set(oof.exposure) == {Exposure.CLEAN}
    labels = [task.labels[task.items.index(item)] for item in oof.items]
    assert (oof.logits.argmax(axis=1) == labels).mean() > 0.8
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["scored"] == 24
    assert metrics["exposures"] == {"clean": 24}
    assert metrics["overall"]["accuracy"]["value"] > 0.8
    assert metrics["worst_group"]["name"] in task.groups
    kinds = [line["kind"] for line in read_lines(folder / "log.jsonl")]
    assert kinds == ["looks", "fold", "fold", "fold"]
    assert not (folder / "predictions" / "test.parquet").exists()


@pytest.mark.parametrize("head", HEADS)
def test_labels_that_are_held_out_leave_no_trace(
    head: str, task: ImageTask, cache: Path, tmp_path: Path
) -> None:
    plan = spec_of(task, recipe_of(head)).plan
    turned = np.where(plan.held_out == 0, (task.labels + 1) % 3, task.labels)
    said = []
    for name, labels in (("as they are", task.labels), ("turned", turned)):
        spec = RunSpec(recipe_of(head), replace(task, labels=labels), plan, (0,))
        with open_run(tmp_path / name, spec) as run:
            run_probe(run, build_engine(1), cache)
        said.append(load_predictions(tmp_path / name / "predictions" / "oof.parquet").logits.tobytes())
    assert said[0] == said[1]


def test_vectors_come_from_the_cache_and_views_are_the_same_everywhere(
    task: ImageTask, tmp_path: Path
) -> None:
    pytest.importorskip("lydite.train.augment")
    moved = replace(task, paths=tuple(f"{path}.gone" for path in task.paths))
    rows = np.arange(len(task))
    recipe = changed(recipe_of("attention"), {"augment.views": 3})
    gaze = Gaze.of(recipe)
    looked = look_at(task, rows, gaze, tmp_path / "cache", build_engine(1))
    found = look_at(moved, rows, gaze, tmp_path / "cache", build_engine(2))
    anew = look_at(task, rows, gaze, None, build_engine(1))
    for other in (found, anew):
        assert other.vectors.tobytes() == looked.vectors.tobytes()
        assert other.cells.tobytes() == looked.cells.tobytes()
    assert len({looked.vectors[view, 0].tobytes() for view in range(3)}) == 3
    with pytest.raises(
        InputError, match=r"24 of 24 pictures cannot be looked at\. The first: Picture .*gone"
    ):
        look_at(
            moved,
            rows,
            Gaze.of(changed(recipe, {"augment.strength": 0.5})),
            tmp_path / "cache",
            build_engine(1),
        )


def test_too_little_memory_says_what_to_do(task: ImageTask) -> None:
    class Huge(ImageTask):
        """Its pictures ask the real allocator for more than any machine has."""

        def load(self, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:  # noqa: ARG002
            return np.empty((1 << 30, 1 << 30, 3), np.uint8)

    huge = Huge(**{field.name: getattr(task, field.name) for field in fields(task)})
    with pytest.raises(TrainingError, match=r"Memory is too short to look at pictures\. Use fewer --workers"):
        look_at(huge, np.arange(len(task)), Gaze.of(recipe_of()), None, build_engine(1))


def test_views_that_cannot_differ_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"Of 2 views none would differ from the picture: augment.profile is 'none'"
    ):
        Gaze.of(changed(recipe_of(), {"augment.views": 2, "augment.profile": "none"}))


def test_recipes_that_a_probe_cannot_honour_are_refused(task: ImageTask, tmp_path: Path) -> None:
    for change, message in (
        ({"speed": "fine_tune"}, r"The recipe is not for a probe\. Set speed to 'probe'\. Seen: fine_tune"),
        (
            {"backbone.start": "random"},
            r"A probe looks through weights that were trained\. Set backbone.start",
        ),
        ({"backbone.mean": [0.5, 0.5, 0.5]}, r"cannot honour backbone\.mean\. Leave them out"),
        ({"budget.select": "loss"}, r"A probe keeps its last epoch, so no row chooses anything"),
    ):
        with pytest.raises(UsageError, match=message):
            probe(tmp_path / str(change), task, changed(recipe_of(), change))


def test_odd_classes_are_told_and_nothing_breaks(task: ImageTask, cache: Path, tmp_path: Path) -> None:
    """A class without a picture, a class with one, a class that one fold never saw."""
    plan = spec_of(task, recipe_of()).plan
    labels = task.labels.copy()
    labels[np.flatnonzero(plan.held_out == 0)[:1]] = 4
    labels[np.flatnonzero(plan.held_out == 1)[:2]] = 5
    odd = replace(task, labels=labels, classes=ClassMap((*task.classes.names, "kiwi", "fig", "date")))
    for head in HEADS:
        with open_run(tmp_path / head, RunSpec(recipe_of(head), odd, plan, plan.folds)) as run:
            status = run_probe(run, build_engine(1), cache)
        assert status.state is State.DONE
        assert status.notes == (
            "class 'kiwi' has no picture; nothing is ever called so",
            "class 'fig' has one picture, so no model that knows it is asked about it",
            "fold 1 never saw: date",
        )
        oof = load_predictions(tmp_path / head / "predictions" / "oof.parquet")
        assert np.isneginf(oof.logits[:, 3]).all()
        assert np.isneginf(oof.logits[oof.fold == 1, 5]).all()
        overall = json.loads((tmp_path / head / "metrics.json").read_text())["overall"]
        assert np.isfinite(overall["log_loss"]["value"])


def test_everything_may_be_learned_and_test_rows_are_answered_by_every_model(
    task: ImageTask, cache: Path, tmp_path: Path
) -> None:
    splits = tuple("test" if row % 4 == 0 else "train" for row in range(len(task)))
    split = replace(task, splits=splits)
    plan = Plan.of_everything(split)
    with open_run(tmp_path / "all", RunSpec(recipe_of(), split, plan, plan.folds)) as run:
        run_probe(run, build_engine(1), cache)
    test = load_predictions(tmp_path / "all" / "predictions" / "test.parquet")
    assert sorted(test.items) == sorted(
        item for item, s in zip(task.items, splits, strict=True) if s == "test"
    )
    assert set(test.exposure) == {Exposure.CLEAN}
    assert not (tmp_path / "all" / "predictions" / "oof.parquet").exists()
    assert json.loads((tmp_path / "all" / "metrics.json").read_text()) == {"scored": 0, "exposures": {}}


def test_pictures_that_changed_or_broke_are_named(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit", 4))
    Path(task.paths[3]).write_bytes(b"no picture")
    shutil.copy(task.paths[1], task.paths[5])
    with pytest.raises(InputError) as caught:
        probe(tmp_path / "run", task, recipe_of())
    assert str(caught.value).startswith("2 of 12 pictures cannot be looked at. The first: Picture ")
    status = read_status(tmp_path / "run")
    assert status.state is State.FAILED
    assert status.error == str(caught.value)


@pytest.mark.parametrize("way", [Way.STRATIFIED, Way.GROUPED])
def test_the_summary_of_a_run_and_its_pages_say_the_same(
    way: Way, task: ImageTask, cache: Path, tmp_path: Path
) -> None:
    """Also with a product that lies in the split test as well: that one is not learned from there."""
    splits = tuple("test" if row in {0, 9} else "train" for row in range(len(task)))
    split = replace(task, splits=splits)
    labels = tuple(task.classes[label] for label in task.labels.tolist())
    dealt = make_folds(Items(tuple(map(str, task.items)), labels, task.groups), 2, way)
    plan = Plan.of_folds(split, dealt)
    with open_run(tmp_path / "run", RunSpec(recipe_of(), split, plan, plan.folds)) as run:
        run_probe(run, build_engine(1), cache)
    opened = FinishedTraining.open(tmp_path / "run")
    assert groups_apart(opened) is plan.keeps_groups(split) is (way is Way.GROUPED)
    rows = honest_rows(opened, opened.held_out)
    shown = score_classes(rows.judged)
    told = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert told["scored"] == len(rows) == 22
    for name, figure in shown.overall.items():
        assert told["overall"][name] == {
            "value": pytest.approx(figure.value, abs=1e-6),
            "low": pytest.approx(figure.low, abs=1e-6),
            "high": pytest.approx(figure.high, abs=1e-6),
        }
    worst = shown.worst_group()
    assert worst is not None
    assert told["worst_group"]["name"] == worst.name


def environment() -> dict[str, str]:
    paths = f"{REPOSITORY / 'src'}:{REPOSITORY / 'tests'}"
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def command(run: Path, pictures: Path, cache: Path, head: str) -> list[str]:
    return [sys.executable, "-m", "train.probing", str(run), str(pictures), str(cache), head]


def test_killed_runs_go_on_to_the_same_predictions(tmp_path: Path) -> None:
    """``kill -9`` where something was just written, again and again; the run is readable after each."""
    pictures = draw(tmp_path / "fruit", 8)
    whole = command(tmp_path / "whole", pictures, tmp_path / "cache whole", "mlp")
    subprocess.run(whole, env=environment(), check=True, capture_output=True)
    folder, cache = tmp_path / "cut", tmp_path / "cache cut"
    cut = command(folder, pictures, cache, "mlp")
    moments = random.Random(5)
    states = []
    for pattern, count in (
        ("cut/data.json", 1),
        ("cache cut/**/*.vectors", moments.randint(3, 20)),
        ("cut/seen/fold-0.parquet", 1),
        ("cut/checkpoints/*/head.npz", 2),
        ("cut/predictions/oof.parquet", 1),
    ):
        with subprocess.Popen(cut, env=environment(), stdout=subprocess.DEVNULL) as process:
            while len(list(tmp_path.glob(pattern))) < count and process.poll() is None:
                time.sleep(0.002)
            time.sleep(moments.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
        states.append(read_status(folder).state)
    assert set(states) <= {State.INTERRUPTED, State.DONE}
    assert states.count(State.INTERRUPTED) >= 3
    subprocess.run(cut, env=environment(), check=True, capture_output=True)
    assert read_status(folder).state is State.DONE
    same_predictions(tmp_path / "whole", folder)


def test_a_full_disk_is_told_and_the_run_goes_on_later(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: what is larger than it cannot be written."""
    pictures = draw(tmp_path / "fruit", 8)
    cut = command(tmp_path / "cut", pictures, tmp_path / "cache", "mlp")
    for limit in (0, 4000):
        done = subprocess.run(
            cut,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=partial(small_files, limit),
        )
        assert done.returncode == 1
        assert "OutputError" in done.stderr
    subprocess.run(cut, env=environment(), check=True, capture_output=True)
    whole = command(tmp_path / "whole", pictures, tmp_path / "cache", "mlp")
    subprocess.run(whole, env=environment(), check=True, capture_output=True)
    same_predictions(tmp_path / "whole", tmp_path / "cut")


def small_files(limit: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def same_predictions(one: Path, other: Path) -> None:
    left, right = (load_predictions(run / "predictions" / "oof.parquet") for run in (one, other))
    assert (left.items, left.run) == (right.items, right.run)
    assert left.logits.tobytes() == right.logits.tobytes()
    assert left.exposure.tobytes() == right.exposure.tobytes()


def test_a_damaged_head_is_told(task: ImageTask, cache: Path, tmp_path: Path) -> None:
    probe(tmp_path / "run", task, recipe_of(), cache)
    head = tmp_path / "run" / "checkpoints" / "fold-1" / "head.npz"
    head.write_bytes(head.read_bytes()[:50])
    with pytest.raises(LyditeError, match=r"head.npz is no head of a probe"):
        probe(tmp_path / "run", task, recipe_of(), cache)
    head.unlink()
    assert probe(tmp_path / "run", task, recipe_of(), cache).state is State.DONE
