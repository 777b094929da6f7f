"""A batch that can be interrupted, resumed, read by others, and repeated to the byte."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pycocotools import mask as coco
from pycocotools.coco import COCO

from lydite.core import InvalidValue, ItemId, OutputConflict, UnknownName
from lydite.data import ImageFile, find_images
from lydite.detect import (
    Detector,
    Exemplar,
    ExemplarSet,
    ImageRecord,
    RunFolder,
    finish,
    open_run,
    process,
    resolve,
)
from lydite.detect.store import SCHEMA, masks_of
from lydite.engines import Engine, build_engine
from pictures import GREEN, RED, example, save, write_examples, write_scene

OPTIONS: dict[str, object] = {"long_side": 160, "superpixels": 200, "short_side": 128, "max_candidates": 60}
SETTINGS = resolve("strict", options=OPTIONS)
SERIAL = build_engine(1)
RESULTS = ("run.json", "settings.toml", "decisions.parquet", "instances.json")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_examples(folder / "positive", {"red": RED, "green": GREEN}, count=2)
    for k in range(2):
        write_scene(folder / "scenes" / f"{k}.png", seed=k)
    write_scene(folder / "scenes" / "nothing.png", things=False)
    return folder


@pytest.fixture(scope="module")
def detector(root: Path) -> Detector:
    return Detector.from_folders(root / "positive", settings=SETTINGS)


def execute(
    out: Path, detector: Detector, images: tuple[ImageFile, ...], engine: Engine = SERIAL
) -> tuple[RunFolder, list[ImageRecord], dict[str, Any]]:
    folder = open_run(out, detector)
    records = list(process(folder, detector, images, engine))
    return folder, records, finish(folder, detector, records, engine.workers)


@pytest.fixture(scope="module")
def done(root: Path, detector: Detector) -> tuple[RunFolder, list[ImageRecord], dict[str, Any]]:
    return execute(root / "out", detector, find_images([root / "scenes"]))


def results(out: Path) -> dict[str, bytes]:
    """Every file but those that hold wall times."""
    tables = sorted(path.name for path in (out / "pictures").glob("*.parquet"))
    return {name: (out / name).read_bytes() for name in (*RESULTS, *(f"pictures/{name}" for name in tables))}


Done = tuple[RunFolder, list[ImageRecord], dict[str, Any]]


def test_a_run_says_what_became_of_each_picture(done: Done) -> None:
    folder, records, summary = done
    assert [record.item for record in records] == ["images:0.png", "images:1.png", "images:nothing.png"]
    assert all(record.status == "done" and not record.resumed for record in records)
    assert (summary["pictures"], summary["done"], summary["resumed"], summary["empty"]) == (3, 3, 0, 1)
    assert summary["failed"] == []
    assert summary["workers"] == 1
    funnel = summary["funnel"]
    assert funnel["proposed"] == sum(record.funnel["proposed"] for record in records)
    assert funnel["accepted"] == sum(summary["instances_by_class"].values()) > 0
    assert json.loads((folder.path / "summary.json").read_text()) == summary
    assert resolve(file=folder.path / "settings.toml") == SETTINGS
    assert folder.describe()["classes"] == ["green", "red"]


def test_decisions_are_those_of_all_pictures_in_their_order(done: Done) -> None:
    folder, records, _ = done
    together = pl.read_parquet(folder.path / "decisions.parquet")
    assert dict(together.schema) == SCHEMA
    parts = [folder.shelf.read_table(ItemId.parse(record.item)) for record in records]
    assert_frame_equal(together, pl.concat(parts))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:pycocotools")
def test_others_read_the_accepted_instances_back(done: Done) -> None:
    folder, records, _ = done
    with redirect_stdout(StringIO()):
        dataset = COCO(str(folder.path / "instances.json"))
    names = {row["id"]: row["name"] for row in dataset.loadCats(dataset.getCatIds())}
    assert sorted(names.values()) == ["green", "red"]
    images = {row["file_name"]: row for row in dataset.loadImgs(dataset.getImgIds())}
    assert list(images) == ["0.png", "1.png", "nothing.png"]
    for record in records:
        image = images[ItemId.parse(record.item).path]
        assert (image["height"], image["width"]) == record.size_hw
        table = folder.shelf.read_table(ItemId.parse(record.item)).filter(pl.col("outcome") == "accepted")
        table = table.sort("rank", descending=True)
        listed = dataset.loadAnns(dataset.getAnnIds(imgIds=[image["id"]]))
        assert [names[row["category_id"]] for row in listed] == table["class"].to_list()
        assert [row["score"] for row in listed] == pytest.approx(table["score"].to_list(), abs=1e-6)
        assert [row["area"] for row in listed] == table["area"].to_list()
        regions = [f"{record.item}#{number}" for number in table["region"]]
        assert [row["attributes"]["region"] for row in listed] == regions
        masks = masks_of(table, record.size_hw)
        for row, mask in zip(listed, masks, strict=True):
            np.testing.assert_array_equal(coco.decode(row["segmentation"]).astype(bool), mask)


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_run_gives_the_same_bytes(
    root: Path, detector: Detector, done: Done, tmp_path: Path, again: int
) -> None:
    fresh = Detector.from_folders(root / "positive", settings=SETTINGS) if again == 2 else detector
    execute(tmp_path / "out", fresh, find_images([root / "scenes"]))
    assert results(tmp_path / "out") == results(done[0].path)


def test_two_workers_equal_one(root: Path, detector: Detector, done: Done, tmp_path: Path) -> None:
    _, records, summary = execute(tmp_path / "out", detector, find_images([root / "scenes"]), build_engine(2))
    assert results(tmp_path / "out") == results(done[0].path)
    assert [record.item for record in records] == [record.item for record in done[1]]
    assert summary["workers"] == 2


def test_what_is_done_is_skipped_and_what_changed_is_redone(
    root: Path, detector: Detector, done: Done, tmp_path: Path
) -> None:
    shutil.copytree(root / "scenes", tmp_path / "scenes")
    shutil.copytree(done[0].path, tmp_path / "out")
    write_scene(tmp_path / "scenes" / "1.png", seed=77)
    harmed = done[0].shelf.record_path(ItemId("images", "nothing.png")).name
    (tmp_path / "out" / "pictures" / harmed).write_text('{"item": "images:nothi')
    before = results(tmp_path / "out")
    _, records, summary = execute(tmp_path / "out", detector, find_images([tmp_path / "scenes"]))
    assert [record.resumed for record in records] == [True, False, False]
    assert summary["resumed"] == 1
    after = results(tmp_path / "out")
    changed = {name for name in before if before[name] != after[name]}
    table = f"pictures/{done[0].shelf.table_path(ItemId('images', '1.png')).name}"
    assert {"decisions.parquet", table} <= changed <= {"decisions.parquet", "instances.json", table}


def test_an_interrupted_run_ends_as_if_it_never_was(
    root: Path, detector: Detector, done: Done, tmp_path: Path
) -> None:
    images = find_images([root / "scenes"])
    work = process(open_run(tmp_path / "out", detector), detector, images, SERIAL)
    assert next(work).item == "images:0.png"
    work.close()  # type: ignore[attr-defined]
    _, records, _ = execute(tmp_path / "out", detector, images)
    assert [record.resumed for record in records] == [True, False, False]
    assert results(tmp_path / "out") == results(done[0].path)


def test_a_picture_that_fails_does_not_stop_the_batch(
    root: Path, detector: Detector, done: Done, tmp_path: Path
) -> None:
    shutil.copytree(root / "scenes", tmp_path / "scenes")
    shutil.copytree(done[0].path, tmp_path / "out")
    (tmp_path / "scenes" / "0a.png").write_bytes(b"no picture")
    folder, records, summary = execute(tmp_path / "out", detector, find_images([tmp_path / "scenes"]))
    assert [record.status for record in records] == ["done", "failed", "done", "done"]
    (failed,) = summary["failed"]
    assert failed["item"] == "images:0a.png"
    assert failed["path"] == str(tmp_path / "scenes" / "0a.png")
    assert failed["error"].startswith(f"Picture {tmp_path / 'scenes' / '0a.png'} ")
    assert (summary["pictures"], summary["done"]) == (4, 3)
    assert results(tmp_path / "out") == results(done[0].path)
    assert not folder.shelf.record_path(ItemId("images", "0a.png")).exists()


def test_an_error_that_knows_no_file_is_told_with_the_picture(
    root: Path, detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nonsense(*_: object) -> None:
        raise InvalidValue("Quality of the callback", "in [0, 1]", 1.9)

    monkeypatch.setattr(Detector, "detect", nonsense)
    images = find_images([root / "scenes"])
    for record, file in zip(
        process(open_run(tmp_path, detector), detector, images, SERIAL), images, strict=True
    ):
        assert record.error == f"{file.path}: Quality of the callback must be in [0, 1]. Seen: 1.9"


def test_a_mistake_of_ours_is_not_taken_for_a_bad_picture(
    root: Path, detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(Detector, "detect", broken)
    with pytest.raises(ZeroDivisionError, match="ours"):
        list(process(open_run(tmp_path, detector), detector, find_images([root / "scenes"]), SERIAL))


def test_a_run_in_which_every_picture_failed_is_empty(detector: Detector, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    folder, _, summary = execute(tmp_path / "out", detector, find_images([tmp_path / "a.png"]))
    assert (summary["done"], summary["funnel"], summary["empty"]) == (0, {}, 0)
    table = pl.read_parquet(folder.path / "decisions.parquet")
    assert table.height == 0
    assert dict(table.schema) == SCHEMA
    assert json.loads((folder.path / "instances.json").read_text())["annotations"] == []


def other(detector: Detector, **options: object) -> Detector:
    return replace(detector, settings=resolve("strict", options={**OPTIONS, **options}))


def test_another_run_is_refused_and_the_differences_named(detector: Detector, done: Done) -> None:
    before = results(done[0].path)
    with pytest.raises(OutputConflict) as caught:
        open_run(done[0].path, other(detector, min_pos_score=0.7, topk=4))
    assert str(caught.value) == (
        f"Output folder {done[0].path} belongs to another run; it differs in min_pos_score (0.78 there, "
        "0.7 here), topk (5 there, 4 here). Choose another --out, or give the same settings and exemplars "
        "to go on with it."
    )
    assert results(done[0].path) == before


def test_other_exemplars_are_another_run(detector: Detector, root: Path, done: Done, tmp_path: Path) -> None:
    shutil.copytree(root / "positive", tmp_path / "positive")
    same = Detector.from_folders(tmp_path / "positive", settings=SETTINGS)
    assert open_run(done[0].path, same) == done[0]
    save(example(RED, 9)[0], tmp_path / "positive" / "red" / "2.png")
    more = Detector.from_folders(tmp_path / "positive", settings=SETTINGS)
    with pytest.raises(OutputConflict, match=r"it differs in exemplars\."):
        open_run(done[0].path, more)


def test_a_moved_box_is_another_run(root: Path, tmp_path: Path) -> None:
    scene = root / "scenes" / "0.png"
    first, second = (
        Detector.from_exemplars(ExemplarSet((Exemplar(scene, "a", "red", box=box),)), SETTINGS)
        for box in ((90, 60, 130, 100), (19, 19, 51, 51))
    )
    open_run(tmp_path / "out", first)
    with pytest.raises(OutputConflict, match=r"it differs in exemplars\."):
        open_run(tmp_path / "out", second)


def test_an_exemplar_that_cannot_be_read_may_move(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "positive", tmp_path / "here")
    (tmp_path / "here" / "red" / "broken.png").write_bytes(b"no picture")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    here, there = (Detector.from_folders(tmp_path / place, settings=SETTINGS) for place in ("here", "there"))
    assert len(here.bank.problems) == 1
    assert open_run(tmp_path / "out", here) == open_run(tmp_path / "out", there)


def test_what_pages_show_is_no_other_run(detector: Detector, done: Done) -> None:
    assert open_run(done[0].path, other(detector, keep_rejected=3)) == done[0]


def test_a_file_or_a_folder_of_other_things_is_no_run(detector: Detector, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(OutputConflict) as caught:
        open_run(tmp_path, detector)
    assert str(caught.value) == (
        f"Output folder {tmp_path} is not empty and holds no run. Choose a new or empty folder with --out."
    )
    with pytest.raises(OutputConflict, match=r"thesis\.docx is a file\. Name a folder with --out\."):
        open_run(tmp_path / "thesis.docx", detector)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.parametrize("text", ["", "[]", '{"exemplars": 3}', "\\xff"])
def test_a_description_that_is_none_is_another_run(detector: Detector, tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(OutputConflict, match=r"it differs in its run\.json, which describes no run\."):
        open_run(tmp_path, detector)


def test_a_run_killed_at_its_very_beginning_can_go_on(
    root: Path, detector: Detector, done: Done, tmp_path: Path
) -> None:
    (tmp_path / ".lydite-0123456789abcdef.json").write_text('{"fing')
    open_run(tmp_path, detector)
    (tmp_path / "settings.toml").unlink()
    execute(tmp_path, detector, find_images([root / "scenes"]))
    assert results(tmp_path) == results(done[0].path)


def test_an_unknown_proposer_is_named(root: Path) -> None:
    with pytest.raises(UnknownName, match=r"no proposer named 'region'\. Did you mean 'regions'"):
        Detector.from_folders(root / "positive", settings=resolve(options={**OPTIONS, "proposer": "region"}))
