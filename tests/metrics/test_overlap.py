from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from lydite.core import Boxes, InvalidValue, Masks
from lydite.metrics import box_iou, mask_iou, mask_overlap, pairwise_overlaps, share_inside
from lydite.metrics.overlap import find_likest
from metrics.scenes import SIZE_HW, boxes_at
from strategies import boxes, dense_masks

Dense = npt.NDArray[np.bool_]


def slow_overlap(a: Dense, b: Dense) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    iou, ios = np.zeros((len(a), len(b))), np.zeros((len(a), len(b)))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            shared = (one & other).sum()
            if shared:
                iou[i, j] = shared / (one | other).sum()
                ios[i, j] = shared / min(one.sum(), other.sum())
    return iou, ios


@given(dense_masks(), st.floats(0.01, 1))
def test_the_likest_of_all_is_found_without_looking_at_all(dense: Dense, least: float) -> None:
    masks = Masks.from_dense(dense)
    ours, theirs = masks, masks[::-2]
    overlap = mask_iou(ours, theirs)
    best, iou = find_likest(ours, theirs, least)
    assert best.shape == iou.shape == (len(ours),)
    for row in range(len(ours)):
        fits = len(theirs) > 0 and overlap[row].max() >= np.float32(least)
        assert best[row] == (overlap[row].argmax() if fits else -1)
        assert iou[row] == (overlap[row].max() if fits else 0)


@given(boxes(), boxes())
def test_box_iou_is_that_of_coco(a: Boxes, b: Boxes) -> None:
    ours = box_iou(a, b)
    assert ours.shape == (len(a), len(b))
    assert ours.dtype == np.float32
    if not len(a) or not len(b):
        return
    theirs = coco.iou(a.to_xywh(), b.to_xywh(), [0] * len(b))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@given(boxes(whole=True), boxes(whole=True))
def test_whole_boxes_overlap_as_their_masks_do(a: Boxes, b: Boxes) -> None:
    size_hw = (60, 60)
    a, b = (Boxes(some.xyxy + 20) for some in (a, b))
    np.testing.assert_array_equal(
        box_iou(a, b), mask_iou(Masks.from_boxes(a, size_hw), Masks.from_boxes(b, size_hw))
    )


@given(boxes())
def test_box_iou_is_symmetric_and_1_with_itself(some: Boxes) -> None:
    iou = box_iou(some, some)
    np.testing.assert_array_equal(iou, iou.T)
    sides = some.xyxy[:, 2:].astype(float) - some.xyxy[:, :2]
    np.testing.assert_array_equal(np.diag(iou), (sides.prod(axis=1) > 0).astype(float))


@given(st.data(), dense_masks())
def test_mask_overlap_equals_the_pixels(data: st.DataObject, a: Dense) -> None:
    b = a[data.draw(st.permutations(range(len(a))))][: data.draw(st.integers(0, len(a)))]
    b = b ^ (data.draw(st.booleans()) and a[:1].any(axis=0))
    iou, ios = mask_overlap(Masks.from_dense(a), Masks.from_dense(b))
    slow_iou, slow_ios = slow_overlap(a, b)
    np.testing.assert_array_equal(iou, slow_iou.astype(np.float32))
    np.testing.assert_array_equal(ios, slow_ios.astype(np.float32))


@given(
    dense_masks(max_count=7),
    st.sampled_from([0.01, 0.25, 0.5, 0.75, 1.0]),
    st.sampled_from([None, 0.1, 0.5, 1.0]),
)
def test_pairs_are_those_of_the_full_table(dense: Dense, min_iou: float, min_ios: float | None) -> None:
    masks = Masks.from_dense(dense)
    iou, ios = mask_overlap(masks, masks)
    wanted = iou >= min_iou
    if min_ios is not None:
        wanted |= ios >= np.float32(min_ios)
    first, second = np.nonzero(np.triu(wanted & (iou > 0), k=1))
    pairs = pairwise_overlaps(masks, min_iou, min_ios)
    assert pairs.first.tolist() == first.tolist()
    assert pairs.second.tolist() == second.tolist()
    np.testing.assert_array_equal(pairs.iou, iou[first, second])
    np.testing.assert_array_equal(pairs.ios, ios[first, second])
    assert len(pairs) == len(first)


def test_counts_stay_exact_in_a_large_picture() -> None:
    dense = np.ones((2, 3000, 2000), np.bool_)
    dense[1, 0, 0] = False
    iou, ios = mask_overlap(Masks.from_dense(dense[:1]), Masks.from_dense(dense[1:]))
    assert iou[0, 0] == np.float32(5_999_999 / 6_000_000)
    assert ios[0, 0] == 1


def test_masks_of_two_pictures_do_not_compare() -> None:
    with pytest.raises(InvalidValue) as caught:
        mask_iou(Masks.empty((3, 4)), Masks.empty((4, 3)))
    assert str(caught.value) == "Masks to compare must be of one picture size (3, 4). Seen: (4, 3)"


@pytest.mark.parametrize("limit", [0, -0.1, 1.1])
def test_limits_are_shares(limit: float) -> None:
    with pytest.raises(InvalidValue) as caught:
        pairwise_overlaps(Masks.empty((3, 4)), limit)
    assert str(caught.value) == f"min_iou must be in (0, 1]. Seen: {limit}"
    with pytest.raises(InvalidValue, match=r"^min_ios must be in \(0, 1\]\."):
        pairwise_overlaps(Masks.empty((3, 4)), 0.5, limit)


def test_the_share_inside_is_of_the_first() -> None:
    small, large = boxes_at((0, 0, 10, 10)), boxes_at((5, 0, 45, 10))
    for a, b in (
        (small, large),
        (Masks.from_boxes(small, SIZE_HW), Masks.from_boxes(large, SIZE_HW)),
    ):
        assert share_inside(a, b).tolist() == [[0.5]]
        assert share_inside(b, a).tolist() == [[0.125]]
    with pytest.raises(InvalidValue, match=r"Shapes to compare must be both boxes or both masks"):
        share_inside(small, Masks.from_boxes(large, SIZE_HW))
