from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.samples import samples
from lydite.core import AnnotationError
from lydite.data.rle import from_coco_rle
from lydite.data.rows import (
    Place,
    Rows,
    fit_box,
    masks_from_rle,
    measure_picture,
    parse_number,
    parse_picture_path,
    parse_size,
    rasterise,
    read_bytes,
    read_text,
    turn_box,
)

HERE = Place("f.txt", 3, "box")


def test_places_are_spoken_as_paths() -> None:
    assert HERE.at("[2]").field == "box[2]"
    assert HERE.at("x", 9) == Place("f.txt", 9, "box.x")
    assert str(HERE.at("x").error("is bad", 5)) == "f.txt, line 3: box.x is bad. Seen: 5"
    assert str(Place("f.txt").error("is bad")) == "f.txt: the file is bad."


@pytest.mark.parametrize(
    ("box", "expected", "was_cut"),
    [
        ((1, 2, 3, 4), (1, 2, 3, 4), False),
        ((-1, 0, 11, 8), (0, 0, 10, 8), True),
        ((0, 0, 10.0005, 8), (0, 0, 10, 8), False),
    ],
)
def test_boxes_are_cut_within_the_tolerance(
    box: tuple[float, ...], expected: tuple[float, ...], was_cut: bool
) -> None:
    assert fit_box(box, (8, 10), 1.0, HERE) == (expected, was_cut)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (
            (-1.1, 0, 5, 5),
            r"f\.txt, line 3: box reaches out of the picture of 10x8 pixels\. Seen: \[-1\.1, 0\.0",
        ),
        ((0, 0, 5, 9.5), "reaches out of the picture"),
        ((10, 0, 11, 5), "reaches out of the picture"),
        ((3, 3, 3, 5), "has no area"),
        ((5, 3, 3, 5), "has no area"),
        ((float("nan"), 0, 1, 1), "is not finite"),
    ],
)
def test_boxes_that_are_refused(box: tuple[float, ...], message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fit_box(box, (8, 10), 1.0, HERE)


@given(st.lists(st.floats(-20, 30), min_size=4, max_size=4), st.floats(0, 5))
def test_what_is_accepted_lies_inside(box: list[float], tolerance: float) -> None:
    try:
        (x0, y0, x1, y1), _ = fit_box(box, (8, 10), tolerance, HERE)
    except AnnotationError:
        return
    assert 0 <= x0 < x1 <= 10
    assert 0 <= y0 < y1 <= 8
    assert np.abs(np.array([x0, y0, x1, y1]) - box).max() <= tolerance


def test_polygons_become_one_mask() -> None:
    box, rle = rasterise([[0, 0, 4, 0, 4, 4, 0, 4], [6, 2, 9, 2, 9, 8.5, 6, 8]], (8, 10), 1.0, HERE)
    assert box == (0, 0, 9, 8)
    expected = np.zeros((8, 10), np.bool_)
    expected[:4, :4] = expected[2:, 6:9] = True
    assert np.array_equal(from_coco_rle([rle], (8, 10)).decode(0), expected)


@pytest.mark.parametrize(
    ("polygons", "message"),
    [
        ([], "holds no polygon"),
        ([[1, 1, 2, 2]], r"box is not a polygon of three or more x y pairs\. Seen: 4 numbers"),
        ([[1, 1, 2, 2, 3, 3, 4]], "7 numbers"),
        ([[0, 0, 5, 0, 5, 5], [0, 0, 5, 0, 50, 5]], r"box\[1\] reaches out of the picture"),
        ([[0, 0, 5, 0, 1e300, 5]], "reaches out of the picture"),
        ([[0, 0, 5, 0, float("inf"), 5]], "is not finite"),
        ([[0, 0, 5, 0, 10**400, 5]], "is not finite"),
        ([[0, 0, 0, 3, 0, 5]], "has no area"),
    ],
)
def test_polygons_that_are_refused(polygons: list[list[float]], message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        rasterise(polygons, (8, 10), 1.0, HERE)


@pytest.mark.parametrize("value", [True, None, [], "x", "", "1e999", float("nan"), 10**400, 1e10])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(AnnotationError, match=r"box is (not|too large)"):
        parse_number(value, HERE)
    assert parse_number(" 1.5 ", HERE) == 1.5


@pytest.mark.parametrize(
    ("height", "width", "field"), [(0, 5, "height"), (5, 1.5, "width"), ("", 5, "height")]
)
def test_sizes(height: object, width: object, field: str) -> None:
    with pytest.raises(AnnotationError, match=rf"box\.{field} is not"):
        parse_size(height, width, HERE)
    assert parse_size("4", 5, HERE) == (4, 5)


@pytest.mark.parametrize("text", ["/a.jpg", "../a.jpg", "a/../../b.jpg", "C:\\a.jpg", "", " ", None, 3, "."])
def test_pictures_stay_in_their_folder(text: object) -> None:
    with pytest.raises(AnnotationError, match=r"box (leaves the folder of pictures|is no file name)"):
        parse_picture_path(text, HERE)
    assert parse_picture_path("a\\b c.jpg", HERE) == "a/b c.jpg"


def test_reading_files(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo")
    assert read_text(path) == "one\ntwo"
    path.write_bytes(b"one\ntwo \xff")
    with pytest.raises(
        AnnotationError, match=r"x\.txt, line 2: the text is not UTF-8\. Save it as UTF-8\. Seen: b'\\xff'"
    ):
        read_text(path)
    with pytest.raises(AnnotationError, match=r"the file cannot be read: Is a directory\. Check the name\."):
        read_bytes(tmp_path)


def test_measuring_pictures(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(samples()["rgb.png"])
    assert measure_picture(tmp_path / "x.png", HERE) == (12, 20)
    with pytest.raises(
        AnnotationError, match=r"box belongs to a picture that does not exist\. Seen: .*y\.png"
    ):
        measure_picture(tmp_path / "y.png", HERE)


def test_rle_errors_have_a_place() -> None:
    with pytest.raises(
        AnnotationError, match=r"f\.txt, line 3: box is no usable RLE: RLE counts must be 0 or more"
    ):
        masks_from_rle({"size": [2, 3], "counts": [5]}, (2, 3), HERE)
    with pytest.raises(AnnotationError, match="is no usable RLE"):
        masks_from_rle({"size": [2, 3], "counts": [10**30]}, (2, 3), HERE)


def test_rows_without_masks_among_rows_with_masks() -> None:
    rows = Rows((4, 5))
    rows.add((0, 0, 1, 1), 0, row_id="a")
    rows.add((0, 0, 2, 2), 1, {"size": [4, 5], "counts": [0, 2, 2, 2, 14]}, row_id="b", crowd=True)
    image = rows.build("x.jpg")
    assert image.masks is not None
    assert image.masks.areas.tolist() == [0, 4]
    assert image.ids == ("a", "b")
    assert image.crowd.tolist() == [False, True]
    assert Rows((4, 5)).build("x.jpg").masks is None


def test_a_turned_box_is_its_mask_and_the_box_around_it() -> None:
    box, rle = turn_box((4, 4, 12, 8), 90, (12, 20), HERE)
    assert box == (6, 2, 10, 10)
    assert from_coco_rle([rle], (12, 20)).areas.tolist() == [32]
    assert turn_box((10, 2, 14, 5), 90, (12, 20), HERE, "corner")[0] == (7, 2, 10, 6)
    assert turn_box((0, 0, 4, 4), 180, (12, 20), HERE)[0] == (0, 0, 4, 4)
    with pytest.raises(
        AnnotationError, match=r"f\.txt, line 3: box lies outside the picture once it is turned"
    ):
        turn_box((90, 90, 95, 95), 10, (12, 20), HERE)
