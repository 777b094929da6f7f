from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lydite.core import Exposure, InputError, InvalidValue, LyditeError, OutputConflict, Role, UsageError
from lydite.data import load_predictions
from lydite.train import changed, load_recipe
from lydite.train.lineage import Parent, exposure_of, ledger_of, run_parent, weights_parent
from lydite.train.log import append_line, drop_torn_line, read_lines
from lydite.train.observed import Observed
from lydite.train.rows import find_run, labels_of, load_items
from lydite.train.run import Run, open_run
from lydite.train.spec import RunSpec
from lydite.train.status import State, read_status
from lydite.train.tasks import ImageTask
from support import REPOSITORY
from train.fruit import draw, task_of
from train.test_plan import folded

RECIPE = load_recipe("probe")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit")))


def spec_of(task: ImageTask, **changes: object) -> RunSpec:
    plan = folded(task)
    return replace(RunSpec(RECIPE, task, plan, plan.folds), **changes)  # type: ignore[arg-type]


def learn(run: Run) -> None:
    """Show every model what it declared."""
    for fold in run.spec.folds:
        run.saw(fold, 0, run.spec.plan.member(fold).known)
        run.finish_fold(fold)


def answers(run: Run, fold: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(fold).normal(size=(count, len(run.spec.task.classes))).astype(np.float32)


def test_a_run_says_what_went_in_and_what_was_seen(tmp_path: Path, task: ImageTask) -> None:
    spec = spec_of(task)
    with open_run(tmp_path / "run", spec) as run:
        learn(run)
        member = run.spec.plan.member(0)
        oof = run.predictions(0, member.asked, answers(run, 0, len(member.asked)))
        assert set(run.predictions(1, member.asked, oof.logits).exposure) == {Exposure.TRAINED}
        assert read_status(tmp_path / "run").state is State.RUNNING
        run.finish(oof, None, {"accuracy": 1.0})
    folder = tmp_path / "run"
    assert read_status(folder).state is State.DONE
    assert read_status(folder).done == spec.folds
    assert load_recipe(folder / "recipe.toml") == RECIPE
    read = load_predictions(folder / "predictions" / "oof.parquet")
    assert set(read.exposure) == {Exposure.CLEAN}
    assert read.run == spec.id == json.loads((folder / "data.json").read_text())["id"]
    table = load_items(folder)
    assert table["fold"].to_list() == spec.plan.held_out.tolist()
    assert labels_of(table)[task.items[0]] == "apple"
    assert exposure_of(folder, 2, task.pictures).tolist() == [
        Exposure.CLEAN if fold == 2 else Exposure.TRAINED for fold in spec.plan.held_out
    ]


def test_what_was_not_declared_taints_for_good(tmp_path: Path, task: ImageTask) -> None:
    spec = spec_of(task)
    with open_run(tmp_path / "run", spec) as run:
        run.saw(0, 7, spec.plan.member(0).asked[:1])
        learn(run)
        oof = run.predictions(0, spec.plan.member(0).asked, answers(run, 0, 6))
        assert run.finish(oof, None, {}).state is State.TAINTED
    assert not oof.scorable().any()
    status = read_status(tmp_path / "run")
    assert status.error == (
        f"fold 0: 1 rows were trained that were not to be, first row {spec.plan.member(0).asked[0]}"
    )
    with open_run(tmp_path / "run", spec):
        assert read_status(tmp_path / "run").state is State.TAINTED


def test_what_was_declared_and_not_seen_taints_too(tmp_path: Path, task: ImageTask) -> None:
    spec = spec_of(task, folds=(1,))
    with open_run(tmp_path / "run", spec) as run:
        run.saw(1, 0, spec.plan.member(1).known[1:])
        run.finish_fold(1)
    assert "1 rows were to be trained and were not" in read_status(tmp_path / "run").error


def test_rows_that_chose_are_selected_if_the_recipe_says_so(tmp_path: Path, task: ImageTask) -> None:
    chosen = changed(RECIPE, {"budget.select": "loss"})
    for recipe, state in ((RECIPE, State.TAINTED), (chosen, State.DONE)):
        spec = spec_of(task, recipe=recipe, folds=(0,))
        with open_run(tmp_path / recipe.id, spec) as run:
            run.saw(0, 3, spec.plan.member(0).asked, Role.SELECTED)
            learn(run)
            said = run.predictions(0, spec.plan.member(0).asked, answers(run, 0, 6))
            assert run.finish(said, None, {}).state is state
        assert set(said.exposure) == {Exposure.UNKNOWN if state is State.TAINTED else Exposure.SELECTED}


def test_twins_of_what_was_trained_are_trained(tmp_path: Path, task: ImageTask) -> None:
    plan = folded(task)
    member = plan.member(0)
    pair = (task.pictures[member.known[0]], task.pictures[member.asked[0]])
    with open_run(tmp_path / "run", spec_of(task, twins=(pair,))) as run:
        learn(run)
        said = run.predictions(0, member.asked, answers(run, 0, 6))
    assert said.exposure.tolist() == [Exposure.TRAINED] + [Exposure.CLEAN] * 5
    assert exposure_of(tmp_path / "run", 0, [pair[1]]).tolist() == [Exposure.TRAINED]


def test_heirs_inherit_what_their_parents_saw(tmp_path: Path, task: ImageTask) -> None:
    with open_run(tmp_path / "old", spec_of(task)) as run:
        learn(run)
    cases = {
        "one fold": (run_parent(tmp_path / "old", 0), 0),
        "all folds": (run_parent(tmp_path / "old"), None),
    }
    for name, (parent, clean_fold) in cases.items():
        with open_run(tmp_path / name, spec_of(task, parents=(parent,))) as run:
            learn(run)
        for fold in (0, 1):
            asked = run.spec.plan.member(fold).asked
            told = set(run.exposure_of(fold, asked).tolist())
            assert told == {Exposure.CLEAN if fold == clean_fold else Exposure.TRAINED}


def test_runs_that_are_moved_together_still_know_one_another(tmp_path: Path, task: ImageTask) -> None:
    runs, spec = tmp_path / "runs", spec_of(task)
    with open_run(runs / spec.id, spec) as run:
        learn(run)
    with open_run(runs / "heir", spec_of(task, parents=(run_parent(runs / spec.id, 0),))) as run:
        learn(run)
    runs.rename(tmp_path / "moved")
    pictures = [task.pictures[row] for row in spec.plan.member(0).asked]
    assert set(exposure_of(tmp_path / "moved" / "heir", 0, pictures)) == {Exposure.CLEAN}
    assert set(exposure_of(tmp_path / "moved" / "heir", 1, pictures)) == {Exposure.TRAINED}
    (tmp_path / "moved" / spec.id).rename(tmp_path / "elsewhere")
    assert set(exposure_of(tmp_path / "moved" / "heir", 0, pictures)) == {Exposure.UNKNOWN}


def test_weights_are_believed_to_have_seen_what_is_said_of_them(tmp_path: Path, task: ImageTask) -> None:
    digest = "ab" * 32
    cases = {
        "nothing": (weights_parent(digest, "nothing"), Exposure.CLEAN),
        "pixels": (weights_parent(digest, "pixels"), Exposure.PIXELS),
        "unknown": (weights_parent(digest, "unknown"), Exposure.UNKNOWN),
        "gone": (Parent(name="run/0", folder=str(tmp_path / "gone")), Exposure.UNKNOWN),
    }
    for name, (parent, exposure) in cases.items():
        with open_run(tmp_path / name, spec_of(task, parents=(parent,))) as run:
            learn(run)
        assert set(run.exposure_of(0, run.spec.plan.member(0).asked)) == {exposure}
    ledger = ledger_of([tmp_path / name for name in cases])
    assert set(ledger.exposure_of(f"{run.id}/0", [task.pictures[0]])) <= set(Exposure)


def test_what_was_seen_survives(tmp_path: Path, task: ImageTask) -> None:
    seen = Observed.nothing(len(task))
    seen.saw(0, [1, 2, 2], Role.TRAINED)
    seen.saw(5, [2, 3], Role.TRAINED)
    seen.saw(6, [0], Role.SELECTED)
    seen.save(tmp_path / "seen.parquet", task)
    read = Observed.load(tmp_path / "seen.parquet", len(task))
    np.testing.assert_array_equal(read.first, seen.first)
    np.testing.assert_array_equal(read.times, seen.times)
    assert read.first[0, :4].tolist() == [-1, 0, 0, 5]
    assert read.times[0, :4].tolist() == [0, 1, 3, 1]
    with pytest.raises(InvalidValue, match=r"Observed rows must be in 0..17. Seen: \[18, 18\]"):
        seen.saw(0, [18], Role.TRAINED)


def test_the_id_is_of_what_decides(task: ImageTask) -> None:
    spec = spec_of(task)
    others = [
        spec_of(task, seed=1),
        spec_of(task, folds=(0,)),
        spec_of(task, recipe=changed(RECIPE, {"head.c": 1.0})),
        spec_of(task, plan=folded(task, 2), folds=(0, 1)),
        spec_of(task, parents=(weights_parent("ab" * 32, "nothing"),)),
        spec_of(task, twins=(task.pictures[:2],)),
        spec_of(replace(task, splits=("train",) * 18)),
    ]
    assert len({spec.id, *(other.id for other in others)}) == 8
    assert spec.id == spec_of(task, source={"path": "elsewhere"}).id
    assert spec.id == spec_of(task, recipe=changed(RECIPE, {"backbone.checkpoint": "elsewhere.pth"})).id


def test_another_run_is_never_written_over(tmp_path: Path, task: ImageTask) -> None:
    folder = tmp_path / "run"
    with open_run(folder, spec_of(task)):
        pass
    with pytest.raises(
        OutputConflict, match=r"run holds another run; it differs in: seed\. Choose another --out"
    ):
        open_run(folder, spec_of(task, seed=3)).__enter__()
    labels = task.labels.copy()
    labels[[0, 1]] = 1
    with pytest.raises(
        OutputConflict, match=r"differs in: data, held out\. 2 items have changed, first .*apple-a/0.png\."
    ):
        open_run(folder, spec_of(replace(task, labels=labels))).__enter__()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(OutputConflict, match=r"is no new or empty folder\. Name another\. Seen: thesis.txt"):
        open_run(tmp_path / "mine", spec_of(task)).__enter__()


def test_an_error_is_told_by_the_status(tmp_path: Path, task: ImageTask) -> None:
    with pytest.raises(InputError), open_run(tmp_path / "run", spec_of(task)):
        raise InputError("The sky fell.", "Run.")
    status = read_status(tmp_path / "run")
    assert (status.state, status.error) == (State.FAILED, "The sky fell. Run.")
    with pytest.raises(ZeroDivisionError), open_run(tmp_path / "run", spec_of(task)):
        raise ZeroDivisionError("by zero")
    assert read_status(tmp_path / "run").error == "ZeroDivisionError: by zero"


def test_one_process_at_a_time(tmp_path: Path, task: ImageTask) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from train.fruit import task_of\n"
        "from train.test_run import spec_of\n"
        "from lydite.train.run import open_run\n"
        "with open_run(Path(sys.argv[1]), spec_of(task_of(Path(sys.argv[2])))) as run:\n"
        "    print(run.id, flush=True)\n"
        "    time.sleep(600)\n"
    )
    pictures = Path(task.paths[0]).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY / 'tests'}"}
    command = [sys.executable, "-c", code, str(tmp_path / "run"), str(pictures)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == spec_of(task).id
        assert read_status(tmp_path / "run").state is State.RUNNING
        with pytest.raises(OutputConflict, match=r"Another process is at work on .*run\. Wait, or end it\."):
            open_run(tmp_path / "run", spec_of(task)).__enter__()
        other.send_signal(signal.SIGKILL)
    assert read_status(tmp_path / "run").state is State.INTERRUPTED
    with open_run(tmp_path / "run", spec_of(task)) as run:
        learn(run)
        assert run.finish(None, None, {}).state is State.DONE


def test_a_run_without_room_is_refused_and_opens_later(tmp_path: Path, task: ImageTask) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LyditeError, match="cannot be written"):
        open_run(tmp_path / "file" / "run", spec_of(task)).__enter__()


def test_a_torn_line_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append_line(path, {"epoch": 1})
    with path.open("a") as file:
        file.write('{"epoch": 2, "lo')
    assert read_lines(path) == [{"epoch": 1}]
    drop_torn_line(path)
    append_line(path, {"epoch": 2})
    assert read_lines(path) == [{"epoch": 1}, {"epoch": 2}]
    assert read_lines(tmp_path / "none") == []


def test_runs_are_found_by_the_first_digits(tmp_path: Path, task: ImageTask) -> None:
    spec = spec_of(task)
    with open_run(tmp_path / spec.id, spec):
        pass
    assert (
        find_run(tmp_path, spec.id[:6]) == find_run(tmp_path, str(tmp_path / spec.id)) == tmp_path / spec.id
    )
    with pytest.raises(UsageError, match=rf"No runs of .* are named 'x'\. There are: {spec.id}\. Seen: x"):
        find_run(tmp_path, "x")


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    for read in (read_status, load_items, run_parent):
        with pytest.raises(InputError, match=r"holds no run: .* Name a folder of runs/\."):
            read(tmp_path)
