"""What lies around a mask: equal to the sum over cells, one by one, and telling parts from wholes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lydite.core import FeatureMap, Masks
from lydite.features import pool, pool_image, pool_surround
from strategies import space

SIZE = (24, 32)


def map_of(cells: npt.NDArray[np.floating], size_hw: tuple[int, int] = SIZE) -> FeatureMap:
    return FeatureMap(cells.astype(np.float32), size_hw, space(cells.shape[2]), size_hw)


def slow_surround(feature_map: FeatureMap, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64] | None:
    """Each cell of the enlarged box counts by the share that the mask leaves; ``None`` for too little."""
    rows, columns, dim = feature_map.cells.shape
    height, width = mask.shape[0] / rows, mask.shape[1] / columns
    ys, xs = np.nonzero(mask)
    y0, y1, x0, x1 = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    reach_y = max(0.35 * (y1 - y0), 1.5 * height)
    reach_x = max(0.35 * (x1 - x0), 1.5 * width)
    total, left_over = np.zeros(dim), 0.0
    for i in range(rows):
        for j in range(columns):
            if (i + 1) * height <= y0 - reach_y or i * height >= y1 + reach_y:
                continue
            if (j + 1) * width <= x0 - reach_x or j * width >= x1 + reach_x:
                continue
            covered = mask[int(i * height) : int((i + 1) * height), int(j * width) : int((j + 1) * width)]
            total += (1 - covered.mean()) * feature_map.cells[i, j]
            left_over += 1 - covered.mean()
    return total / np.linalg.norm(total) if left_over >= 0.5 else None


@given(
    seed=st.integers(0, 10_000),
    grid=st.sampled_from([(6, 8), (3, 4), (12, 16), (24, 32), (1, 1)]),
    corner=st.tuples(st.integers(0, 20), st.integers(0, 28)),
    piece=hnp.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 32))),
    full=st.booleans(),
)
def test_the_surround_equals_the_slow_one(
    seed: int,
    grid: tuple[int, int],
    corner: tuple[int, int],
    piece: npt.NDArray[np.bool_],
    full: bool,
) -> None:
    mask = np.zeros(SIZE, np.bool_)
    y, x = corner
    piece = np.ones_like(piece) if full else piece
    mask[y : y + piece.shape[0], x : x + piece.shape[1]] = piece[: SIZE[0] - y, : SIZE[1] - x]
    assume(mask.any())
    feature_map = map_of(np.random.default_rng(seed).uniform(0.1, 1, (*grid, 5)))
    found = pool_surround(feature_map, Masks.from_dense(mask[None]), ["a"]).vectors[0]
    expected = slow_surround(feature_map, mask)
    if expected is None:
        expected = pool_image(feature_map, "a").vectors[0].astype(np.float64)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_masks_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(0)
    feature_map = map_of(rng.normal(size=(6, 8, 5)))
    dense = np.zeros((3, *SIZE), np.bool_)
    dense[0, 2:9, 3:9], dense[1, 10:20, 12:30], dense[2, 0:3, 0:2] = True, True, True
    masks = Masks.from_dense(dense)
    together = pool_surround(feature_map, masks, ["a", "b", "c"])
    assert together.ids == ("a", "b", "c")
    for row, name in enumerate("abc"):
        np.testing.assert_allclose(
            together.vectors[row], pool_surround(feature_map, masks[[row]], [name]).vectors[0], atol=1e-6
        )


def test_what_fills_the_picture_is_surrounded_by_the_picture() -> None:
    feature_map = map_of(np.random.default_rng(1).uniform(0.1, 1, (6, 8, 5)))
    whole = Masks.from_dense(np.ones((1, *SIZE), np.bool_))
    np.testing.assert_allclose(
        pool_surround(feature_map, whole, ["a"]).vectors, pool_image(feature_map, "a").vectors, atol=1e-6
    )


def test_sums_that_cancel_take_the_direction_of_the_picture() -> None:
    # The reach of 1.5 cells, widened to whole ones, is the whole row.
    middle = Masks.from_dense(np.array([[[False, True, False, False]]]))
    one_wins = map_of(np.array([[[1, 0], [5, 5], [-1, 0], [9, 0]]]), (1, 4))
    np.testing.assert_allclose(pool_surround(one_wins, middle, ["a"]).vectors, [[1, 0]], atol=1e-6)
    none_wins = map_of(np.array([[[1, 0], [5, 5], [-1, 0], [0, 0]]]), (1, 4))
    whole = pool_image(none_wins, "a").vectors
    np.testing.assert_allclose(pool_surround(none_wins, middle, ["a"]).vectors, whole, atol=1e-6)


def test_a_part_of_a_disc_is_more_like_its_surround_than_the_disc() -> None:
    y, x = np.mgrid[:96, :128]
    disc = (y - 48) ** 2 + (x - 64) ** 2 < 30**2
    part = (y - 48) ** 2 + (x - 60) ** 2 < 9**2
    colours = np.where(disc[..., None], [1.0, 0.1, 0.1], [0.1, 0.2, 1.0])
    cells = colours.reshape(24, 4, 32, 4, 3).mean(axis=(1, 3))
    feature_map = map_of(cells, (96, 128))
    masks = Masks.from_dense(np.stack([disc, part]))
    inside, around = pool(feature_map, masks, "ab").vectors, pool_surround(feature_map, masks, "ab").vectors
    whole, piece = (inside * around).sum(axis=1)
    assert whole < 0.5
    assert piece > 0.95
