"""Stored numbers judged again are what judging them at once would have given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lydite.core import InputError, OutputConflict, UsageError
from lydite.data import find_images
from lydite.detect import (
    Detector,
    FinishedRun,
    RunFolder,
    assemble,
    finish,
    open_redecided,
    open_run,
    process,
    redecide,
    resolve,
)
from lydite.detect.config import unflatten
from lydite.detect.redecide import restore
from lydite.engines import build_engine
from pictures import BLUE, GREEN, RED, ground, save, square, write_examples, write_scene

OPTIONS: dict[str, object] = {"long_side": 160, "superpixels": 200, "short_side": 128, "max_candidates": 80}


def run(root: Path, out: Path, preset: str, **options: object) -> FinishedRun:
    settings = resolve(preset, options={**OPTIONS, **options})
    detector = Detector.from_folders(root / "positive", root / "negative", settings=settings)
    folder = open_run(out, detector)
    finish(folder, detector, list(process(folder, detector, find_images([root / "scenes"]), build_engine(1))))
    return FinishedRun.open(out)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("redecide")
    write_examples(root / "positive", {"red": RED, "green": GREEN}, count=3)
    save(square(ground((64, 64), 1), (16, 16), 32, BLUE), root / "negative" / "0.jpg")
    for k in range(2):
        write_scene(root / "scenes" / f"{k}.png", seed=k)
    return root


@pytest.fixture(scope="module")
def strict(root: Path) -> FinishedRun:
    return run(root, root / "strict", "strict")


def again(folder: FinishedRun, out: Path, **options: object) -> RunFolder:
    settings = unflatten(folder.settings | options)
    target = open_redecided(folder, out, settings)
    records = list(redecide(folder, target, settings))
    assemble(target, folder.class_map, "descriptor", records)
    return target


def decisions(folder: RunFolder | FinishedRun) -> pl.DataFrame:
    return pl.read_parquet(folder.path / "decisions.parquet").sort("item", "region")


def test_the_same_rules_give_the_same_decisions(root: Path, strict: FinishedRun) -> None:
    same = again(strict, root / "same")
    assert_frame_equal(decisions(same), decisions(strict), abs_tol=1e-6)
    assert same.describe() == strict.description


@pytest.mark.parametrize(
    "options",
    [
        {"min_pos_score": 0.99},
        {"nms_iou": 0.05, "nested_ios": 0.1, "allow_unknown": False},
        {"max_area_frac": 0.02, "min_quality": 0.5},
        {"class_thresholds": {"red": 4.0, "green": -1.0}, "class_slack": 0.1},
        {"duplicate_iou": 0.3},
    ],
)
def test_other_rules_give_what_a_new_run_gives(
    root: Path, strict: FinishedRun, tmp_path: Path, options: dict[str, object]
) -> None:
    fresh = run(root, tmp_path / "fresh", "strict", **options)
    moved = again(strict, tmp_path / "moved", **options)
    assert_frame_equal(decisions(moved), decisions(fresh), abs_tol=1e-6)
    assert moved.describe()["fingerprint"] == fresh.description["fingerprint"]
    assert not decisions(moved)["outcome"].equals(decisions(strict)["outcome"])


def test_a_decided_folder_is_a_run(root: Path, strict: FinishedRun, tmp_path: Path) -> None:
    """The same command with the other rules goes on with it and finds everything done."""
    moved = again(strict, tmp_path / "moved", min_pos_score=0.7)
    settings = resolve("strict", options={**OPTIONS, "min_pos_score": 0.7})
    detector = Detector.from_folders(root / "positive", root / "negative", settings=settings)
    folder = open_run(moved.path, detector)
    records = list(process(folder, detector, find_images([root / "scenes"]), build_engine(1)))
    assert all(record.resumed for record in records)


def test_what_the_numbers_depend_on_cannot_be_moved(strict: FinishedRun, tmp_path: Path) -> None:
    settings = unflatten(strict.settings | {"short_side": 96, "topk": 1})
    with pytest.raises(UsageError) as caught:
        open_redecided(strict, tmp_path / "out", settings)
    assert str(caught.value).startswith(
        "Stored numbers cannot be judged under another short_side, topk: they would be other numbers."
    )


def test_nothing_is_overwritten(strict: FinishedRun, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputConflict, match="is not an empty folder"):
        open_redecided(strict, tmp_path, unflatten(strict.settings))


def test_a_picture_without_candidates_is_restored(root: Path, tmp_path: Path) -> None:
    save(np.full((60, 60, 3), 128, np.uint8), tmp_path / "scenes" / "flat.png")
    settings = resolve("strict", options=OPTIONS)
    detector = Detector.from_folders(root / "positive", settings=settings)
    folder = open_run(tmp_path / "run", detector)
    finish(
        folder,
        detector,
        list(process(folder, detector, find_images([tmp_path / "scenes"]), build_engine(1))),
    )
    assert len(decisions(again(FinishedRun.open(folder.path), tmp_path / "again", min_pos_score=0.1))) == len(
        decisions(folder)
    )


def test_a_run_of_an_earlier_version_names_what_it_lacks(strict: FinishedRun) -> None:
    record = next(iter(strict.records))
    table = strict.read_table(record).drop("likeness_weight")
    settings = unflatten(strict.settings).decision
    with pytest.raises(InputError, match="lack likeness_weight: an earlier version"):
        restore(table, record, strict.class_map, settings)
