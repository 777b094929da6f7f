from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.samples import samples
from lydite.core import AnnotationError, ClassMap
from lydite.data.annotations import AnnotationSet
from lydite.data.brush import pack_mask
from lydite.data.formats.label_studio import read_label_studio

SIZE = {"original_width": 20, "original_height": 10, "image_rotation": 0}


def region(kind: str = "rectanglelabels", label: Any = "car", **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = {"x": 10, "y": 20, "width": 50, "height": 30, "rotation": 0}
    if kind == "polygonlabels":
        value = {"points": [[10, 20], [30, 20], [30, 50], [10, 50]], "closed": True}
    elif kind == "brushlabels":
        value = {"format": "rle", "rle": pack_mask(BRUSH)}
    of_value = {key: changes.pop(key) for key in list(changes) if key in {*value, "points", "rle"}}
    return {
        "id": "r1",
        "type": kind,
        "from_name": "a",
        "to_name": "image",
        **SIZE,
        "value": {**value, kind: label if isinstance(label, list) else [label], **of_value},
        **changes,
    }


BRUSH = np.zeros((10, 20), np.bool_)
BRUSH[2:8, 3:12] = True
BRUSH[4:6, 5:7] = False


def task(*regions: Any, image: Any = "in/a.jpg", **changes: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"image": image}, "annotations": [{"id": 5, "result": list(regions)}]} | changes


def read(tmp_path: Path, content: Any, **options: Any) -> AnnotationSet:
    path = tmp_path / "x.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_label_studio(path, **options)


def test_rectangles_polygons_and_brushes(tmp_path: Path) -> None:
    found = read(
        tmp_path, [task(region(), region("polygonlabels", "bus"), region("brushlabels", id="r3", score=0.5))]
    )
    assert (found.problems, found.notes) == ((), ())
    assert found.class_map.names == ("bus", "car")
    (image,) = found.images
    assert (image.path, image.size_hw) == ("in/a.jpg", (10, 20))
    assert image.labels.tolist() == [1, 0, 1]
    assert image.boxes.xyxy.tolist() == [[2, 2, 12, 5], [2, 2, 6, 5], [3, 2, 12, 8]]
    assert image.masks is not None
    assert image.masks.areas.tolist() == [0, 12, 50]
    assert np.array_equal(image.masks.decode(2), BRUSH)
    assert image.ids == ("r1", "r1", "r3")
    assert image.scores is not None
    assert image.scores[2] == 0.5


def test_a_turned_rectangle_turns_about_its_corner(tmp_path: Path) -> None:
    found = read(tmp_path, [task(region(x=50, y=20, width=20, height=30, rotation=90))])
    assert found.images[0].boxes.xyxy.tolist() == [[7, 2, 10, 6]]
    assert "is a turned box and became a mask and the box around it" in found.notes[0]


def test_annotations_go_before_predictions(tmp_path: Path) -> None:
    prediction = {"predictions": [{"result": [region(score=0.75)]}]}
    both = read(tmp_path, [task(region(label="bus"), **prediction)])
    assert both.class_map.names == ("bus",)
    assert both.images[0].scores is None
    alone = read(tmp_path, [task(annotations=[], **prediction)])
    assert alone.images[0].scores is not None
    assert alone.notes == (
        f"{tmp_path}/x.json: [0].predictions[0].result is a prediction, not an annotation",
    )
    empty = task(**prediction) | {"data": {"image": "a.jpg", "width": 20, "height": 10}}
    assert len(read(tmp_path, [empty]).images[0]) == 0


def test_of_several_annotations_the_marked_one_is_meant(tmp_path: Path) -> None:
    several = [
        {"result": [region(label="a")]},
        {"result": [region(label="b")], "ground_truth": True},
        {"result": [region(label="c")], "was_cancelled": True},
    ]
    assert read(tmp_path, [task(annotations=several)]).class_map.names == ("b",)
    assert read(tmp_path, [task(annotations=[several[2], several[0]])]).class_map.names == ("a",)
    unclear = read(tmp_path, [task(annotations=[several[0], several[0]])])
    assert "[0].annotations holds 2, and nothing says which is meant. Mark one as ground truth." in str(
        unclear.problems[0]
    )


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("/data/local-files/?d=shelf%203/%C3%A4.jpg", "shelf 3/ä.jpg"),
        ("/data/upload/4/1a2b-a.jpg", "4/1a2b-a.jpg"),
        ("b.jpg", "b.jpg"),
    ],
)
def test_paths_that_a_server_made(tmp_path: Path, image: str, path: str) -> None:
    assert read(tmp_path, [task(region(), image=image)]).images[0].path == path


@pytest.mark.parametrize(
    "image",
    [
        "/etc/passwd",
        "../a.jpg",
        "/data/local-files/?d=/etc/passwd",
        "/data/local-files/?d=..%2Fa.jpg",
        "C:/a.jpg",
    ],
)
def test_paths_that_leave_the_folder_are_problems(tmp_path: Path, image: str) -> None:
    found = read(tmp_path, [task(region(), image=image), task(region(), image="b.jpg")])
    assert "x.json: [0].data.image leaves the folder of pictures" in str(found.problems[0])
    assert len(found.images) == 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (5, r"x\.json: \[0\]\.annotations\[0\]\.result\[1\] is not an object\. Seen: 5"),
        (
            region("ellipselabels"),
            r"result\[1\]\.type is none of rectanglelabels, polygonlabels, brushlabels",
        ),
        (region(x="10,5"), r"result\[1\]\.value\.x is not a number"),
        (region(x=True), r"value\.x is not a number\. Seen: True"),
        (region(x=float("nan")), r"value\.x is not finite"),
        (region(width=float("inf")), r"value\.width is not finite"),
        (region(width=0), r"value has no area"),
        (region(width=-5), r"value has no area"),
        (region(x=90), r"value reaches out of the picture of 20x10 pixels"),
        (region(rotation="x"), r"value\.rotation is not a number"),
        (region(label=[]), r"value\.rectanglelabels is not the name of one label\. Seen: \[\]"),
        (region(label=["a", "b"]), r"value\.rectanglelabels is not the name of one label"),
        (region(label=[3]), r"value\.rectanglelabels is not the name of one label"),
        (region(value=5), r"result\[1\]\.value is not an object"),
        (region(image_rotation=90), r"image_rotation is not 0\. Turn the picture itself\. Seen: 90"),
        (region(original_width=21), r"original size differs from 20x10 of the same picture"),
        (region("polygonlabels", points=[[1, 2], [3, 4]]), r"value\.points is not a polygon of three"),
        (region("polygonlabels", points=[[1, 2], [3]]), r"value\.points is not a list of x y pairs"),
        (region("polygonlabels", points=None), r"value\.points is not a list of x y pairs"),
        (region("polygonlabels", points=[[1, 2], [3, "x"], [5, 6]]), r"value\.points\[1\] is not a number"),
        (region("brushlabels", rle=[1, 2]), r"value\.rle is no usable mask: A packed mask must be longer"),
        (region("brushlabels", rle="x"), r"value\.rle is no usable mask: A packed mask must be a list"),
        (region("brushlabels", rle=pack_mask(BRUSH[:5])), r"must be of 800 values, as its picture has"),
        (region("brushlabels", rle=pack_mask(~BRUSH & BRUSH)), r"value\.rle is an empty mask"),
        (region(score="high"), r"result\[1\]\.score is not a number"),
    ],
)
def test_a_bad_region_is_a_problem(tmp_path: Path, bad: Any, message: str) -> None:
    found = read(tmp_path, [task(region(), bad, region())])
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert len(found.images[0]) == 2


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (5, r"\[1\] is not an object"),
        ({}, r"\[1\]\.data is not an object"),
        (task(region(), image=None), r"\[1\]\.data\.image is no file name"),
        (task(region()), r"\[1\]\.data\.image stands twice"),
        (task(region(), image="b.jpg", annotations=5), r"\[1\]\.annotations is not a list\. Seen: int"),
        (task(image="b.jpg", annotations=[5]), r"\[1\]\.annotations\[0\] is not an object"),
        (task(image="b.jpg", annotations=[{}]), r"\[1\]\.annotations\[0\]\.result is not a list"),
        (task(image="b.jpg"), r"\[1\]\.data\.height is not a number"),
    ],
)
def test_a_bad_task_is_a_problem(tmp_path: Path, bad: Any, message: str) -> None:
    found = read(tmp_path, [task(region()), bad])
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert len(found.images) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"x\.json, line 1: the JSON is malformed at column 1"),
        ("[\n{,", r"x\.json, line 2: the JSON is malformed"),
        ("[" * 100_000, r"the JSON cannot be read"),
        ("{}", r"the JSON is no list of tasks\. Export the project in the format JSON\. Seen: dict"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, content)


def test_a_claimed_size_cannot_make_memory_explode(tmp_path: Path) -> None:
    huge = {"original_width": 900_000_000, "original_height": 900_000_000}
    found = read(tmp_path, [task(region("brushlabels", **huge))])
    assert "rle is the mask of a picture that is too large" in str(found.problems[0])


def test_given_classes_and_sizes_from_pictures(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(samples()["rgb.bmp"])
    assert read(tmp_path, [task()], images=tmp_path).images[0].size_hw == (12, 20)
    found = read(tmp_path, [task(region(), region(label="bus"))], classes=ClassMap(("bus",)))
    assert found.images[0].labels.tolist() == [0]
    assert "rectanglelabels is no class of the given class map. Seen: car" in str(found.problems[0])
