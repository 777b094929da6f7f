"""Coverage is the exact share of areas: against explicit overlaps, for any sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lydite.core import InvalidValue, Masks
from lydite.features import overlap as module
from lydite.features.overlap import coverage, coverage_dense, effective_cells

Dense = npt.NDArray[np.bool_]
sides = st.integers(1, 12)
grids = st.tuples(st.integers(1, 15), st.integers(1, 15))


@st.composite
def filled_masks(draw: st.DrawFn) -> Dense:
    shape = (draw(st.integers(1, 4)), draw(sides), draw(sides))
    dense: Dense = draw(hnp.arrays(np.bool_, shape))
    dense[~dense.any(axis=(1, 2)), shape[1] // 2, shape[2] // 2] = True
    return dense


def overlaps(pixels: int, cells: int) -> npt.NDArray[np.float64]:
    """Length that each pixel shares with each cell of an axis."""
    lengths = np.zeros((cells, pixels))
    for cell in range(cells):
        for pixel in range(pixels):
            low = max(cell * pixels / cells, pixel)
            high = min((cell + 1) * pixels / cells, pixel + 1)
            lengths[cell, pixel] = max(high - low, 0)
    return lengths


def slow_coverage(dense: Dense, grid_hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    down, across = overlaps(dense.shape[1], grid_hw[0]), overlaps(dense.shape[2], grid_hw[1])
    areas = np.stack([down @ mask.astype(np.float64) @ across.T for mask in dense])
    shares: npt.NDArray[np.float64] = areas.reshape(len(dense), -1) / dense.sum(axis=(1, 2))[:, None]
    return shares


@given(filled_masks(), grids)
def test_runs_give_exact_areas(dense: Dense, grid_hw: tuple[int, int]) -> None:
    weights = coverage(Masks.from_dense(dense), grid_hw)
    np.testing.assert_allclose(weights.toarray(), slow_coverage(dense, grid_hw), atol=1e-6)
    assert weights.dtype == np.float32
    assert weights.has_canonical_format


@given(filled_masks(), grids)
def test_dense_masks_give_the_same(dense: Dense, grid_hw: tuple[int, int]) -> None:
    from_dense = coverage_dense(dense, grid_hw)
    np.testing.assert_allclose(from_dense.toarray(), slow_coverage(dense, grid_hw), atol=1e-6)
    assert from_dense.has_canonical_format


@given(filled_masks(), grids)
def test_rows_are_shares(dense: Dense, grid_hw: tuple[int, int]) -> None:
    weights = coverage(Masks.from_dense(dense), grid_hw)
    assert weights.data.min() > 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


@given(filled_masks(), grids)
def test_a_union_of_disjoint_masks_averages_by_area(dense: Dense, grid_hw: tuple[int, int]) -> None:
    whole = dense[:1] | True
    parts = np.concatenate([dense[:1], whole & ~dense[:1]])
    parts = parts[parts.any(axis=(1, 2))]
    areas = parts.sum(axis=(1, 2), dtype=np.float64) / whole.sum()
    together = coverage(Masks.from_dense(whole), grid_hw).toarray()
    apart = coverage(Masks.from_dense(parts), grid_hw).toarray()
    np.testing.assert_allclose(areas @ apart, together[0], atol=1e-6)


def test_a_grid_as_fine_as_the_picture_is_the_mask_itself() -> None:
    dense = np.array([[[1, 0, 1], [0, 1, 0]]], np.bool_)
    expected = dense.reshape(1, -1) / np.float32(3)
    np.testing.assert_array_equal(coverage(Masks.from_dense(dense), (2, 3)).toarray(), expected)


def test_one_pixel_in_a_large_picture_is_never_lost() -> None:
    masks = Masks(
        np.array([[20_000 * 12_345 + 678, 20_000 * 12_345 + 679]]), np.array([0, 1]), (20_000, 20_000)
    )
    weights = coverage(masks, (64, 64))
    assert weights.nnz == 1
    assert weights.indices.tolist() == [678 * 64 // 20_000 * 64 + 12_345 * 64 // 20_000]
    assert weights.data.tolist() == [1.0]


def test_a_mask_of_a_whole_large_picture_is_spread_evenly() -> None:
    masks = Masks(np.array([[0, 20_000 * 20_000]]), np.array([0, 1]), (20_000, 20_000))
    weights = coverage(masks, (37, 64)).toarray()
    np.testing.assert_allclose(weights, 1 / (37 * 64), rtol=1e-6)


def test_work_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    dense = rng.random((9, 23, 17)) < 0.4
    masks = Masks.from_dense(dense)
    at_once = coverage(masks, (5, 7)).toarray()
    monkeypatch.setattr(module, "_BLOCK_CELLS", 60)
    np.testing.assert_array_equal(coverage(masks, (5, 7)).toarray(), at_once)
    monkeypatch.setattr(module, "_BLOCK_CELLS", 1)
    np.testing.assert_array_equal(coverage(masks, (5, 7)).toarray(), at_once)


@pytest.mark.parametrize("size_hw", [(600, 31), (512, 40), (1040, 24)])
def test_dense_strips_higher_than_a_byte_counts(size_hw: tuple[int, int]) -> None:
    dense = np.ones((1, *size_hw), np.bool_)
    dense[0, : size_hw[0] // 3] = False
    for grid in ((1, 1), (2, 2), (3, 5)):
        np.testing.assert_allclose(
            coverage_dense(dense, grid).toarray(), slow_coverage(dense, grid), atol=1e-6
        )


def test_dense_masks_may_lie_in_memory_as_they_like() -> None:
    dense = np.random.default_rng(0).random((3, 40, 24)) < 0.3
    turned = np.asfortranarray(dense)
    np.testing.assert_array_equal(
        coverage_dense(turned, (7, 5)).toarray(), coverage_dense(dense, (7, 5)).toarray()
    )


def test_no_masks_no_rows() -> None:
    assert coverage(Masks.empty((4, 4)), (2, 2)).shape == (0, 4)
    assert coverage_dense(np.zeros((0, 4, 4), np.bool_), (2, 2)).shape == (0, 4)


def test_an_empty_mask_is_refused_by_its_row() -> None:
    dense = np.ones((3, 20, 4), np.bool_)
    dense[1] = False
    message = r"^Mask 1 must be of at least one pixel: an empty mask covers no cell\. Seen: 0$"
    with pytest.raises(InvalidValue, match=message):
        coverage(Masks.from_dense(dense), (2, 2))
    with pytest.raises(InvalidValue, match=message):
        coverage_dense(dense, (2, 2))


def test_a_grid_without_cells_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"^grid_hw must be at least 1x1\. Seen: \(0, 3\)$"):
        coverage(Masks.from_dense(np.ones((1, 2, 2))), (0, 3))


def test_dense_masks_of_another_kind_are_refused() -> None:
    with pytest.raises(
        InvalidValue, match=r"^coverage_dense\.masks must be bool of shape \(n, height, width\)"
    ):
        coverage_dense(np.ones((2, 2), np.bool_), (1, 1))


def test_effective_cells_counts_cells() -> None:
    dense = np.zeros((3, 8, 8), np.bool_)
    dense[0] = True
    dense[1, :4, :4] = True
    dense[2, 0, 0] = True
    counts = effective_cells(coverage(Masks.from_dense(dense), (4, 4)))
    np.testing.assert_allclose(counts, [16, 4, 1], rtol=1e-6)
