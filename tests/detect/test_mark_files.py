"""Annotations beside examples: every format is read as one, and what is not read or not marked is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lydite.core import ExemplarError
from lydite.detect import find_annotated_negatives, find_examples
from pictures import GREEN, RED, disc, ground, save, square

BOX = (90.0, 60.0, 120.0, 90.0)
THINGS = {"red": (25.0, 25.0, 55.0, 55.0), "green": BOX}


def scene(path: Path) -> Path:
    return save(square(disc(ground((120, 160)), (40, 40), 15, RED), (90, 60), 30, GREEN), path)


def voc(path: Path, picture: str, names: tuple[str, ...] = ("red", "green"), width: int = 160) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x0 + 1:g}</xmin><ymin>{y0 + 1:g}</ymin>"
        f"<xmax>{x1:g}</xmax><ymax>{y1:g}</ymax></bndbox></object>"
        for name, (x0, y0, x1, y1) in THINGS.items()
        if name in names
    )
    path.write_text(
        f"<annotation><filename>{picture}</filename><size><width>{width}</width><height>120</height>"
        f"<depth>3</depth></size>{objects}</annotation>"
    )


def yolo(path: Path, labels: tuple[int, ...] = (0, 1)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    boxes = list(THINGS.values())
    path.write_text(
        "".join(
            f"{k} {(x0 + x1) / 320} {(y0 + y1) / 240} {(x1 - x0) / 160} {(y1 - y0) / 120}\n"
            for k in labels
            for x0, y0, x1, y1 in [boxes[k]]
        )
    )


def found_in(folder: Path) -> list[tuple[Any, ...]]:
    return [(each.name, each.class_name, each.box) for each in find_examples(folder).positives]


EVERY = [
    ("positive/red/a.png#0", "red", pytest.approx(THINGS["red"])),
    ("positive/green/a.png#1", "green", pytest.approx(BOX)),
]


def test_voc_beside_the_pictures(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    voc(tmp_path / "p" / "a.xml", "a.png")
    assert found_in(tmp_path / "p") == EVERY
    assert find_examples(tmp_path / "p").problems == ()


def test_yolo_beside_the_pictures(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    yolo(tmp_path / "p" / "a.txt")
    (tmp_path / "p" / "classes.txt").write_text("red\ngreen\n")
    (tmp_path / "p" / "README.txt").write_text("Made on a rainy day.\n")
    assert found_in(tmp_path / "p") == EVERY
    assert find_examples(tmp_path / "p").problems == ()


def test_voc_and_yolo_as_they_are_laid_out(tmp_path: Path) -> None:
    scene(tmp_path / "y" / "images" / "a.png")
    yolo(tmp_path / "y" / "labels" / "a.txt")
    (tmp_path / "y" / "data.yaml").write_text("names: [red, green]\n")
    scene(tmp_path / "v" / "JPEGImages" / "a.png")
    voc(tmp_path / "v" / "Annotations" / "a.xml", "a.png")
    assert found_in(tmp_path / "y") == found_in(tmp_path / "v") == EVERY
    for name in "yv":
        negatives, problems = find_annotated_negatives(tmp_path / name, ["green"])
        assert [each.against for each in negatives] == [None, "green"]
        assert negatives[1].box == pytest.approx(BOX)
        assert problems == ()


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_in_the_folder_of_a_class_its_rows_count_and_other_pictures_are_told(
    tmp_path: Path, kind: str
) -> None:
    """A picture without this class is no example of it; one that nothing speaks of is one as a whole."""
    folder = tmp_path / "p" / "green"
    for name in ("a.png", "b.png", "c.png"):
        scene(folder / name)
    if kind == "voc":
        voc(folder / "a.xml", "a.png")
        voc(folder / "b.xml", "b.png", ("red",))
        title = "Pascal VOC"
    else:
        yolo(folder / "a.txt")
        yolo(folder / "b.txt", (0,))
        (tmp_path / "p" / "classes.txt").write_text("red\ngreen\n")
        title = "YOLO"
    found = find_examples(tmp_path / "p")
    assert [(each.name, each.box) for each in found.positives] == [
        ("positive/green/a.png#1", pytest.approx(BOX)), ("positive/green/c.png", None),
    ]  # fmt: skip
    assert found.problems == (
        f"picture left out: {folder / 'b.png'}: {title} in {folder} marks no 'green' in it",
        f"picture taken whole: {folder / 'c.png'}: {title} in {folder} does not speak of it",
    )


def test_a_class_of_which_nothing_is_marked_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p" / "green"
    scene(folder / "a.png")
    yolo(folder / "a.txt", (0,))
    (folder / "classes.txt").write_text("red\ngreen\n")
    with pytest.raises(ExemplarError, match="marks no 'green', and no other picture lies there"):
        find_examples(tmp_path / "p")


def test_the_only_class_of_a_file_is_that_of_its_folder_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "p" / "tomato"
    scene(folder / "a.png")
    voc(folder / "a.xml", "a.png", ("red",))
    assert found_in(tmp_path / "p") == [("positive/tomato/a.png#0", "tomato", pytest.approx(THINGS["red"]))]
    told = f"class 'red' is taken as 'tomato': the only one of Pascal VOC in {folder}"
    assert find_examples(tmp_path / "p").problems == (told,)


def test_a_picture_that_no_annotation_speaks_of_is_told(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    voc(tmp_path / "p" / "a.xml", "a.png")
    other = scene(tmp_path / "p" / "sub" / "b.png")
    assert find_examples(tmp_path / "p").problems == (
        f"picture left out: {other}: Pascal VOC in {tmp_path / 'p'} does not speak of it",
    )
    negatives, problems = find_annotated_negatives(tmp_path / "p", [])
    assert [each.name for each in negatives][2:] == ["negative/sub/b.png"]
    assert problems == ()  # what lies in another folder was not meant to be annotated there
    other.rename(tmp_path / "p" / "b.png")
    beside, where = tmp_path / "p" / "b.png", tmp_path / "p"
    assert find_annotated_negatives(where, [])[1] == (
        f"picture taken whole: {beside}: Pascal VOC in {where} does not speak of it",
    )


def test_a_voc_file_about_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    voc(tmp_path / "p" / "a.xml", "a.png", width=80)
    with pytest.raises(ExemplarError, match=r"a\.png is of 160x120 pixels and of 80x120 in Pascal VOC in "):
        find_examples(tmp_path / "p")


def test_files_about_no_picture_are_told(tmp_path: Path) -> None:
    scene(tmp_path / "v" / "a.png")
    voc(tmp_path / "v" / "a.xml", "a.png")
    voc(tmp_path / "v" / "gone.xml", "gone.png")
    (told,) = find_examples(tmp_path / "v").problems
    assert told.startswith(f"annotation left out: {tmp_path / 'v' / 'gone.xml'}")
    assert "names no picture of the folder of pictures" in told
    scene(tmp_path / "y" / "a.png")
    yolo(tmp_path / "y" / "a.txt")
    yolo(tmp_path / "y" / "gone.txt")
    (tmp_path / "y" / "classes.txt").write_text("red\ngreen\n")
    (told,) = find_examples(tmp_path / "y").problems
    assert told.startswith(
        f"annotation left out: {tmp_path / 'y' / 'gone.txt'}: the file belongs to no picture"
    )


def test_annotations_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down" / "p"  # a list of classes may lie two folders above
    scene(folder / "a.png")
    yolo(folder / "a.txt")
    (folder / "tracks.xml").write_text(
        "<annotations><version>1.1</version><track id='0'></track></annotations>"
    )
    (folder / "odd.xml").write_text("<svg></svg>")
    found = find_examples(folder)
    assert [each.name for each in found.positives] == ["positive/a.png"]
    odd, tracks, labels = found.problems
    assert odd == f"annotations left out: {folder / 'odd.xml'}: nothing says in which format it is"
    assert tracks == (
        f"annotations left out: {folder / 'tracks.xml'}: CVAT for video 1.1 is not read among examples"
    )
    assert labels.startswith(
        f"annotations left out: YOLO in {folder}: There is no list of classes for {folder}."
    )
    assert find_annotated_negatives(folder, [])[1] == found.problems


def test_texts_about_something_else_are_no_labels(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    (tmp_path / "p" / "a.txt").write_text("a red disc and a green square")
    (tmp_path / "p" / "numbers.txt").write_text("1 2 3 4 5")
    found = find_examples(tmp_path / "p")
    assert [(each.name, each.box) for each in found.positives] == [("positive/a.png", None)]
    assert found.problems == ()


def test_annotations_of_two_kinds_are_refused(tmp_path: Path) -> None:
    scene(tmp_path / "p" / "a.png")
    voc(tmp_path / "p" / "a.xml", "a.png")
    content: dict[str, list[Any]] = {"images": [], "categories": [], "annotations": []}
    (tmp_path / "p" / "marks.json").write_text(json.dumps(content))
    with pytest.raises(
        ExemplarError, match=r"holds several annotation files.*marks\.json \(COCO\).*Pascal VOC"
    ):
        find_examples(tmp_path / "p")
