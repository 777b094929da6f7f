"""Four numbers that follow an outline through place, size and rotation, and tell a heap from a thing."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import Masks
from lydite.detect.shape import MEASURES, Shapes, describe_shapes, shape_distance

SIZE = 160
SAME = 0.20
"""Largest distance between two drawings of one outline: pixels are not points."""
OTHER = 0.50
"""The default limit of the rule that reads these distances."""
Drawn = npt.NDArray[np.uint8]


def ellipse(centre: tuple[float, float], axes: tuple[float, float], turn: float) -> Drawn:
    drawn = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(drawn, (centre, (2 * axes[0], 2 * axes[1]), turn), 1, -1)
    return drawn


def turned_square(centre: tuple[float, float], side: float, turn: float) -> Drawn:
    drawn = np.zeros((SIZE, SIZE), np.uint8)
    corners = cv2.boxPoints((centre, (side, side), turn))
    cv2.fillPoly(drawn, [np.rint(corners).astype(np.int32)], 1)
    return drawn


def heap(radius: int = 16) -> Drawn:
    """Three discs on two."""
    drawn = np.zeros((SIZE, SIZE), np.uint8)
    for x, y in ((40, 100), (72, 100), (104, 100), (56, 72), (88, 72)):
        cv2.circle(drawn, (x, y), radius + 1, 1, -1)
    return drawn


def shapes_of(*drawn: npt.NDArray[np.generic]) -> Shapes:
    return describe_shapes(Masks.from_dense(np.stack(drawn)))


def distance(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> float:
    return float(shape_distance(shapes_of(one), shapes_of(other))[0])


centres = st.tuples(st.floats(70, 90), st.floats(70, 90))
sizes = st.floats(10, 45)
turns = st.floats(0, 180)
DISC = ellipse((80, 80), (30, 30), 0)
OVAL = ellipse((80, 80), (40, 20), 0)
SQUARE = turned_square((80, 80), 50, 30)


@given(centres, sizes)
def test_a_disc_is_a_disc_wherever_and_however_large(centre: tuple[float, float], radius: float) -> None:
    assert distance(ellipse(centre, (radius, radius), 0), DISC) < SAME


@given(centres, sizes, turns)
def test_an_ellipse_is_itself_however_it_lies(centre: tuple[float, float], long: float, turn: float) -> None:
    assert distance(ellipse(centre, (long, long / 2), turn), OVAL) < SAME


@given(centres, st.floats(20, 60), st.floats(10, 80))
def test_a_square_is_itself_however_it_stands(centre: tuple[float, float], side: float, turn: float) -> None:
    assert distance(turned_square(centre, side, turn), SQUARE) < SAME


def test_the_numbers_of_a_disc_are_those_of_geometry() -> None:
    np.testing.assert_allclose(shapes_of(DISC)[0], [1, 1, 1, 1], atol=0.03)
    np.testing.assert_allclose(shapes_of(OVAL)[0], [1, 0.5, 1, 1], atol=0.03)
    # A square in the ellipse of its moments: area a^2 over pi * (2 * a / sqrt(12))^2.
    np.testing.assert_allclose(shapes_of(SQUARE)[0], [1, 1, 3 / np.pi, 1], atol=0.05)


def test_a_heap_of_discs_is_far_from_a_disc() -> None:
    assert distance(heap(), DISC) > OTHER


def test_a_shred_of_a_disc_is_far_from_it() -> None:
    shred = DISC.copy()
    shred[60:100, :95] = 0
    assert distance(shred, DISC) > OTHER


def test_the_nearer_majority_of_a_class_speaks() -> None:
    examples = shapes_of(OVAL, DISC, DISC)
    assert shape_distance(shapes_of(DISC), examples).tolist() == [0]
    alone = shape_distance(shapes_of(DISC), examples[:1])
    np.testing.assert_allclose(alone, 0.5 * np.abs(shapes_of(DISC) - shapes_of(OVAL))[0, 1], atol=0.05)


@given(st.integers(0, 10_000), st.integers(1, 9))
def test_a_distance_is_the_mean_over_the_nearer_majority(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = rng.random((4, MEASURES)).astype(np.float32)
    examples = rng.random((count, MEASURES)).astype(np.float32)
    for shape, found in zip(shapes, shape_distance(shapes, examples), strict=True):
        each = sorted(float(shape_distance(shape[None], one[None])[0]) for one in examples)
        nearer = each[: count // 2 + 1]
        assert found == pytest.approx(sum(nearer) / len(nearer), abs=1e-5)


def test_a_filled_box_says_nothing() -> None:
    box = np.zeros((SIZE, SIZE), np.bool_)
    box[20:50, 30:90] = True
    nothing = shapes_of(box)
    assert np.isnan(nothing).all()
    assert shape_distance(nothing, shapes_of(DISC)).tolist() == [0]
    assert shape_distance(shapes_of(heap()), nothing).tolist() == [0]
    assert shape_distance(shapes_of(heap()), np.concatenate([nothing, shapes_of(DISC)]))[0] > OTHER


def test_only_the_largest_piece_has_an_outline() -> None:
    crumbs = DISC.copy()
    crumbs[4:6, 4:6] = 1
    whole, crumbed = shapes_of(DISC)[0], shapes_of(crumbs)[0]
    assert crumbed[3] == pytest.approx(whole[3], abs=1e-3)


@pytest.mark.parametrize(
    "pixels", [[(0, 0), (1, 1)], [(0, 0), (1, 0), (1, 1)], [(0, 0), (0, 2)], [(k, k) for k in range(9)]]
)
def test_the_smallest_outlines_have_finite_numbers(pixels: list[tuple[int, int]]) -> None:
    mask = np.zeros((12, 12), np.bool_)
    for y, x in pixels:
        mask[y, x] = True
    shape = shapes_of(mask)
    assert np.isfinite(shape).all()
    assert (shape >= 0).all()
    assert (shape <= 1.2 + 1e-6).all()


def test_a_single_pixel_fills_its_box() -> None:
    mask = np.zeros((12, 12), np.bool_)
    mask[3, 4] = True
    assert np.isnan(shapes_of(mask)).all()


def test_no_masks_have_no_shapes() -> None:
    assert describe_shapes(Masks.empty((4, 4))).shape == (0, 4)
    assert shape_distance(describe_shapes(Masks.empty((4, 4))), shapes_of(DISC)).tolist() == []
