from __future__ import annotations

import time

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from pycocotools import mask as coco

from lydite.core import Masks
from lydite.data.polygons import join, trace
from lydite.data.rle import from_coco_rle
from strategies import masks as some_masks


def fill(rings: list[list[float]], size_hw: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Even-odd by an independent filler: each ring toggles what it covers."""
    filled = np.zeros(size_hw, np.bool_)
    for ring in rings:
        filled ^= from_coco_rle([coco.frPyObjects([ring], *size_hw)[0]], size_hw).decode(0)
    return filled


@settings(deadline=None, max_examples=200)
@given(found=some_masks())
def test_outlines_and_the_joined_outline_give_the_mask_back(found: Masks) -> None:
    for row in range(len(found)):
        rings = trace(found, row)
        assert bool(rings) == bool(found.areas[row])
        flat = [ring.ravel().tolist() for ring in rings]
        assert np.array_equal(fill(flat, found.size_hw), found.decode(row))
        if rings:
            joined = join(rings).ravel().tolist()
            assert np.array_equal(fill([joined], found.size_hw), found.decode(row))


def test_a_ring_with_a_hole_has_two_outlines_of_four_corners_each() -> None:
    dense = np.zeros((1, 9, 12), np.bool_)
    dense[0, 1:8, 2:11] = True
    dense[0, 3:5, 4:7] = False
    outer, hole = trace(Masks.from_dense(dense), 0)
    assert outer.tolist() == [[2, 1], [11, 1], [11, 8], [2, 8]]
    assert hole.tolist() == [[4, 3], [7, 3], [7, 5], [4, 5]]
    assert len(join([outer, hole])) == 4 + 4 + 2


def test_pixels_that_touch_at_a_corner_are_two_outlines() -> None:
    for dense in (np.eye(2, dtype=np.bool_), np.eye(2, dtype=np.bool_)[::-1]):
        rings = trace(Masks.from_dense(dense[None]), 0)
        assert [len(ring) for ring in rings] == [4, 4]
        assert all(abs(cv2.contourArea(ring.astype(np.float32))) == 1 for ring in rings)


def test_large_and_ragged_masks_take_no_time() -> None:
    rng = np.random.default_rng(0)
    dense = cv2.GaussianBlur(rng.random((600, 600)), (0, 0), 3) > 0.5
    masks = Masks.from_dense(dense[None])
    began = time.perf_counter()
    rings = trace(masks, 0)
    joined = join(rings)
    assert time.perf_counter() - began < 20
    assert len(rings) > 100
    assert np.array_equal(fill([joined.ravel().tolist()], masks.size_hw), dense)
