from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from data.samples import samples
from lydite.core import AnnotationError, ClassMap, Masks
from lydite.data.annotations import AnnotatedImage, AnnotationSet
from lydite.data.formats.coco import read_coco, write_coco
from lydite.data.rle import to_coco_rle

SQUARE = [[2, 2, 6, 2, 6, 5, 2, 5]]


def document(*annotations: Any, **changes: Any) -> dict[str, Any]:
    content = {
        "images": [{"id": 7, "file_name": "in/a.jpg", "height": 8, "width": 10}],
        "categories": [{"id": 9, "name": "b"}, {"id": 3, "name": "a"}],
        "annotations": list(annotations),
    }
    return content | changes


def row(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]} | changes


def read(tmp_path: Path, content: Any, **options: Any) -> AnnotationSet:
    path = tmp_path / "x.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return read_coco(path, **options)


def test_boxes_polygons_and_rle(tmp_path: Path) -> None:
    mask = np.zeros((1, 8, 10), np.bool_)
    mask[0, 1:7, 1:7] = True
    mask[0, 3:5, 3:5] = False
    masks = Masks.from_dense(mask)
    found = read(
        tmp_path,
        document(
            row(),
            row(id=2, category_id=9, bbox=[2, 2, 4, 3], segmentation=SQUARE),
            row(id=3, segmentation=to_coco_rle(masks)[0], iscrowd=1),
            {
                "id": 4,
                "image_id": 7,
                "category_id": 3,
                "segmentation": {"size": [8, 10], "counts": masks.to_counts(0)},
            },
            row(id=5, segmentation=[]),
        ),
    )
    assert found.problems == ()
    assert found.class_map.names == ("a", "b")
    (image,) = found.images
    assert image.path == "in/a.jpg"
    assert image.labels.tolist() == [0, 1, 0, 0, 0]
    assert image.boxes.xyxy[[0, 1, 3]].tolist() == [[1, 2, 4, 6], [2, 2, 6, 5], [1, 1, 7, 7]]
    assert image.crowd.tolist() == [False, False, True, False, False]
    assert image.ids == ("1", "2", "3", "4", "5")
    assert image.masks is not None
    assert image.masks.areas.tolist() == [0, 12, 32, 32, 0]
    assert np.array_equal(image.masks.decode(2), mask[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"bbox": [1, 2, "x", 4]},
            r"x\.json, line \d+: annotations\[1\]\.bbox\[2\] is not a number\. Seen: x",
        ),
        ({"bbox": [1, 2, 0, 4]}, r"annotations\[1\]\.bbox\[2\] \(width\) is not positive\. Seen: 0\.0"),
        ({"bbox": [1, 2, 3, -4]}, r"annotations\[1\]\.bbox\[3\] \(height\) is not positive"),
        ({"bbox": [1, 2, 3]}, r"annotations\[1\]\.bbox is not a list of four numbers"),
        ({"bbox": None}, r"annotations\[1\]\.bbox is not a list of four numbers"),
        ({"bbox": [1, 2, 30, 4]}, r"annotations\[1\]\.bbox reaches out of the picture of 10x8 pixels"),
        ({"bbox": [1, 2, float("nan"), 4]}, r"annotations\[1\]\.bbox\[2\] is not finite"),
        ({"image_id": 8}, r"annotations\[1\]\.image_id is the id of no usable image\. Seen: 8"),
        ({"image_id": "7"}, r"annotations\[1\]\.image_id is not a whole number\. Seen: 7"),
        ({"category_id": 1}, r"annotations\[1\]\.category_id is the id of no known category\. Seen: 1"),
        ({"segmentation": [[1, 2, 3, 4]]}, r"annotations\[1\]\.segmentation is not a polygon"),
        (
            {"segmentation": [[1, 2, 3, 4, 5, None]]},
            r"annotations\[1\]\.segmentation\[0\]\[5\] is not a number",
        ),
        ({"segmentation": [[1, 2, 3, 4, 5, 1e8]]}, r"annotations\[1\]\.segmentation reaches out"),
        ({"segmentation": [1, 2, 3]}, r"annotations\[1\]\.segmentation is neither polygons nor RLE"),
        (
            {"segmentation": {"size": [8, 10], "counts": [3]}},
            r"segmentation is no usable RLE: RLE counts must be",
        ),
        ({"segmentation": {"size": [8, 10], "counts": [80]}}, r"segmentation is an empty mask"),
    ],
)
def test_a_bad_row_is_a_problem_with_its_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    found = read(tmp_path, document(row(), row(**changes), row(category_id=9)))
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    line = (tmp_path / "x.json").read_text().splitlines()[problem.line - 1]
    assert line.strip() == "{"
    assert found.images[0].labels.tolist() == [0, 1]


def test_rows_of_other_kinds(tmp_path: Path) -> None:
    found = read(tmp_path, document(row(), 5, {"image_id": 7, "category_id": 3}))
    assert [problem.field for problem in found.problems] == ["annotations[1]", "annotations[2].bbox"]


@pytest.mark.parametrize(
    ("image", "field"),
    [
        ({"id": 8, "file_name": "b.jpg", "height": 0, "width": 5}, "images[1].height"),
        ({"id": 8, "file_name": "../b.jpg", "height": 5, "width": 5}, "images[1].file_name"),
        ({"id": 8, "height": 5, "width": 5}, "images[1].file_name"),
        ({"id": 7, "file_name": "b.jpg", "height": 5, "width": 5}, "images[1].id"),
        ({"id": 8, "file_name": "in/a.jpg", "height": 5, "width": 5}, "images[1].file_name"),
        ("b.jpg", "images[1]"),
    ],
)
def test_a_bad_image_is_a_problem(tmp_path: Path, image: Any, field: str) -> None:
    content = document(row())
    content["images"].append(image)
    found = read(tmp_path, content)
    assert [problem.field for problem in found.problems] == [field]
    assert len(found.images) == len(found.images[0]) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"x\.json, line 1: the JSON is malformed at column 1: Expecting value"),
        ('{"images": [\n1,,', r"x\.json, line 2: the JSON is malformed at column 3"),
        ("[]", r"x\.json: the JSON is not an object\. Seen: list"),
        ("[" * 100_000, r"the JSON cannot be read"),
        ({"categories": []}, r"x\.json: images is missing"),
        ({"images": []}, r"x\.json: categories is missing"),
        (document(images=5), r"images is not a list\. Seen: int"),
        (document(categories=[{"id": 1}]), r"categories\[0\]\.name is no text"),
        (document(categories=[{"id": "1", "name": "a"}]), r"categories\[0\]\.id is not a whole number"),
        (document(categories=[5]), r"categories\[0\] is not an object"),
        (
            document(categories=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]),
            r"categories\[1\] stands twice",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, content)


def test_given_classes_and_sizes_from_pictures(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(samples()["rgb.bmp"])
    content = document(row(), row(category_id=9), images=[{"id": 7, "file_name": "in\\a.jpg"}])
    assert "images[0].height is not a number" in str(read(tmp_path, content).problems[0])
    found = read(tmp_path, content, images=tmp_path, classes=ClassMap(("z", "b")))
    assert found.images[0].size_hw == (12, 20)
    assert found.images[0].labels.tolist() == [1]
    assert [problem.field for problem in found.problems] == ["annotations[0].category_id"]


def test_a_pixel_outside_is_cut_and_noted(tmp_path: Path) -> None:
    found = read(tmp_path, document(row(bbox=[-0.5, 0, 11, 8])))
    assert found.images[0].boxes.xyxy.tolist() == [[0, 0, 10, 8]]
    assert found.notes == (f"{tmp_path}/x.json: annotations[0].bbox was cut at the edge of the picture",)


@settings(deadline=None, max_examples=50)
@given(
    dense=hnp.arrays(np.bool_, st.tuples(st.integers(0, 4), st.just(7), st.just(9))),
    labels=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    flags=st.lists(st.booleans(), min_size=4, max_size=4),
    name=st.text(min_size=1).filter(lambda name: name.strip() == name and not set(name) & set("/\\:.")),
)
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    dense: npt.NDArray[np.bool_],
    labels: list[int],
    flags: list[bool],
    name: str,
) -> None:
    path = tmp_path_factory.mktemp("coco") / "x.json"
    masks = Masks.from_dense(dense[dense.any(axis=(1, 2))]) if len(dense) else Masks.empty((7, 9))
    count = len(masks)
    image = AnnotatedImage(
        name,
        (7, 9),
        masks.boxes,
        np.array(labels[:count], np.int64),
        masks if count else None,
        tuple(f"images:{name}#{number}" for number in range(count)) or None,
        crowd=np.array(flags[:count], np.bool_),
        difficult=~np.array(flags[:count], np.bool_),
    )
    write_coco(path, AnnotationSet(ClassMap(("ä", "b")), (image,)))
    found = read_coco(path)
    assert (found.problems, found.notes) == ((), ())
    assert found.class_map.names == ("ä", "b")
    (again,) = found.images
    assert (again.path, again.size_hw, again.ids) == (image.path, image.size_hw, image.ids)
    for column in ("labels", "crowd", "difficult"):
        assert np.array_equal(getattr(again, column), getattr(image, column))
    assert np.array_equal(again.boxes.xyxy, image.boxes.xyxy)
    assert (again.masks is None) == (count == 0)
    if again.masks is not None:
        assert np.array_equal(again.masks.to_dense(), masks.to_dense())
