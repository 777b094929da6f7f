from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core.errors import InvalidValue
from lydite.features.geometry import LONG_SIDE_CAP, input_hw, resize

SIDES = st.integers(1, 20_000)


@pytest.mark.parametrize(
    ("size_hw", "short_side", "multiple", "expected"),
    [
        ((480, 640), 512, 16, (512, 688)),
        ((640, 480), 512, 16, (688, 512)),
        ((480, 640), 512, 14, (518, 686)),
        ((480, 640), 224, 32, (224, 288)),
        ((1, 1), 512, 16, (512, 512)),
        ((1, 10_000), 512, 32, (512, 2048)),
        ((300, 300), 40, 100, (100, 100)),
    ],
)
def test_sizes(size_hw: tuple[int, int], short_side: int, multiple: int, expected: tuple[int, int]) -> None:
    assert input_hw(size_hw, short_side, multiple) == expected


@given(SIDES, SIDES, st.integers(32, 1024), st.sampled_from([7, 14, 16, 32]))
def test_both_sides_are_whole_cells_and_within_half_a_cell_of_what_was_wanted(
    height: int, width: int, short_side: int, multiple: int
) -> None:
    looked = input_hw((height, width), short_side, multiple)
    for side, got in zip((height, width), looked, strict=True):
        wanted = min(side * short_side / min(height, width), LONG_SIDE_CAP * short_side)
        assert got >= multiple
        assert got % multiple == 0
        assert abs(got - wanted) <= multiple / 2 or got == multiple
    assert input_hw((width, height), short_side, multiple) == looked[::-1]


def test_nothing_has_no_size() -> None:
    with pytest.raises(InvalidValue, match=re.escape("positive lengths. Seen: ((0, 5), 32, 16)")):
        input_hw((0, 5), 32, 16)


def test_shrinking_averages_and_does_not_alias() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    shrunk = resize(stripes, (16, 16))
    assert shrunk.shape == (16, 16, 3)
    assert np.abs(shrunk[:, 2:-2].astype(int) - 100).max() <= 2


def test_the_same_size_is_the_same_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    np.testing.assert_array_equal(resize(pixels, (9, 7)), pixels)
