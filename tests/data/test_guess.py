"""Which format annotations are in, told by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import UsageError
from lydite.data.guess import locate_annotations


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '\ufeff {"images": []}', "coco"),
        ("a.json", '\n[{"data": {}}]', "label-studio"),
        ("a.xml", "<?xml version='1.0'?>\n<annotations>", "cvat"),
        ("a.xml", "<annotation><folder/>", "voc"),
    ],
)
def test_a_file_is_told_by_how_it_begins(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert locate_annotations(tmp_path / name) == (expected, tmp_path / name)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.xml", "voc"), ("Annotations/a.xml", "voc"), ("train/a.txt", "yolo")]
)
def test_a_folder_is_told_by_its_files(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("<annotation/>" if expected == "voc" else "")
    assert locate_annotations(tmp_path) == (expected, tmp_path)


def test_what_says_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y")
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(UsageError, match=r"Nothing says in which format .* is\. Name the format"):
            locate_annotations(path)
    with pytest.raises(UsageError, match=r"There is no file or folder .*gone\. Check the name\."):
        locate_annotations(tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("annotations.xml", "<annotations>", "cvat"),
        ("tasks.json", "[]", "label-studio"),
        ("instances.json", "{}", "coco"),
    ],
)
def test_a_folder_may_hold_the_one_file(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "provenance.json").write_text("{}")
    (tmp_path / "label_config.xml").write_text("<View/>")
    assert locate_annotations(tmp_path) == (expected, tmp_path / name)


def test_several_files_are_not_chosen_from(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(UsageError, match=r"holds several files of annotations\. Name the one that is meant"):
        locate_annotations(tmp_path)


def test_the_labels_of_a_yolo_folder_are_meant(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("")
    (tmp_path / "data.yaml").write_text("names: [a]")
    assert locate_annotations(tmp_path) == ("yolo", tmp_path / "labels")
