from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lydite.core import ImageError, InputError, InvalidValue, UsageError
from lydite.data.folds import Items, Way, make_folds
from lydite.train.plan import NEVER, Plan, missing_classes
from lydite.train.tasks import ImageTask, open_version
from train.fruit import COLOURS, draw, task_of


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit")))


def folded(task: ImageTask, count: int = 3, way: Way = Way.STRATIFIED) -> Plan:
    ids = [str(item) for item in task.items]
    labels = [task.classes[label] for label in task.labels.tolist()]
    return Plan.of_folds(task, make_folds(Items(tuple(ids), tuple(labels), task.groups), count, way))


def test_a_folder_of_folders_is_a_task(task: ImageTask) -> None:
    assert task.classes.names == tuple(COLOURS)
    assert len(task) == 18
    assert {task.groups[row] for row in range(6)} == {"apple-a", "apple-b"}
    assert task.load(0).shape == (48, 40, 3)


def test_no_row_is_known_and_asked_and_every_row_is_asked_once(task: ImageTask) -> None:
    plan = folded(task)
    asked = [plan.member(fold).asked for fold in plan.folds]
    assert sorted(np.concatenate(asked).tolist()) == list(range(len(task)))
    for fold in plan.folds:
        member = plan.member(fold)
        assert not np.intersect1d(member.known, member.asked).size
        assert sorted([*member.known, *member.asked]) == list(range(len(task)))


def test_grouped_folds_keep_products_whole(task: ImageTask) -> None:
    plan = folded(task, 2, Way.GROUPED)
    for fold in plan.folds:
        member = plan.member(fold)
        groups = np.array(task.groups)
        assert not set(groups[member.known]) & set(groups[member.asked])
    assert plan.keeps_groups(task)
    assert not folded(task).keeps_groups(task)


def test_test_rows_are_never_learned_from(task: ImageTask) -> None:
    splits = tuple("test" if row % 3 == 0 else "val" if row % 3 == 1 else "train" for row in range(len(task)))
    split = replace(task, splits=splits)
    plan = Plan.of_split(split)
    member = plan.member(0)
    assert plan.folds == (0,)
    assert [splits[row] for row in member.known] == ["train"] * 6
    assert [splits[row] for row in member.asked] == ["val"] * 6
    assert [splits[row] for row in member.test] == ["test"] * 6
    assert Plan.of_everything(split).member(-1).known.tolist() == [row for row in range(18) if row % 3]
    with pytest.raises(InvalidValue, match=r"Plan\.held_out must be NEVER for rows of the split test"):
        replace(plan, held_out=np.where(plan.held_out == NEVER, -1, plan.held_out))


def test_without_a_split_val_nothing_is_held_out_by_it(task: ImageTask) -> None:
    with pytest.raises(InputError) as caught:
        Plan.of_split(task)
    assert str(caught.value) == (
        "0 of 18 labelled items are of the split 'val'. Name a number of folds instead."
    )


def test_unknown_folds_are_refused(task: ImageTask) -> None:
    with pytest.raises(UsageError, match=r"There is no fold 3\. Name one of 0\.\.2\. Seen: 3"):
        folded(task).member(3)


def test_missing_classes_are_named(task: ImageTask) -> None:
    assert missing_classes(task, np.flatnonzero(task.labels != 1)) == ("lime",)
    assert missing_classes(task, np.arange(len(task))) == ()


def test_the_digest_is_of_what_can_be_learned(task: ImageTask) -> None:
    rows = np.arange(len(task))[::-1]
    turned = ImageTask(
        task.items[::-1],
        task.pictures[::-1],
        task.labels[rows],
        task.classes,
        *(column[::-1] for column in (task.groups, task.splits, task.paths)),
    )
    assert turned.digest == task.digest
    assert replace(task, paths=("elsewhere",) * 18).digest == task.digest
    labels = task.labels.copy()
    labels[0] = 1
    assert replace(task, labels=labels).digest != task.digest


def test_a_picture_that_changed_is_refused(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit", 2))
    Path(task.paths[0]).write_bytes(Path(task.paths[1]).read_bytes())
    with pytest.raises(ImageError, match=r"has changed since the data were read\. Bring the old file back"):
        task.load(0)


def test_data_without_labels_are_refused(tmp_path: Path) -> None:
    draw(tmp_path / "fruit" / "test", 2)
    with pytest.raises(InputError, match=r"No picture outside the split 'test' has a label"):
        ImageTask.of_version(open_version(tmp_path / "fruit"))
    with pytest.raises(UsageError, match=r"There is no folder .*none\. Check the name\."):
        open_version(tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.full(18, 7)}, r"ImageTask.labels must be in -1..2. Seen: 7"),
        ({"groups": ()}, r"ImageTask must be columns of one length"),
    ],
)
def test_columns_are_checked(task: ImageTask, change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        replace(task, **change)  # type: ignore[arg-type]
