"""A pooled vector is the L2-normalised, area-weighted mean of the map under the mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import CollapsedFeatures, FeatureMap, FeatureSpace, InvalidValue, Masks
from lydite.features import pooling as module
from lydite.features.overlap import coverage
from lydite.features.pooling import POOLING, pool, pool_image, pool_weighted


def make_map(seed: int, size_hw: tuple[int, int], grid_hw: tuple[int, int], dim: int = 6) -> FeatureMap:
    space = FeatureSpace("drawn", "0" * 64, "last", "none", "RGB", (0, 0, 0), (1, 1, 1), POOLING, dim)
    cells = np.random.default_rng(seed).standard_normal((*grid_hw, dim), dtype=np.float32)
    return FeatureMap(cells, size_hw, space, size_hw)


def make_masks(seed: int, count: int, size_hw: tuple[int, int]) -> npt.NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    dense = rng.random((count, *size_hw)) < rng.random((count, 1, 1))
    dense[:, size_hw[0] // 2, size_hw[1] // 2] = True
    return dense


def names(count: int) -> list[str]:
    return [f"region {row}" for row in range(count)]


def supersampled(feature_map: FeatureMap, dense: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Both the mask and the map brought to a raster that divides both sizes evenly, then a plain mean."""
    (height, width), (rows, columns) = feature_map.size_hw, feature_map.grid_hw
    tall, wide = np.lcm(height, rows), np.lcm(width, columns)
    fine_map = feature_map.cells.repeat(tall // rows, axis=0).repeat(wide // columns, axis=1)
    vectors = []
    for mask in dense:
        fine_mask = mask.repeat(tall // height, axis=0).repeat(wide // width, axis=1)
        mean = fine_map[fine_mask].mean(axis=0, dtype=np.float64)
        vectors.append(mean / np.linalg.norm(mean))
    return np.stack(vectors)


sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(st.integers(0, 999), sizes, sizes)
def test_equals_the_plain_mean_of_a_supersampled_map(
    seed: int, size_hw: tuple[int, int], grid_hw: tuple[int, int]
) -> None:
    feature_map, dense = make_map(seed, size_hw, grid_hw), make_masks(seed, 3, size_hw)
    found = pool(feature_map, Masks.from_dense(dense), names(3))
    np.testing.assert_allclose(found.vectors, supersampled(feature_map, dense), atol=2e-5)


@given(st.integers(0, 999), sizes, sizes)
def test_a_mask_that_covers_everything_is_the_pooled_picture(
    seed: int, size_hw: tuple[int, int], grid_hw: tuple[int, int]
) -> None:
    feature_map = make_map(seed, size_hw, grid_hw)
    masks = Masks.from_dense(np.ones((1, *size_hw)))
    whole = pool(feature_map, masks, ["whole"])
    np.testing.assert_allclose(whole.vectors, pool_image(feature_map, "whole").vectors, atol=1e-6)


@pytest.mark.parametrize("grid_hw", [(64, 64), (37, 53)])
def test_the_same_on_a_map_of_real_size(grid_hw: tuple[int, int]) -> None:
    feature_map = make_map(0, (480, 640), grid_hw, dim=384)
    whole = pool(feature_map, Masks.from_dense(np.ones((1, 480, 640))), ["whole"])
    np.testing.assert_allclose(whole.vectors, pool_image(feature_map, "whole").vectors, atol=1e-6)


def test_sparse_and_dense_products_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    feature_map = make_map(1, (30, 40), (8, 9))
    masks = Masks.from_dense(make_masks(1, 5, (30, 40)))
    found = []
    for limit in (0.0, 2.0):
        monkeypatch.setattr(module, "_SPARSE_BELOW", limit)
        found.append(pool(feature_map, masks, names(5)).vectors)
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_ids_and_order_follow_the_masks() -> None:
    feature_map, dense = make_map(2, (9, 9), (4, 4)), make_masks(2, 4, (9, 9))
    forward = pool(feature_map, Masks.from_dense(dense), names(4))
    backward = pool(feature_map, Masks.from_dense(dense[::-1]), names(4)[::-1])
    assert forward.ids == tuple(names(4))
    assert backward.ids == tuple(names(4)[::-1])
    assert forward.space == feature_map.space
    np.testing.assert_allclose(forward.vectors, backward.vectors[::-1], atol=1e-6)


def test_weights_computed_before_pool_alike() -> None:
    feature_map = make_map(3, (9, 9), (4, 4))
    masks = Masks.from_dense(make_masks(3, 4, (9, 9)))
    again = pool_weighted(feature_map, coverage(masks, (4, 4)), names(4))
    np.testing.assert_array_equal(again.vectors, pool(feature_map, masks, names(4)).vectors)


def test_no_masks_no_vectors() -> None:
    feature_map = make_map(0, (4, 4), (2, 2))
    assert len(pool(feature_map, Masks.empty((4, 4)), [])) == 0


def test_masks_of_another_picture_are_refused() -> None:
    feature_map = make_map(0, (4, 6), (2, 2))
    message = r"^Masks must be of the picture's size \(4, 6\) \(height, width\)\. Seen: \(6, 4\)$"
    with pytest.raises(InvalidValue, match=message):
        pool(feature_map, Masks.from_dense(np.ones((1, 6, 4))), ["a"])


def test_each_mask_needs_an_id() -> None:
    feature_map = make_map(0, (4, 4), (2, 2))
    with pytest.raises(InvalidValue, match=r"^ids must be one for each of 1 masks\. Seen: 2$"):
        pool(feature_map, Masks.from_dense(np.ones((1, 4, 4))), ["a", "b"])


def test_weights_of_another_grid_are_refused() -> None:
    feature_map = make_map(0, (4, 4), (2, 2))
    weights = coverage(Masks.from_dense(np.ones((1, 4, 4))), (3, 3))
    with pytest.raises(InvalidValue, match=r"^weights must be of shape \(1, 4\)\. Seen: \(1, 9\)$"):
        pool_weighted(feature_map, weights, ["a"])


def test_a_vector_of_nothing_is_never_invented() -> None:
    cells = np.zeros((1, 2, 6), np.float32)
    cells[0, 0] = 1
    feature_map = FeatureMap(cells, (2, 2), make_map(0, (2, 2), (1, 2)).space, (2, 2))
    dense = np.zeros((2, 2, 2), np.bool_)
    dense[0, :, 0] = True
    dense[1, :, 1] = True
    message = r"^1 of 2 pooled vectors are zero and point nowhere: 'right'\. The encoder sees nothing there"
    with pytest.raises(CollapsedFeatures, match=message):
        pool(feature_map, Masks.from_dense(dense), ["left", "right"])
