from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from lydite.core import Boxes, InvalidValue, Masks
from strategies import boxes, dense_masks, masks, selections, sizes

Dense = npt.NDArray[np.bool_]


@given(dense_masks())
def test_dense_round_trip(dense: Dense) -> None:
    some = Masks.from_dense(dense)
    np.testing.assert_array_equal(some.to_dense(), dense)
    for row, mask in enumerate(some):
        np.testing.assert_array_equal(mask, dense[row])
        assert mask.dtype == np.bool_


@given(dense_masks(), st.sampled_from([np.uint8, np.int32, np.float32]))
def test_anything_but_zero_is_foreground(dense: Dense, dtype: type[np.generic]) -> None:
    values = dense.astype(dtype) * np.asarray(7, dtype)
    np.testing.assert_array_equal(Masks.from_dense(values).to_dense(), dense)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:pycocotools")
@given(dense_masks())
def test_counts_are_those_of_coco(dense: Dense) -> None:
    some = Masks.from_dense(dense)
    for row, mask in enumerate(dense):
        counts = some.to_counts(row)
        size = list(some.size_hw)
        theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        ours = coco.frPyObjects({"counts": counts, "size": size}, *size)
        assert ours["counts"] == theirs["counts"]
        np.testing.assert_array_equal(coco.decode(ours).astype(bool), mask)


@given(masks())
def test_counts_round_trip(some: Masks) -> None:
    again = Masks.from_counts([some.to_counts(row) for row in range(len(some))], some.size_hw)
    assert_same(again, some)


def test_counts_with_empty_runs_become_canonical() -> None:
    some = Masks.from_counts([[0, 2, 0, 3, 0, 0, 1, 0]], (2, 3))
    assert some.runs.tolist() == [[0, 5]]
    assert some.to_counts(0) == [0, 5, 1]


@given(dense_masks())
def test_equal_masks_have_equal_runs_whatever_their_source(dense: Dense) -> None:
    size_hw = dense.shape[1:]
    some = Masks.from_dense(dense)
    assert_same(Masks.from_dense(np.asfortranarray(dense)), some)
    assert_same(Masks.from_crops([tight_crop(mask) for mask in dense], size_hw), some)
    gaps = some.runs[1:, 0] - some.runs[:-1, 1]
    firsts = np.isin(np.arange(1, len(some.runs)), some.offsets)
    assert (gaps[~firsts] > 0).all()


@given(dense_masks())
def test_areas_and_boxes_are_those_of_the_pixels(dense: Dense) -> None:
    some = Masks.from_dense(dense)
    assert some.areas.tolist() == dense.sum(axis=(1, 2)).tolist()
    for row, mask in enumerate(dense):
        ys, xs = np.nonzero(mask)
        tight = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] if len(xs) else [0, 0, 0, 0]
        assert some.boxes.xyxy[row].tolist() == tight


@given(boxes(), sizes)
def test_a_filled_box_holds_the_pixels_whose_centres_it_holds(some: Boxes, size_hw: tuple[int, int]) -> None:
    y, x = np.mgrid[: size_hw[0], : size_hw[1]] + 0.5
    dense = Masks.from_boxes(some, size_hw).to_dense()
    for row, (x0, y0, x1, y1) in enumerate(some.xyxy.astype(np.float64)):
        np.testing.assert_array_equal(dense[row], (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1))


@given(sizes)
def test_a_whole_pixel_box_comes_back_from_its_mask(size_hw: tuple[int, int]) -> None:
    box = Boxes(np.array([[0, 0, size_hw[1], size_hw[0]]], np.float32))
    assert Masks.from_boxes(box, size_hw).boxes.xyxy.tolist() == box.xyxy.tolist()


def test_a_box_far_larger_than_the_picture_fills_it() -> None:
    box = Boxes(np.array([[-1e30, -1e30, 1e30, 1e30]], np.float32))
    assert Masks.from_boxes(box, (3, 4)).areas.tolist() == [12]


@given(st.data())
def test_a_piece_lands_where_it_was_put(data: st.DataObject) -> None:
    height, width = data.draw(sizes)
    piece = data.draw(dense_masks(max_count=1).filter(lambda masks: len(masks) == 1))[0][:height, :width]
    y = data.draw(st.integers(0, height - piece.shape[0]))
    x = data.draw(st.integers(0, width - piece.shape[1]))
    expected = np.zeros((height, width), np.bool_)
    expected[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    np.testing.assert_array_equal(Masks.from_crops([(y, x, piece)], (height, width)).decode(0), expected)


@given(dense_masks())
def test_a_crop_is_the_smallest_piece_that_holds_the_mask(dense: Dense) -> None:
    some = Masks.from_dense(dense)
    for row, mask in enumerate(dense):
        y, x, piece = some.crop(row)
        top, left, tight = tight_crop(mask)
        assert (y, x) == (top, left)
        assert piece.dtype == np.bool_
        assert piece.flags.c_contiguous
        np.testing.assert_array_equal(piece, tight)


@given(masks())
def test_crops_round_trip(some: Masks) -> None:
    assert_same(Masks.from_crops([some.crop(row) for row in range(len(some))], some.size_hw), some)


def test_a_run_across_columns_is_cropped_as_one_piece() -> None:
    some = Masks(np.array([[2, 7], [9, 10]]), np.array([0, 2]), (3, 4))
    y, x, piece = some.crop(0)
    assert (y, x) == (0, 0)
    assert piece.astype(int).tolist() == [[0, 1, 1, 1], [0, 1, 0, 0], [1, 1, 0, 0]]


@given(st.data(), dense_masks())
def test_selection_takes_the_same_rows_as_numpy(data: st.DataObject, dense: Dense) -> None:
    index = data.draw(selections(len(dense)))
    chosen = Masks.from_dense(dense)[index]
    assert_same(chosen, Masks.from_dense(dense[index]))
    assert_same(Masks(chosen.runs, chosen.offsets, chosen.size_hw), chosen)


@given(dense_masks(), st.integers(0, 5))
def test_concatenate_keeps_every_row_in_order(dense: Dense, at: int) -> None:
    size_hw = dense.shape[1:]
    parts = [Masks.from_dense(dense[:at]), Masks.empty(size_hw), Masks.from_dense(dense[at:])]
    assert_same(Masks.concatenate(parts, size_hw), Masks.from_dense(dense))


def test_a_large_mask_survives() -> None:
    y, x = np.mgrid[:700, :900]
    dense = ((y - 300) ** 2 + (x - 500) ** 2 < 250**2)[None] & ((y + x) % 7 > 0)
    np.testing.assert_array_equal(Masks.from_dense(dense).to_dense(), dense)


@pytest.mark.parametrize("shape", [(2, 0, 5), (2, 5, 0), (0, 3, 3), (1, 1, 1)])
def test_pictures_without_pixels_hold_masks_without_runs(shape: tuple[int, int, int]) -> None:
    some = Masks.from_dense(np.zeros(shape, np.bool_))
    assert len(some) == shape[0]
    assert some.to_dense().shape == shape
    assert some.boxes.xyxy.tolist() == [[0, 0, 0, 0]] * shape[0]


@pytest.mark.parametrize(
    ("runs", "offsets", "message"),
    [
        ([[0, 2]], [0, 2], "Masks.offsets must be from 0 to 1. Seen: [0, 2]"),
        ([[0, 2]], [1, 1], "Masks.offsets must be from 0 to 1. Seen: [1, 1]"),
        ([[0, 2]], [], "Masks.offsets must be from 0 to 1. Seen: []"),
        ([[0, 2], [3, 4]], [0, 2, 1, 2], "Masks.offsets must be ascending. Seen: [0, 2, 1, 2]"),
        ([[0, 1, 2], [3, 4, 5]], [0, 2], "Masks.runs must be an array of shape (r, 2). Seen: (2, 3)"),
        ([[0, 13]], [0, 1], "Masks.runs must be non-empty and inside 0..12. Seen: [0, 13]"),
        ([[-1, 3]], [0, 1], "Masks.runs must be non-empty and inside 0..12. Seen: [-1, 3]"),
        ([[3, 3]], [0, 1], "Masks.runs must be non-empty and inside 0..12. Seen: [3, 3]"),
        ([[0, 2], [2, 4]], [0, 2], "Masks.runs must be ascending without touching. Seen: [[0, 2], [2, 4]]"),
        ([[4, 6], [0, 2]], [0, 2], "Masks.runs must be ascending without touching. Seen: [[4, 6], [0, 2]]"),
    ],
)
def test_masks_refuse(runs: list[list[int]], offsets: list[int], message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks(np.array(runs, np.int64), np.array(offsets, np.int64), (3, 4))
    assert str(caught.value) == message


def test_runs_of_two_masks_may_touch() -> None:
    some = Masks(np.array([[0, 2], [2, 4], [0, 2]]), np.array([0, 1, 1, 2, 3]), (3, 4))
    assert some.areas.tolist() == [2, 0, 2, 2]


def test_masks_of_a_negative_picture_are_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks.empty((-1, 4))
    assert str(caught.value) == "Masks.size_hw must be a height and width of 0 or more. Seen: (-1, 4)"


def test_a_flat_array_is_no_stack_of_masks() -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks.from_dense(np.zeros((3, 4)))
    assert str(caught.value) == "Masks.from_dense must be an array of shape (n, height, width). Seen: (3, 4)"


@pytest.mark.parametrize("corner", [(-1, 0), (0, -1), (2, 0), (0, 3)])
def test_a_piece_that_leaves_the_picture_is_refused(corner: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks.from_crops([(*corner, np.ones((2, 2), np.bool_))], (3, 4))
    assert str(caught.value) == f"Masks.from_crops must be inside (3, 4). Seen: {(*corner, (2, 2))}"


@pytest.mark.parametrize(("counts", "total"), [([1, 2], 3), ([-1, 13], 12), ([12, 1], 13)])
def test_counts_that_do_not_add_up_are_refused(counts: list[int], total: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks.from_counts([counts], (3, 4))
    assert str(caught.value) == f"RLE counts must be 0 or more and 12 in sum. Seen: {total}"


def test_masks_of_two_pictures_do_not_concatenate() -> None:
    with pytest.raises(InvalidValue) as caught:
        Masks.concatenate([Masks.empty((3, 4)), Masks.empty((4, 3))], (3, 4))
    assert str(caught.value) == "Masks.concatenate must be of size (3, 4). Seen: (4, 3)"


def tight_crop(mask: Dense) -> tuple[int, int, Dense]:
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return 0, 0, np.zeros((0, 0), np.bool_)
    y, x = int(ys.min()), int(xs.min())
    return y, x, mask[y : ys.max() + 1, x : xs.max() + 1]


def assert_same(left: Masks, right: Masks) -> None:
    assert left.size_hw == right.size_hw
    assert left.runs.tolist() == right.runs.tolist()
    assert left.offsets.tolist() == right.offsets.tolist()
