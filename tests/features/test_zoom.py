"""A closer look changes small masks only, is of the same space, and does not depend on other masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydite.core import Masks
from lydite.features import Encoder, EncoderSettings, Zoom, build_encoder, pool, pool_closer, pool_surround
from lydite.features.zoom import _starts
from pictures import RED, disc, ground

ENCODER = build_encoder(EncoderSettings(short_side=64))
PIXELS = disc(disc(ground((120, 160)), (30, 30), 20, RED), (120, 90), 4, RED)


def at(*boxes: tuple[int, int, int, int]) -> Masks:
    dense = np.zeros((len(boxes), 120, 160), bool)
    for mask, (y0, y1, x0, x1) in zip(dense, boxes, strict=True):
        mask[y0:y1, x0:x1] = True
    return Masks.from_dense(dense)


LARGE, SMALL = (12, 48, 12, 48), (87, 93, 117, 123)


def closer(masks: Masks, zoom: Zoom, encoder: Encoder = ENCODER) -> npt.NDArray[np.float32]:
    names = [str(row) for row in range(len(masks))]
    return pool_closer(PIXELS, encoder, encoder.encode(PIXELS), masks, names, zoom)[0].vectors


def test_without_zoom_nothing_changes() -> None:
    masks, feature_map = at(LARGE, SMALL), ENCODER.encode(PIXELS)
    inside, around = pool_closer(PIXELS, ENCODER, feature_map, masks, ("a", "b"), Zoom())
    np.testing.assert_array_equal(inside.vectors, pool(feature_map, masks, ("a", "b")).vectors)
    np.testing.assert_array_equal(around.vectors, pool_surround(feature_map, masks, ("a", "b")).vectors)


def test_only_small_masks_are_looked_at_again() -> None:
    masks, feature_map = at(LARGE, SMALL), ENCODER.encode(PIXELS)
    before = pool(feature_map, masks, ("a", "b"))
    after, _ = pool_closer(PIXELS, ENCODER, feature_map, masks, ("a", "b"), Zoom(4))
    np.testing.assert_array_equal(after.vectors[0], before.vectors[0])
    assert not np.array_equal(after.vectors[1], before.vectors[1])
    assert after.space == before.space
    assert after.ids == ("a", "b")


@pytest.mark.parametrize(("name", "gain"), [("descriptor", 0.5), ("embedded", 0.4)])
def test_a_closer_look_sees_a_small_thing_as_a_large_one(name: str, gain: float) -> None:
    encoder = build_encoder(EncoderSettings(encoder=name, short_side=64))
    large = closer(at(LARGE), Zoom(), encoder)[0]
    assert (
        closer(at(SMALL), Zoom(9, 4), encoder)[0] @ large
        > closer(at(SMALL), Zoom(), encoder)[0] @ large + gain
    )


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 110), st.integers(0, 150)), min_size=1, max_size=5))
def test_a_mask_has_one_vector_whatever_the_others(corners: list[tuple[int, int]]) -> None:
    boxes = [(y, y + 8, x, x + 8) for y, x in corners]
    together = closer(at(SMALL, *boxes), Zoom(9, 3))
    np.testing.assert_array_equal(together[0], closer(at(SMALL), Zoom(9, 3))[0])


def test_what_fits_into_no_tile_stays_as_it_was() -> None:
    thread = at((60, 61, 0, 160))
    np.testing.assert_array_equal(closer(thread, Zoom(1000)), closer(thread, Zoom()))


@pytest.mark.parametrize("side", [1, 2, 7, 100, 101])
@pytest.mark.parametrize("factor", [2, 3, 8])
def test_tiles_cover_the_side(side: int, factor: int) -> None:
    tiles = _starts(side, factor)
    covered = {pixel for start, length in tiles for pixel in range(start, start + length)}
    assert covered == set(range(side))
