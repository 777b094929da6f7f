from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from data.samples import samples
from lydite.core import AnnotationError, ClassMap, UsageError
from lydite.data.formats.yolo import read_yolo, read_yolo_names
from support import measuring_data

CLASSES = ClassMap(("head", "helmet"))
LAUGHS = (
    "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 12)) + "names: *a11"
)


def tree(root: Path, **texts: str) -> Path:
    """Pictures of 20x12 pixels with label files; an empty text leaves the label file out."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(exist_ok=True)
    for stem, text in texts.items():
        (root / "images" / f"{stem}.bmp").write_bytes(samples()["rgb.bmp"])
        if text:
            (root / "labels" / f"{stem}.txt").write_text(text)
    return root / "labels"


def test_boxes_and_polygons(tmp_path: Path) -> None:
    labels = tree(tmp_path, a="1 0.5 0.5 0.5 0.5\n\n0.0 .1 .25 .3 .25 .3 .75 .1 .75\n", b="", c="0 .5 .5 1 1")
    found = read_yolo(labels, classes=CLASSES)
    assert [image.path for image in found.images] == ["a.bmp", "b.bmp", "c.bmp"]
    first = found.images[0]
    assert np.abs(first.boxes.xyxy - [[5, 3, 15, 9], [2, 3, 6, 9]]).max() < 1e-5
    assert first.labels.tolist() == [1, 0]
    assert first.masks is not None
    assert first.masks.areas.tolist() == [0, 24]
    assert found.images[2].masks is None
    assert len(found.images[1]) == 0
    assert (found.problems, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2 .5 .5 .1 .1", r"a\.txt, line 2: class is not the number of one of 2 classes\. Seen: 2"),
        ("-1 .5 .5 .1 .1", "class is not the number"),
        ("0.5 .5 .5 .1 .1", "class is not the number"),
        ("x .5 .5 .1 .1", r"line 2: class is not a number\. Seen: x"),
        ("0 .5 .5 .1", r"line 2: the line is neither a box \(5 columns\) nor a polygon .* Seen: 4 columns"),
        ("0 .5 .5 .1 .1 .9", "Seen: 6 columns"),
        ("0 .5 .5 .1 .1 .9 .9 .9", "Seen: 8 columns"),
        ("0 .5 y .1 .1", r"line 2: cy is not a number\. Seen: y"),
        ("0 .5 .5 0 .1", r"line 2: width is not positive\. Seen: 0\.0"),
        ("0 .5 .5 .1 -.1", r"line 2: height is not positive"),
        ("0 .5 .5 nan .1", r"line 2: width is not finite"),
        ("0 5 5 2 2", r"line 2: the box reaches out of the picture of 20x12 pixels"),
        ("0 .1 .1 .2 .2 .3 3", r"line 2: the polygon reaches out of the picture"),
        ("0 .1 .1 .2 .2 .3 z", r"line 2: y2 is not a number\. Seen: z"),
    ],
)
def test_a_bad_line_is_a_problem_and_the_rest_goes_on(tmp_path: Path, line: str, message: str) -> None:
    found = read_yolo(tree(tmp_path, a=f"0 .5 .5 .1 .1\n{line}\n1 .5 .5 .1 .1"), classes=CLASSES)
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert found.images[0].labels.tolist() == [0, 1]


def test_a_pixel_outside_is_cut_and_noted(tmp_path: Path) -> None:
    found = read_yolo(tree(tmp_path, a="0 .5 .5 1.05 1"), classes=CLASSES)
    assert found.images[0].boxes.xyxy.tolist() == [[0, 0, 20, 12]]
    assert found.notes[0].endswith("a.txt, line 1: the box was cut at the edge of the picture")


def test_sizes_are_those_of_the_picture_as_shown(tmp_path: Path) -> None:
    labels = tree(tmp_path)
    (tmp_path / "images" / "t.jpg").write_bytes(samples()["rgb.jpg"])  # EXIF orientation 6
    (labels / "t.txt").write_text("0 .5 .5 1 1")
    found = read_yolo(labels, classes=CLASSES)
    assert found.images[0].size_hw == (20, 12)
    assert found.images[0].boxes.xyxy.tolist() == [[0, 0, 12, 20]]


def test_what_does_not_match_is_a_problem(tmp_path: Path) -> None:
    labels = tree(tmp_path, a="0 .5 .5 1 1", b="0 .5 .5 1 1", c="0 .5 .5 1 1")
    (tmp_path / "images" / "b.bmp").unlink()
    (tmp_path / "images" / "c.bmp").write_bytes(b"BM")
    (labels / "d.txt").write_bytes(b"\xff")
    (tmp_path / "images" / "d.bmp").write_bytes(samples()["rgb.bmp"])
    (labels / "classes.txt").write_text("head\nhelmet\n")
    found = read_yolo(labels)
    assert [image.path for image in found.images] == ["a.bmp"]
    messages = [str(problem) for problem in found.problems]
    assert "c.txt: the file belongs to a picture that is damaged or cut short" in messages[0]
    assert "d.txt, line 1: the text is not UTF-8" in messages[1]
    assert "b.txt: the file belongs to no picture" in messages[2]


def test_folders_inside_folders_and_foreign_names(tmp_path: Path) -> None:
    labels = tree(tmp_path)
    name = unicodedata.normalize("NFD", "é 鳥")
    for folder, suffix, content in (
        ("images", ".bmp", samples()["rgb.bmp"]),
        ("labels", ".txt", b"1 .5 .5 1 1"),
    ):
        (tmp_path / folder / "in").mkdir()
        (tmp_path / folder / "in" / (name + suffix)).write_bytes(content)
    found = read_yolo(labels / ".." / "labels", tmp_path / "labels" / ".." / "images", CLASSES)
    assert [image.path for image in found.images] == [f"in/{name}.bmp"]
    assert len(found.images[0]) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, b]\nnc: 2", ("a", "b")),
        ("names:\n  1: b\n  0: 'no'", ("no", "b")),
        ("path: ../x\nnames:\n- 'é'", ("é",)),
    ],
)
def test_names_from_yaml(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    assert read_yolo_names(tmp_path / "data.yaml").names == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: [a, b\nnc: 2", r"data\.yaml, line \d: the YAML is malformed"),
        ("nc: 2", r"data\.yaml: names is missing"),
        ("[]", r"names is missing"),
        ("names: 5", r"names is neither a list nor numbers to names\. Seen: 5"),
        ("names: {1: a, 2: b}", r"names is not numbered from 0 on without gaps\. Seen: \[1, 2\]"),
        ("names: [a, no]", r"names\[1\] is no text\. Put it in quotes\. Seen: False"),
        ("names: [a, a]", r"names holds a name twice"),
        ("names: []", r"names holds no name"),
        ("names: [a]\nnc: 2", r"nc disagrees with the 1 names\. Seen: 2"),
        ("names: !!python/object/apply:os.system [ls]", "the YAML is malformed"),
        ("a: " + "[" * 1500, "the YAML is malformed"),
        (LAUGHS, r"names\[0\] is no text\. Put it in quotes\. Seen: list"),
    ],
)
def test_yaml_that_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_yolo_names(tmp_path / "data.yaml")


def test_given_stems(tmp_path: Path) -> None:
    tree(tmp_path, a="0 0.5 0.5 0.5 0.5", b="1 0.5 0.5 0.5 0.5")
    found = read_yolo(tmp_path / "labels", classes=ClassMap(("x", "y")), stems=["b", "z"])
    assert [(image.path, len(image)) for image in found.images] == [("b.bmp", 1)]
    assert found.problems == ()


def test_names_are_looked_for_above(tmp_path: Path) -> None:
    labels = tree(tmp_path, a="")
    with pytest.raises(UsageError, match=r"There is no list of classes for .*labels\. Put one of data\.yaml"):
        read_yolo(labels)
    (tmp_path / "data.yaml").write_text("names: [x]")
    assert read_yolo(labels).class_map.names == ("x",)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder of labels"):
        read_yolo(tmp_path / "none", classes=CLASSES)
    with pytest.raises(
        UsageError, match=r"There is no folder 'images' beside .*\. Give the folder of pictures"
    ):
        read_yolo(tmp_path, classes=CLASSES)


@pytest.mark.data
def test_hardhat_reads_whole() -> None:
    found = read_yolo(measuring_data("data", "hardhat", "valid", "labels"))
    assert len(found) == 300
    assert found.class_map.names == ("head", "helmet", "person")
    assert found.problems == ()
