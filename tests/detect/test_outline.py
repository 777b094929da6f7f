"""Rectangles, squares and holes in numbers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lydite.core import Masks
from lydite.detect.outline import Outlines, measure_outlines


def measured(dense: np.ndarray) -> tuple[float, float, float]:
    found = measure_outlines(Masks.from_dense(dense[None]))
    return float(found.rectangle[0]), float(found.square[0]), float(found.holes[0])


def drawn(size: int = 200) -> np.ndarray:
    return np.zeros((size, size), np.uint8)


def test_a_filled_box_is_a_rectangle_and_as_square_as_its_sides() -> None:
    canvas = drawn()
    canvas[20:60, 30:50] = 1
    assert measured(canvas) == (1.0, 0.5, 0.0)


@pytest.mark.parametrize("angle", [10, 30, 45, 77])
@pytest.mark.parametrize("size", [(60, 40), (150, 100)])
def test_a_turned_rectangle_is_one_all_the_same(angle: float, size: tuple[int, int]) -> None:
    corners = cv2.boxPoints(((100, 100), size, angle)).astype(np.int32)
    rectangle, square, holes = measured(cv2.fillPoly(drawn(), [corners], 1))
    assert rectangle > 0.93
    assert square == pytest.approx(2 / 3, abs=0.04)
    assert holes == 0


@pytest.mark.parametrize("radius", [10, 20, 90])
def test_a_disc_fills_pi_quarters(radius: int) -> None:
    rectangle, square, _ = measured(cv2.circle(drawn(), (100, 100), radius, 1, -1))
    assert rectangle == pytest.approx(np.pi / 4, abs=0.06)
    assert square == pytest.approx(rectangle, abs=0.03)


def test_a_frame_is_a_rectangle_with_a_hole() -> None:
    canvas = drawn(64)
    canvas[10:50, 10:50] = 1
    canvas[20:40, 20:40] = 0
    assert measured(canvas) == (1.0, 1.0, 0.25)


def test_a_bay_is_no_hole() -> None:
    canvas = drawn(64)
    canvas[10:50, 10:50] = 1
    canvas[20:40, 20:50] = 0
    assert measured(canvas)[2] == 0


def test_pieces_count_together_and_one_pixel_counts() -> None:
    canvas = drawn(64)
    canvas[10:20, 10:20] = canvas[10:20, 30:40] = 1
    assert measured(canvas)[0] == pytest.approx(2 / 3)
    single = drawn(64)
    single[63, 63] = 1
    assert measured(single) == (1.0, 1.0, 0.0)


def test_no_masks_no_rows() -> None:
    found = measure_outlines(Masks.empty((8, 8)))
    assert isinstance(found, Outlines)
    assert len(found) == 0
