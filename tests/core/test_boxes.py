from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import Boxes, InvalidValue
from strategies import boxes, selections, sizes


@given(boxes(whole=True))
def test_whole_pixels_survive_coco_and_voc_exactly(some: Boxes) -> None:
    np.testing.assert_array_equal(Boxes.from_xywh(some.to_xywh()).xyxy, some.xyxy)
    np.testing.assert_array_equal(Boxes.from_voc(some.to_voc()).xyxy, some.xyxy)
    np.testing.assert_allclose(
        Boxes.from_yolo(some.to_yolo((480, 640)), (480, 640)).xyxy, some.xyxy, atol=1e-5
    )


@given(boxes(), sizes)
def test_fractions_survive_every_convention_to_rounding(some: Boxes, size_hw: tuple[int, int]) -> None:
    for again in (
        Boxes.from_xywh(some.to_xywh()),
        Boxes.from_voc(some.to_voc()),
        Boxes.from_yolo(some.to_yolo(size_hw), size_hw),
    ):
        np.testing.assert_allclose(again.xyxy, some.xyxy, atol=2e-5)


def test_a_box_that_covers_pixels_3_to_5() -> None:
    box = Boxes(np.array([[3, 3, 6, 6]], np.float32))
    assert box.to_xywh().tolist() == [[3, 3, 3, 3]]
    assert box.to_voc().tolist() == [[4, 4, 6, 6]]
    assert box.to_yolo((12, 12)).tolist() == [[0.375, 0.375, 0.25, 0.25]]
    assert box.areas.tolist() == [9]


def test_a_box_without_extent_survives_counting_from_one() -> None:
    tiny = np.float32(-8.6e-26)
    back = Boxes.from_voc(Boxes(np.array([[0, tiny, 0, tiny]], np.float32)).to_voc())
    np.testing.assert_allclose(back.xyxy, 0, atol=1e-9)
    with pytest.raises(InvalidValue):
        Boxes.from_voc([[2, 2, 0.9, 2]])


@given(boxes(), sizes)
def test_clipping_twice_is_clipping_once(some: Boxes, size_hw: tuple[int, int]) -> None:
    once = some.clip(size_hw)
    np.testing.assert_array_equal(once.clip(size_hw).xyxy, once.xyxy)
    height, width = size_hw
    assert (once.xyxy >= 0).all()
    assert (once.xyxy <= [width, height, width, height]).all()
    assert (once.areas <= some.areas).all()


@given(boxes(), sizes)
def test_clipping_leaves_what_is_inside(some: Boxes, size_hw: tuple[int, int]) -> None:
    height, width = size_hw
    inside = ((some.xyxy >= 0) & (some.xyxy <= [width, height, width, height])).all(axis=1)
    np.testing.assert_array_equal(some.clip(size_hw).xyxy[inside], some.xyxy[inside])


@given(st.data(), boxes())
def test_selection_takes_the_same_rows_as_numpy(data: st.DataObject, some: Boxes) -> None:
    index = data.draw(selections(len(some)))
    np.testing.assert_array_equal(some[index].xyxy, some.xyxy[index])


@given(st.lists(boxes(), max_size=4))
def test_concatenate_keeps_every_row_in_order(parts: list[Boxes]) -> None:
    whole = Boxes.concatenate(parts)
    rows = [row for part in parts for row in part.xyxy.tolist()]
    assert whole.xyxy.tolist() == rows


def test_boxes_cannot_be_written_and_leave_the_source_alone() -> None:
    source = np.array([[0, 0, 1, 1]], np.float32)
    some = Boxes(source)
    with pytest.raises(ValueError, match="read-only"):
        some.xyxy[0, 0] = 5
    source[0, 2] = 9
    assert some.xyxy.tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3)), "Boxes.xyxy must be an array of shape (n, 4). Seen: (2, 3)"),
        (np.zeros(4), "Boxes.xyxy must be an array of shape (n, 4). Seen: (4,)"),
        (
            np.array([[0, 0, 1, 1], [2, 0, 1, 1]]),
            "Boxes.xyxy[1] must be finite with x1 >= x0 and y1 >= y0. Seen: [2.0, 0.0, 1.0, 1.0]",
        ),
        (
            np.array([[0, 3, 1, 1]]),
            "Boxes.xyxy[0] must be finite with x1 >= x0 and y1 >= y0. Seen: [0.0, 3.0, 1.0, 1.0]",
        ),
        (
            np.array([[0, 0, np.nan, 1]]),
            "Boxes.xyxy[0] must be finite with x1 >= x0 and y1 >= y0. Seen: [0.0, 0.0, nan, 1.0]",
        ),
        (
            np.array([[0, 0, np.inf, 1]]),
            "Boxes.xyxy[0] must be finite with x1 >= x0 and y1 >= y0. Seen: [0.0, 0.0, inf, 1.0]",
        ),
    ],
)
def test_boxes_refuse(array: npt.NDArray[np.float32], message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Boxes(array)
    assert str(caught.value) == message


def test_foreign_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        Boxes.from_xywh([[1, 2, 3]])
    assert str(caught.value) == "boxes must be an array of shape (n, 4). Seen: (1, 3)"


@pytest.mark.parametrize("row", [[-np.inf, 0, np.inf, 1], [0, 0, 1e300, 1], [0, 0, -1, 1]])
def test_foreign_rows_that_are_no_boxes_are_refused(row: list[float]) -> None:
    with pytest.raises(InvalidValue, match=r"Boxes\.xyxy\[0\] must be finite with x1 >= x0"):
        Boxes.from_xywh([row])
    with pytest.raises(InvalidValue, match=r"Boxes\.xyxy\[0\] must be finite with x1 >= x0"):
        Boxes.from_yolo([row], (10, 10))
