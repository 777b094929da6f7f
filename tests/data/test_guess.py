from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import UsageError
from lydite.data.guess import guess_format


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '\ufeff {"images": []}', "coco"),
        ("a.json", '\n[{"data": {}}]', "labelstudio"),
        ("a.xml", "<?xml version='1.0'?>\n<annotations>", "cvat"),
        ("a.xml", "<annotation><folder/>", "voc"),
    ],
)
def test_a_file_is_told_by_how_it_begins(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert guess_format(tmp_path / name) == expected


@pytest.mark.parametrize(("name", "expected"), [("a.xml", "voc"), ("train/a.txt", "yolo")])
def test_a_folder_is_told_by_its_files(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    assert guess_format(tmp_path) == expected


def test_what_says_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y")
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(UsageError, match=r"Nothing says in which format .* is\. Name the format"):
            guess_format(path)
    with pytest.raises(UsageError, match=r"There is no file or folder .*gone\. Check the name\."):
        guess_format(tmp_path / "gone")
