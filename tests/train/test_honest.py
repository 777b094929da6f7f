"""Which rows of a run may be scored, and on which rows two runs may be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lydite.core import ClassMapMismatch, Exposure, ImageId, InputError
from lydite.data import save_predictions
from lydite.data.folds import Way
from lydite.train.against import set_against
from lydite.train.finished import FinishedTraining
from lydite.train.honest import honest_rows
from lydite.train.plan import Plan
from lydite.train.tasks import ImageTask
from train.fruit import draw, task_of
from train.made_runs import folded, leaning, make_run, renamed


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit"), each=8))


def with_splits(task: ImageTask, tested: int) -> ImageTask:
    """The task with its last rows of the split test."""
    splits = tuple("test" if row >= len(task) - tested else "" for row in range(len(task)))
    return replace(task, splits=splits)


def test_every_held_out_row_is_scored_with_its_own_label_and_group(tmp_path: Path, task: ImageTask) -> None:
    run = make_run(tmp_path / "run", task)
    rows = honest_rows(run, run.held_out)
    assert len(rows) == len(task)
    assert rows.counts == {"clean": len(task)}
    assert not rows.left_out
    places = {item: place for place, item in enumerate(task.items)}
    for row, label, logits in zip(rows.rows, rows.judged.labels, rows.judged.logits, strict=True):
        place = places[row.item]
        assert (label, row.group, row.path) == (task.labels[place], task.groups[place], task.paths[place])
        np.testing.assert_array_equal(logits, leaning(task, 1.5)(np.array([place]))[0])


def test_rows_that_were_learned_from_are_left_out_and_counted(tmp_path: Path, task: ImageTask) -> None:
    run = make_run(tmp_path / "run", task)
    assert run.held_out is not None
    exposure = run.held_out.exposure.copy()
    exposure[:3] = (Exposure.TRAINED, Exposure.UNKNOWN, Exposure.SELECTED)
    logits = run.held_out.logits.copy()
    logits[3] = np.nan
    told = replace(run.held_out, exposure=exposure, logits=logits)
    rows = honest_rows(run, told)
    assert rows.left_out == {"no prediction": 1, "trained": 1, "unknown": 1}
    assert rows.counts == {"clean": len(task) - 4, "selected": 1}
    strict = honest_rows(run, told, strict=True)
    assert strict.left_out["selected"] == 1
    assert strict.counts == {"clean": len(task) - 4}


def test_models_that_speak_of_one_item_are_averaged(tmp_path: Path, task: ImageTask) -> None:
    tested = with_splits(task, 5)
    run = make_run(tmp_path / "run", tested)
    rows = honest_rows(run, run.test)
    assert len(rows) == 5
    # Every fold adds a constant to all logits, which is no other answer.
    expected = leaning(tested, 1.5)(np.arange(len(task) - 5, len(task)))
    shares = np.exp(rows.judged.log_probabilities)
    powers = np.exp(expected)
    np.testing.assert_allclose(shares, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)
    assert run.test is not None
    exposure = run.test.exposure.copy()
    exposure[0] = Exposure.TRAINED
    assert honest_rows(run, replace(run.test, exposure=exposure)).left_out == {"trained": 1}


def test_groups_are_drawn_where_folds_keep_them_apart(tmp_path: Path, task: ImageTask) -> None:
    for way, drawn in ((Way.STRATIFIED, False), (Way.GROUPED, True)):
        run = make_run(tmp_path / way, task, plan=folded(task, 2, way))
        assert honest_rows(run, run.held_out).judged.draw_groups is drawn


def test_a_run_that_is_not_ready_has_nothing_to_score(tmp_path: Path, task: ImageTask) -> None:
    run = make_run(tmp_path / "run", task, ready=1)
    assert run.held_out is None
    assert len(honest_rows(run, run.held_out)) == 0


def test_two_runs_meet_on_the_rows_that_are_clean_for_both(tmp_path: Path, task: ImageTask) -> None:
    """Folds of one and the split of the other have nothing in common but the items."""
    first = make_run(tmp_path / "one", task, sure=0.5)
    judged = replace(task, splits=tuple("val" if row % 3 == 0 else "" for row in range(len(task))))
    second = make_run(tmp_path / "other", judged, sure=4, seed=1, plan=Plan.of_split(judged))
    met = set_against(first, second, draws=50)
    assert {row.item for row in met.rows} == {task.items[row] for row in range(0, len(task), 3)}
    assert met.left_out == {"only in the first run": len(task) - len(met.rows)}
    assert met.comparison.images == 8
    assert met.comparison.accuracies[1] >= met.comparison.accuracies[0]
    back = set_against(second, first, draws=50)
    assert back.comparison.difference.value == -met.comparison.difference.value
    assert {row.item for row in back.rows} == {row.item for row in met.rows}


def test_items_that_changed_between_the_runs_are_left_out(tmp_path: Path, task: ImageTask) -> None:
    first = make_run(tmp_path / "one", task)
    labels, pictures = task.labels.copy(), list(task.pictures)
    labels[0] = (labels[0] + 1) % 3
    pictures[1] = ImageId(str(pictures[1])[::-1])
    other = replace(task, labels=labels, pictures=tuple(pictures))
    second = make_run(
        tmp_path / "other", other, seed=1, plan=Plan(folded(task).held_out, np.zeros(24, bool), "")
    )
    left = set_against(first, second, draws=20).left_out
    assert left["another label in the second run"] == 1
    assert left["another picture in the second run"] == 1


def test_runs_of_other_classes_do_not_meet(tmp_path: Path, task: ImageTask) -> None:
    first = make_run(tmp_path / "one", task)
    second = make_run(tmp_path / "other", renamed(task, {"apple": "pear"}))
    with pytest.raises(ClassMapMismatch):
        set_against(first, second)


def test_damage_is_named(tmp_path: Path, task: ImageTask) -> None:
    with pytest.raises(InputError, match="holds no run"):
        FinishedTraining.open(tmp_path)
    run = make_run(tmp_path / "run", task)
    foreign = replace(task, items=tuple(replace(item, source="other") for item in task.items))
    strange = make_run(tmp_path / "strange", foreign, plan=folded(foreign)).held_out
    assert strange is not None
    save_predictions(strange, run.folder / "predictions" / "oof.parquet")
    again = FinishedTraining.open(run.folder)
    with pytest.raises(
        InputError, match=r"speaks of items that it does not know\. Begin it anew\. Seen: other:"
    ):
        honest_rows(again, again.held_out)
