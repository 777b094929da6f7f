"""Examples looked at once, runs from their file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from cli.support_cli import SMALL, lydite, words
from pictures import BLUE, GREEN, RED, YELLOW, example, save, write_examples, write_scene

STRICT = ("--preset", "strict", "--no-pages", "--long-side", 160, "--superpixels", 200)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_examples(tmp_path / "positive", {"red": RED, "green": GREEN})
    for k, colour in enumerate((BLUE, YELLOW)):
        save(example(colour, k)[0], tmp_path / "negative" / f"{k}.jpg")
    write_scene(tmp_path / "scenes" / "a.png")
    return tmp_path


def make(root: Path, *more: object) -> Path:
    path = root / "fruit.bank"
    told = lydite(
        "detect", "bank", root / "positive", "--negative", root / "negative", "--out", path,
        "--short-side", 128, "--pseudo-negative-cos", 0.99, *more,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "6 examples of 2 classes and 2 negatives" in told.out
    return path


def test_a_run_from_a_bank_equals_the_run_from_its_folders(root: Path) -> None:
    bank = make(root)
    folders = lydite(
        "detect", "run", root / "scenes", "--positive", root / "positive", "--negative", root / "negative",
        "--pseudo-negative-cos", 0.99, "--short-side", 128, "--out", root / "a", *STRICT,
    )  # fmt: skip
    assert folders.code == 0, folders.err
    shutil.move(root / "positive", root / "gone")
    told = lydite("detect", "run", root / "scenes", "--bank", bank, "--out", root / "b", *STRICT)
    assert told.code == 0, told.err
    assert "example positive/red/0.jpg has changed or gone since the bank was saved" in told.err
    a, b = (pl.read_parquet(root / name / "decisions.parquet") for name in "ab")
    assert a.equals(b)
    assert (a["outcome"] == "accepted").any()
    prints = [json.loads((root / name / "run.json").read_text())["fingerprint"] for name in "ab"]
    assert prints[0] == prints[1]


def test_the_bank_brings_its_settings_and_contradictions_are_refused(root: Path) -> None:
    bank = make(root)
    told = lydite(
        "detect", "run", root / "scenes", "--bank", bank, "--short-side", 96, "--out", root / "b", *STRICT
    )
    assert told.code == 2
    assert "was made by other settings: short_side (128 there, 96 here)" in words(told.err)


def test_examples_come_from_one_place(root: Path) -> None:
    bank = make(root)
    both = lydite(
        "detect", "run", root / "scenes", "--bank", bank, "--positive", root / "positive", "--out",
        root / "b",
    )  # fmt: skip
    assert both.code == 2
    assert "Option --bank holds its own examples." in words(both.err)
    neither = lydite("detect", "run", root / "scenes", "--out", root / "b", *SMALL)
    assert neither.code == 2
    assert "Nothing says what to find." in words(neither.err)
    again = lydite("detect", "bank", root / "positive", "--out", bank)
    assert again.code == 2
    assert "There is already something at" in words(again.err)


def test_a_box_in_the_picture_under_work_is_an_example(root: Path) -> None:
    scene = root / "scenes" / "a.png"
    told = lydite(
        "detect", "run", scene, "--example", f"red={scene}@19,19,51,51", "--counter-example",
        f"{scene}@120,10,146,36", "--short-side", 128, "--out", root / "out", *STRICT,
    )  # fmt: skip
    assert told.code == 0, told.err
    table = pl.read_parquet(root / "out" / "decisions.parquet").filter(pl.col("outcome") == "accepted")
    assert set(table["class"]) == {"red"}
    assert set(table["nearest_positive"]) == {"positive/red/a.png@19,19,51,51"}
    assert set(table["nearest_negative"]) == {"negative/a.png@120,10,146,36"}


def test_boxes_of_a_file_among_the_negatives_are_negatives(root: Path) -> None:
    scene = root / "scenes" / "a.png"
    shutil.copy(scene, root / "negative" / "a.png")
    boxes = ([120, 10, 26, 26], [500, 0, 9, 9])
    marks = {
        "images": [{"id": 1, "file_name": "a.png", "height": 120, "width": 160}],
        "categories": [{"id": 1, "name": "Blue thing"}],
        "annotations": [
            {"id": k, "image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 0}
            for k, box in enumerate(boxes)
        ],
    }
    (root / "negative" / "annotations.json").write_text(json.dumps(marks))
    told = lydite(
        "detect", "run", scene, "--example", f"red={scene}@19,19,51,51", "--negative", root / "negative",
        "--short-side", 128, "--out", root / "out", *STRICT,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "annotation left out: " in told.err
    assert "reaches out of the picture of 160x120 pixels" in words(told.err)
    described = json.loads((root / "out" / "run.json").read_text())["exemplars"]
    boxed = {each["name"]: each["box"] for each in described if each["class"] is None}
    assert boxed == {
        "negative/Blue thing/a.png#0": [120, 10, 146, 36], "negative/0.jpg": None, "negative/1.jpg": None,
    }  # fmt: skip
