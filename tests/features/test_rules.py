"""Each pooling rule is a space of its own, sees every mask, and pools a full mask to the picture's vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydite.core import FeatureMap, FeatureSpace, Masks, SpaceMismatch, similarity
from lydite.features import EncoderSettings, build_encoder, pool, pool_image, pool_surround
from lydite.features.rules import NEAREST, nearest, topk_name, topk_of

SPACE = FeatureSpace("e", "w", "last", "none", "RGB", (0, 0, 0), (1, 1, 1), "coverage-mean, L2", dim=6)
RULES = ["coverage-mean, L2", NEAREST, topk_name(1), topk_name(3)]


def map_of(rule: str, grid: tuple[int, int] = (5, 7), size: tuple[int, int] = (40, 63)) -> FeatureMap:
    cells = np.random.default_rng(0).normal(size=(*grid, 6)).astype(np.float32)
    return FeatureMap(cells, size, replace(SPACE, pooling=rule), size)


def random_masks(seed: int, count: int = 6, size: tuple[int, int] = (40, 63)) -> Masks:
    rng = np.random.default_rng(seed)
    dense = np.zeros((count, *size), bool)
    for mask in dense:
        y, x = rng.integers(0, size[0]), rng.integers(0, size[1])
        mask[y : y + rng.integers(1, 30), x : x + rng.integers(1, 30)] = True
    return Masks.from_dense(dense)


@pytest.mark.parametrize("rule", RULES)
def test_a_full_mask_is_the_picture(rule: str) -> None:
    feature_map = map_of(rule)
    whole = pool(feature_map, Masks.from_dense(np.ones((1, 40, 63))), ("a",))
    np.testing.assert_allclose(whole.vectors, pool_image(feature_map, "a").vectors, atol=1e-6)
    assert whole.space.pooling == rule


@pytest.mark.parametrize("rule", RULES)
def test_two_rules_never_meet(rule: str) -> None:
    masks = random_masks(0)
    names = [str(k) for k in range(6)]
    one = pool(map_of(rule), masks, names)
    for other in RULES:
        if other != rule:
            with pytest.raises(SpaceMismatch, match="pooling"):
                similarity(one, pool(map_of(other), masks, names))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.sampled_from([(5, 7), (1, 1), (40, 63), (3, 50)]))
def test_nearest_equals_masks_resized_pixel_by_pixel(seed: int, grid: tuple[int, int]) -> None:
    masks = random_masks(seed)
    weights = nearest(masks, grid).toarray()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    for row, dense in enumerate(masks):
        seen = np.array(
            [[dense[i * 40 // grid[0], j * 63 // grid[1]] for j in range(grid[1])] for i in range(grid[0])]
        ).ravel()
        if seen.any():
            np.testing.assert_allclose(weights[row], seen / seen.sum(), atol=1e-6)


def test_a_mask_between_the_samples_keeps_its_own_cell() -> None:
    dense = np.zeros((2, 40, 63), bool)
    dense[0, 3:5, 4:6] = True
    dense[1, 0, 0] = True
    weights = nearest(Masks.from_dense(dense), (5, 7)).toarray()
    assert weights[0].tolist() == weights[1].tolist() == [1.0, *[0.0] * 34]


def slow_topk(cells: npt.NDArray[np.float32], shares: npt.NDArray[np.float32], k: int) -> list[float]:
    taken = [cell for cell, share in zip(cells, shares, strict=True) if share and share >= shares.max() / 2]
    return [
        float(np.mean(sorted((cell[d] for cell in taken), reverse=True)[:k])) for d in range(cells.shape[1])
    ]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.integers(1, 9))
def test_topk_equals_the_slow_one(seed: int, k: int) -> None:
    from lydite.features import coverage

    feature_map, masks = map_of(topk_name(k)), random_masks(seed)
    pooled = pool(feature_map, masks, [str(row) for row in range(6)]).vectors
    shares = coverage(masks, feature_map.grid_hw).toarray()
    for row in range(6):
        wanted = np.array(slow_topk(feature_map.cells.reshape(-1, 6), shares[row], k))
        np.testing.assert_allclose(pooled[row], wanted / np.linalg.norm(wanted), atol=1e-5)


def test_what_lies_around_is_pooled_by_the_same_rule() -> None:
    feature_map = map_of(topk_name(1))
    masks = Masks.from_dense(np.ones((1, 40, 63)))
    around = pool_surround(feature_map, masks, ("a",))
    np.testing.assert_allclose(around.vectors, pool_image(feature_map, "a").vectors, atol=1e-6)
    assert around.space == feature_map.space


def test_settings_choose_the_rule() -> None:
    for options, rule in (({}, RULES[0]), ({"pooling": "nearest"}, NEAREST)):
        assert build_encoder(EncoderSettings(**options)).space.pooling == rule
    encoder = build_encoder(EncoderSettings(pooling="topk", pool_topk=5, short_side=64))
    assert topk_of(encoder.space) == topk_of(encoder.smaller(2).space) == 5
    assert encoder.encode(np.zeros((40, 63, 3), np.uint8)).space == encoder.space
