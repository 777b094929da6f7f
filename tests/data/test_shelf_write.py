"""A shelf on disk: drawn once, whole or not at all, the same by any number of workers."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from lydite.core import InvalidValue
from lydite.data import read_coco
from lydite.data.shelf import ShelfPaths, ShelfPlan, draw_shelf, write
from lydite.data.shelf.draw import Drawn
from lydite.data.shelf.plan import Order

PLAN = ShelfPlan(
    1, scenes=2, exemplars_per_class=0, negatives=1, empty=1, size_hw=(150, 200), exemplar_hw=(64, 64)
)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def refuse(_: Order) -> Drawn:
    raise AssertionError("drawn again")


def interrupt(_: Order) -> Drawn:
    raise KeyboardInterrupt


def test_several_workers_write_the_same_bytes(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    paths = list(draw_shelf(alone, PLAN))
    assert [path.relative_to(alone) for path in paths] == [
        path.relative_to(together) for path in draw_shelf(together, PLAN, workers=2)
    ]
    assert contents(alone) == contents(together)


def test_each_picture_is_there_when_it_is_named(tmp_path: Path) -> None:
    for number, path in enumerate(draw_shelf(tmp_path, PLAN), start=1):
        assert path.is_file()
        assert len(list(tmp_path.rglob("*.jpg"))) == number
    assert number == len(PLAN)


def test_a_complete_shelf_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(draw_shelf(tmp_path, PLAN))
    before = contents(tmp_path)
    monkeypatch.setattr(write, "draw_order", refuse)
    assert list(draw_shelf(tmp_path, PLAN)) == first
    assert contents(tmp_path) == before


@pytest.mark.parametrize("lost", ["truth.json", "scenes/shelf-02.jpg", "shelf.json"])
def test_a_shelf_that_lacks_a_file_is_drawn_again(tmp_path: Path, lost: str) -> None:
    list(draw_shelf(tmp_path, PLAN))
    before = contents(tmp_path)
    (tmp_path / lost).unlink()
    list(draw_shelf(tmp_path, PLAN))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("record", ["no json", "[]", '{"files": [1]}', '{"files": 5}'])
def test_a_spoilt_record_counts_as_none(tmp_path: Path, record: str) -> None:
    (tmp_path / "shelf.json").write_text(record)
    list(draw_shelf(tmp_path, PLAN))
    assert json.loads((tmp_path / "shelf.json").read_text())["complete"] is True


def test_an_interruption_leaves_whole_pictures_and_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = draw_shelf(tmp_path, PLAN)
    first = next(work)
    assert isinstance(work, Generator)
    work.close()
    assert contents(tmp_path).keys() == {"shelf.json", str(first.relative_to(tmp_path))}
    monkeypatch.setattr(write, "draw_order", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(draw_shelf(tmp_path, PLAN))
    assert json.loads((tmp_path / "shelf.json").read_text())["complete"] is False
    monkeypatch.undo()
    list(draw_shelf(tmp_path, PLAN))
    list(draw_shelf(tmp_path / "fresh", PLAN))
    fresh = contents(tmp_path / "fresh")
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith("fresh")} == fresh


def test_another_plan_leaves_nothing_of_the_last_one_but_strangers(tmp_path: Path) -> None:
    list(draw_shelf(tmp_path, PLAN))
    (tmp_path / "scenes" / "mine.jpg").write_bytes(b"somebody's own")
    fewer = ShelfPlan(2, scenes=1, exemplars_per_class=0, negatives=0, empty=0, size_hw=(64, 64))
    list(draw_shelf(tmp_path, fewer))
    assert contents(tmp_path).keys() == {"scenes/shelf-01.jpg", "scenes/mine.jpg", "truth.json", "shelf.json"}


def test_a_record_cannot_make_us_remove_what_lies_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "shelf"
    (root / "scenes").mkdir(parents=True)
    outside, beside = tmp_path / "outside.jpg", root / "notes.txt"
    for path in (outside, beside):
        path.write_text("mine")
    listed = ["scenes/../../outside.jpg", str(outside), "notes.txt", ""]
    (root / "shelf.json").write_text(json.dumps({"files": listed}))
    list(draw_shelf(root, PLAN))
    assert outside.exists()
    assert beside.exists()


def test_what_is_nearly_hidden_is_difficult(tmp_path: Path) -> None:
    plan = ShelfPlan(2, scenes=4, exemplars_per_class=0, negatives=0, empty=1, size_hw=(240, 320))
    list(draw_shelf(tmp_path, plan))
    truth = ShelfPaths.below(tmp_path).truth
    rows = [row["attributes"] for row in json.loads(truth.read_text())["annotations"]]
    assert any("difficult" in row for row in rows)
    assert all(("difficult" in row) == (row["visible"] < write.DIFFICULT_BELOW) for row in rows)
    read = read_coco(truth)
    assert not read.problems
    assert [image.path for image in read.images] == [order.name for order in plan.orders]
    assert sum(image.difficult.sum() for image in read.images) == sum("difficult" in row for row in rows)


def test_a_failure_is_raised(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="64 pixels or more"):
        list(draw_shelf(tmp_path, ShelfPlan(scenes=1, size_hw=(8, 8)), workers=1))
