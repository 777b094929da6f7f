"""The descriptor covers the picture, is the same for ever, and tells things apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from features.encoders.drawn import Pixels, discs, scene
from lydite.core import FeatureMap, InvalidValue, UsageError, similarity
from lydite.features.encoders.descriptor import build
from lydite.features.pooling import pool, pool_image
from lydite.features.settings import EncoderSettings

SCALE = EncoderSettings(short_side=128)


def encode(pixels: Pixels) -> FeatureMap:
    return build(SCALE).encode(pixels)


@pytest.mark.parametrize(
    ("size_hw", "input_hw"),
    [
        ((1, 1), (128, 128)),
        ((128, 192), (128, 192)),
        ((100, 333), (128, 424)),
        ((333, 100), (424, 128)),
        ((1, 2000), (128, 512)),
        ((600, 800), (128, 168)),
    ],
)
def test_the_grid_covers_the_whole_picture(size_hw: tuple[int, int], input_hw: tuple[int, int]) -> None:
    found = encode(np.random.default_rng(0).integers(0, 256, (*size_hw, 3), np.uint8))
    assert found.size_hw == size_hw
    assert found.input_hw == input_hw
    assert found.grid_hw == (input_hw[0] // 8, input_hw[1] // 8)


def test_cells_are_unit_vectors() -> None:
    norms = np.linalg.norm(encode(scene()).cells, axis=2)
    np.testing.assert_allclose(norms, 1, atol=1e-5)


def test_bit_for_bit_the_same_again() -> None:
    assert encode(scene()).cells.tobytes() == encode(scene()).cells.tobytes()
    assert build(SCALE).space == build(SCALE).space


def test_scale_is_not_part_of_the_space() -> None:
    assert build(SCALE).space == build(EncoderSettings(short_side=256)).space


def test_scale_changes_the_map() -> None:
    finer = build(EncoderSettings(short_side=256)).encode(scene())
    assert finer.grid_hw == (32, 48)
    assert finer.input_hw == (256, 384)


def test_the_space_says_what_was_done() -> None:
    space = build(SCALE).space
    assert (space.encoder, space.layer, space.normalisation) == ("descriptor", "last", "unit-norm cells")
    assert (space.colour_order, space.pooling, space.dim) == ("RGB", "coverage-mean, L2", 256)
    assert len(space.weights) == 64


def test_alike_is_near_and_unlike_is_far() -> None:
    features = pool(encode(scene()), discs(), ["red", "red turned", "green", "background"])
    cosines = similarity(features, features)
    assert cosines[0, 1] > 0.8
    assert cosines[0, 2] < 0.5
    assert cosines[0, 3] < 0.5
    assert cosines[2, 3] < 0.5


def test_darker_light_changes_less_than_another_thing() -> None:
    bright, dark = encode(scene()), encode((scene() * 0.8).astype(np.uint8))
    names = ["red", "red turned", "green", "background"]
    cosines = similarity(pool(bright, discs(), names), pool(dark, discs(), names))
    assert cosines[:2, :2].min() > cosines[:2, 2:].max()
    assert cosines[2, 2] > max(cosines[2, [0, 1, 3]])


def test_a_picture_of_one_colour_has_a_vector() -> None:
    flat = encode(np.full((40, 60, 3), 255, np.uint8))
    assert np.ptp(flat.cells, axis=(0, 1)).max() < 1e-4
    assert len(pool_image(flat, "flat")) == 1


def test_mirrored_picture_mirrored_map() -> None:
    straight = encode(scene())
    mirrored = encode(np.ascontiguousarray(scene()[:, ::-1]))
    np.testing.assert_allclose(mirrored.cells[:, ::-1], straight.cells, atol=2e-2)


def test_golden_cells() -> None:
    """Numbers written down once: whoever changes them changes the version of the encoder too."""
    cells = encode(scene()).cells
    golden = np.array(
        [
            [-0.04904, -0.08839, 0.08839, -0.0, -0.01512, 0.04258, 0.08839],
            [0.07797, -0.07535, 0.05643, 0.04318, -0.03756, 0.07826, -0.08762],
            [0.03701, -0.00814, 0.08828, 0.00086, 0.04857, -0.08276, 0.07084],
        ]
    )
    np.testing.assert_allclose(cells[[0, 8, 8], [0, 4, 12]][:, ::37], golden, atol=1e-4)


@pytest.mark.parametrize(
    ("option", "value", "seen"),
    [
        ("checkpoint", Path("weights.pth"), "weights.pth"),
        ("layer", "layer3", "layer3"),
        ("device", "cuda", "cuda"),
        ("half", True, "True"),
        ("mean", (0.5, 0.5, 0.5), "[0.5, 0.5, 0.5]"),
        ("std", (0.5, 0.5, 0.5), "[0.5, 0.5, 0.5]"),
        ("model_options", {"drop_rate": 0.1}, "{'drop_rate': 0.1}"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(option: str, value: Any, seen: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(EncoderSettings.model_validate({option: value}))
    assert str(caught.value) == (
        f"The descriptor has no network, so it cannot honour {option!r}. "
        f"Leave {option!r} out, or choose a timm model as 'encoder'. Seen: {seen}"
    )


def test_every_option_is_either_used_or_refused() -> None:
    used = {"encoder", "short_side", "pooling", "pool_topk", "zoom_cells", "zoom_factor"}
    refused = {"checkpoint", "layer", "device", "half", "mean", "std", "model_options"}
    assert set(EncoderSettings.model_fields) == used | refused


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_other_pixels_are_refused(pixels: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^pixels must be uint8 of shape \(height, width, 3\)\. Seen: "):
        encode(pixels)


def test_one_thread_or_many_the_same_map() -> None:
    threads = cv2.getNumThreads()
    many = encode(scene()).cells
    try:
        cv2.setNumThreads(1)
        single = encode(scene()).cells
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_allclose(single, many, atol=1e-6)
