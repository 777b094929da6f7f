"""Masks are mended, never lost; unions come beside their pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detect.synthetic import ITEM
from lydite.core import Candidates, Masks, UsageError
from lydite.detect import resolve
from lydite.detect.settings import TidySettings
from lydite.detect.tidy import count_tidied, tidy

CLEAN = TidySettings(clean_masks=True)


def candidates_of(*dense: np.ndarray, quality: list[float] | None = None) -> Candidates:
    return Candidates.born(ITEM, Masks.from_dense(np.stack(dense)), quality, "drawn")


def canvas(*boxes: tuple[int, int, int, int], size: int = 40) -> np.ndarray:
    """Filled boxes ``y0 y1 x0 x1``."""
    dense = np.zeros((size, size), bool)
    for y0, y1, x0, x1 in boxes:
        dense[y0:y1, x0:x1] = True
    return dense


def test_by_default_nothing_changes() -> None:
    given_ones = candidates_of(canvas((5, 20, 5, 20)))
    assert tidy(given_ones, TidySettings()) is given_ones


def test_opening_takes_specks_away_and_closing_mends_cracks() -> None:
    cracked = canvas((5, 30, 5, 30), (35, 36, 35, 36))
    cracked[5:30, 17] = False
    (mended,) = tidy(candidates_of(cracked), CLEAN).masks
    assert not mended[35, 35]
    assert mended[7:28, 17].all()


def test_an_intact_mask_keeps_its_runs_and_its_origin() -> None:
    same = tidy(candidates_of(canvas((10, 30, 0, 20)), canvas((0, 40, 0, 40))), CLEAN)
    assert same.origins[1] == "drawn"
    assert same.masks.areas[1] == 1600


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(bool, (24, 30)), st.integers(0, 3), st.integers(0, 3), st.sampled_from([3, 5]))
def test_nothing_is_lost_and_numbers_stay(dense: np.ndarray, opening: int, closing: int, kernel: int) -> None:
    dense = dense.copy()
    dense[3, 4] = True
    before = candidates_of(dense)
    mending = TidySettings(
        clean_masks=True, opening=opening, closing=closing, cleanup_kernel=kernel, fill_holes=0.1
    )
    after = tidy(before, mending)
    assert after.masks.areas[0] > 0
    assert after.numbers.tolist() == before.numbers.tolist()
    assert after.size_hw == before.size_hw
    np.testing.assert_array_equal(after.boxes.xyxy, after.masks.boxes.xyxy)


def test_a_thread_stays_a_thread() -> None:
    thread = canvas((5, 6, 0, 40))
    after = tidy(candidates_of(thread), CLEAN)
    assert after.masks.areas[0] >= 40


def test_small_holes_are_filled_and_large_ones_stay() -> None:
    ring = canvas((0, 40, 0, 40))
    ring[10:30, 10:30] = False
    ring[2:4, 2:4] = False
    filled = tidy(candidates_of(ring), TidySettings(fill_holes=0.01))
    assert filled.masks.areas[0] == 1600 - 400
    assert filled.origins == ("drawn+cleaned",)
    assert tidy(candidates_of(ring), TidySettings(fill_holes=0.3)).masks.areas[0] == 1600


def test_a_thing_in_two_pieces_becomes_a_candidate_of_its_own() -> None:
    left, right = canvas((10, 30, 5, 15)), canvas((10, 30, 17, 27))
    merged = tidy(candidates_of(left, right, quality=[0.9, 0.4]), TidySettings(merge_gap=3))
    assert len(merged) == 3
    np.testing.assert_array_equal(merged.masks.decode(2), canvas((10, 30, 5, 27)))
    assert merged.numbers.tolist() == [0, 1, 2]
    assert merged.quality[2] == np.float32(0.4)
    assert merged.origins[2] == "drawn+merged #0 #1"
    assert count_tidied(merged.origins) == {"merged": 1}
    np.testing.assert_array_equal(merged.masks[:2].to_dense(), np.stack([left, right]))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (canvas((10, 30, 20, 30)), "too far"),
        (canvas((29, 32, 16, 40)), "union is no compact whole"),
        (canvas((12, 28, 6, 12)), "inside"),
        (canvas((10, 30, 12, 22)), "overlap"),
    ],
)
def test_what_is_no_fragment_is_not_merged(other: np.ndarray, why: str) -> None:
    pieces = candidates_of(canvas((10, 30, 5, 15)), other)
    assert tidy(pieces, TidySettings(merge_gap=3)) is pieces, why


def test_the_brush_has_a_middle() -> None:
    with pytest.raises(UsageError, match="cleanup_kernel: Value error, cleanup_kernel is even"):
        resolve(options={"cleanup_kernel": 4})
