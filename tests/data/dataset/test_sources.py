"""Folders whose names say something, files that are looked at, and what is found out by looking."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest

from data.dataset.made import draw_picture
from lydite.core import UnknownName, UsageError
from lydite.data.dataset import (
    FOLDERS,
    Intake,
    Seen,
    Wanted,
    look_at,
    read_folders,
    read_pictures,
    read_source,
)


def _rows(intake: Intake) -> dict[str, tuple[str | None, ...]]:
    return {
        item.partition(":")[2]: (split, label, group)
        for item, split, label, group in intake.items.select("item", "split", "label", "group").iter_rows()
    }


def test_the_folder_is_the_label_whatever_its_script(tmp_path: Path) -> None:
    for seed, name in enumerate(("Äpfel/1.png", "鳥 x/deep/2.png", "top.png")):
        draw_picture(tmp_path / name, seed)
    made = read_folders(tmp_path, "s")
    assert _rows(made) == {
        "Äpfel/1.png": (None, "Äpfel", None),
        "鳥 x/deep/2.png": (None, "鳥 x", None),
        "top.png": (None, None, None),
    }
    assert made.class_map.names == ("Äpfel", "鳥 x")


def test_a_folder_without_a_picture_is_told(tmp_path: Path) -> None:
    draw_picture(tmp_path / "train" / "pear" / "deep" / "1.png", 0)
    for name in ("train/plum/deep", "val", ".hidden", "train/.thumbs"):
        (tmp_path / name).mkdir(parents=True)
    for layout, bare in (("split/label", ["train/plum"]), ("label", ["val"]), ("group", [])):
        report = read_folders(tmp_path, "s", layout).report["what"].to_list()
        told = [what for what in report if "holds no picture" in what]
        assert told == [f"folder {name} holds no picture, so it names no class" for name in bare]


def test_a_layout_says_what_each_level_names(tmp_path: Path) -> None:
    for seed, name in enumerate(("Train/Fruit/Apple/Gala/1.png", "valid/Fruit/Kiwi/2.png")):
        draw_picture(tmp_path / name, seed)
    made = read_folders(tmp_path, "s", "split/*/label/group")
    assert _rows(made) == {
        "Train/Fruit/Apple/Gala/1.png": ("train", "Apple", "Gala"),
        "valid/Fruit/Kiwi/2.png": ("val", "Kiwi", "Kiwi"),
    }
    defaulted = made.report.filter(pl.col("kind") == "defaulted")["what"].to_list()
    assert defaulted == [
        "1 items: folder Train is the split train",
        "1 items: folder valid is the split val",
        "1 items: no folder for a group, so their label is their group",
    ]
    guessed = read_folders(tmp_path, "s")
    assert _rows(guessed)["valid/Fruit/Kiwi/2.png"] == ("val", "Fruit", None)
    assert any("layout split/label" in what for what in guessed.report["what"])
    for bad in ("label/label", "class", ""):
        with pytest.raises(UsageError, match="A layout is made of"):
            read_folders(tmp_path, "s", bad)


def test_names_that_cannot_be_items_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    draw_picture(tmp_path / "a" / "1.png", 0)
    draw_picture(tmp_path / "a" / "back\\slash.png", 1)
    draw_picture(tmp_path / "a" / "x.png", 2).rename(tmp_path / "a" / os.fsdecode(b"\xff.png"))
    made = read_folders(tmp_path, "s")
    assert made.items["item"].to_list() == ["s:a/1.png"]
    refused = made.report.filter(pl.col("kind") == "refused")
    assert len(refused) == 2
    assert "valid UTF-8" in " ".join(refused["what"])


def test_pictures_are_hashed_and_measured_and_bad_ones_named(tmp_path: Path) -> None:
    good = draw_picture(tmp_path / "a" / "1.png", 0, (24, 32))
    (tmp_path / "a" / "2.png").write_bytes(good.read_bytes())
    (tmp_path / "a" / "3.png").write_bytes(b"no picture")
    (tmp_path / "a" / "4.png").write_bytes(b"")
    seen: list[int] = []

    def watch(looks: Iterable[Seen], total: int) -> Iterable[Seen]:
        seen.append(total)
        return looks

    made = read_pictures(read_folders(tmp_path, "s"), watch=watch)
    assert seen == [4]
    images = made.items["image"].to_list()
    assert images[0] == images[1] is not None
    assert images[2:] == [None, None]
    assert made.items.row(0, named=True)["height"] == 24
    refused = made.report.filter(pl.col("kind") == "refused")
    assert refused["what"].to_list() == [
        "the picture of s:a/3.png is text, which is not supported",
        "the picture of s:a/4.png is empty",
    ]
    assert all(refused["remedy"])


def test_a_name_of_another_unicode_form_is_found(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Äpfel/ü.png")
    path = draw_picture(tmp_path / decomposed, 0)
    asked = tmp_path / unicodedata.normalize("NFC", "Äpfel/ü.png")
    look = next(look_at([asked]))
    assert look.image is not None
    assert look.path in {None, str(path)}  # none where the file system does not tell the forms apart
    made = read_pictures(read_folders(tmp_path, "s"))
    assert made.items["item"].to_list() == ["s:" + unicodedata.normalize("NFC", "Äpfel/ü.png")]
    assert made.items["image"].null_count() == 0


def _write_yolo(root: Path) -> None:
    (root / "data.yaml").write_text("names: [bird, cat]\n", encoding="utf-8")
    for seed, part in enumerate(("train", "valid")):
        draw_picture(root / part / "images" / "1.png", seed)
        (root / part / "labels").mkdir(parents=True)
        (root / part / "labels" / "1.txt").write_text("1 0.5 0.5 0.5 0.5\n", encoding="utf-8")


def test_yolo_with_a_folder_for_each_split_is_one_source(tmp_path: Path) -> None:
    _write_yolo(tmp_path)
    made = read_pictures(read_source(tmp_path, Wanted("y", group_pattern=r"^(\w+)/")))
    assert _rows(made) == {
        "train/images/1.png": ("train", None, "train"),
        "valid/images/1.png": ("val", None, "valid"),
    }
    assert made.regions["label"].to_list() == ["cat", "cat"]
    assert made.items["image"].null_count() == 0
    assert made.items["exhaustive"].all()
    told = read_source(tmp_path, Wanted("y", split="train", exhaustive=False))
    assert told.items["split"].to_list() == ["train", "train"]
    assert not told.items["exhaustive"].any()


def test_voc_lists_are_splits(tmp_path: Path) -> None:
    page = (
        "<annotation><filename>{0}.png</filename><size><width>32</width><height>24</height></size>"
        "<object><name>cell</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        "</object></annotation>"
    )
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (tmp_path / "Annotations").mkdir()
    for seed, stem in enumerate("abc"):
        draw_picture(tmp_path / "JPEGImages" / f"{stem}.png", seed)
        (tmp_path / "Annotations" / f"{stem}.xml").write_text(page.format(stem), encoding="utf-8")
    (lists / "train.txt").write_text("a\n", encoding="utf-8")
    (lists / "test.txt").write_text("b\n", encoding="utf-8")
    made = read_pictures(read_source(tmp_path / "Annotations", Wanted("v")))
    assert {at: row[0] for at, row in _rows(made).items()} == {
        "a.png": "train",
        "b.png": "test",
        "c.png": None,
    }
    assert made.regions.select("x0", "y0", "x1", "y1").row(0) == (1.0, 2.0, 9.0, 9.0)


def test_what_cannot_be_meant(tmp_path: Path) -> None:
    _write_yolo(tmp_path)
    with pytest.raises(UnknownName, match="no format named 'yollo'"):
        read_source(tmp_path, Wanted("s", "yollo"))
    with pytest.raises(UsageError, match="A layout is for folders"):
        read_source(tmp_path, Wanted("s", "yolo", layout="label"))
    with pytest.raises(UsageError, match="one group in parentheses"):
        read_source(tmp_path, Wanted("s", group_pattern="a"))
    with pytest.raises(UsageError, match="no regular expression"):
        read_source(tmp_path, Wanted("s", group_pattern="("))
    with pytest.raises(UsageError, match="There is no file or folder"):
        read_source(tmp_path / "nowhere", Wanted("s"))
    with pytest.raises(UsageError, match="There is no file or folder"):
        read_source(tmp_path / "nowhere", Wanted("s", "coco"))
    with pytest.raises(UsageError, match="is a file"):
        read_source(tmp_path / "data.yaml", Wanted("s", FOLDERS))
