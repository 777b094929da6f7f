from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("timm")
need_module("transformers")

import torch  # noqa: E402
from torch import nn  # noqa: E402

from lydite.features.encoders.timm import encoder_from_model  # noqa: E402
from lydite.features.settings import EncoderSettings  # noqa: E402
from oracles import (  # noqa: E402
    Oracle,
    Pixels,
    dinov2,
    dinov3_convnext_base,
    dinov3_vit,
    network_input,
    pooled,
    random_model,
    resnet101,
)

pytestmark = pytest.mark.torch

TOLERANCE = 1e-4


def picture(height: int, width: int) -> Pixels:
    smooth = np.random.default_rng(3).integers(0, 256, (5, 5, 3))
    rows, columns = np.linspace(0, 4, height).astype(int), np.linspace(0, 4, width).astype(int)
    noise = np.random.default_rng(4).integers(-30, 31, (height, width, 3))
    return np.asarray(np.clip(smooth[rows][:, columns] + noise, 0, 255), np.uint8)


@functools.cache
def model_of(name: str) -> nn.Module:
    return random_model(name, **({"dynamic_img_size": True} if "dinov2" in name else {}))


def resnet_layer3(model: nn.Module) -> Oracle:
    return resnet101(model, "layer3")


def resnet_last(model: nn.Module) -> Oracle:
    return resnet101(model, "layer4")


@pytest.mark.parametrize(
    ("name", "layer", "oracle", "looked_hw"),
    [
        ("vit_small_patch16_dinov3", "last", dinov3_vit, (64, 96)),
        ("convnext_base", "last", dinov3_convnext_base, (64, 96)),
        ("vit_small_patch14_dinov2", "last", dinov2, (70, 98)),
        ("resnet101", "layer3", resnet_layer3, (64, 96)),
        ("resnet101", "last", resnet_last, (64, 96)),
    ],
)
def test_the_map_and_its_pooled_vector_equal_an_independent_computation(
    name: str,
    layer: str,
    oracle: Callable[[nn.Module], Oracle],
    looked_hw: tuple[int, int],
) -> None:
    model = model_of(name)
    encoder = encoder_from_model(model, EncoderSettings(encoder=name, layer=layer, short_side=64))
    compute = oracle(model)
    for landscape in (True, False):
        pixels = picture(90, 140) if landscape else picture(140, 90)
        looked = looked_hw if landscape else looked_hw[::-1]
        found = encoder.encode(pixels)
        expected = compute(network_input(pixels, looked))
        assert found.input_hw == looked
        assert found.cells.shape == expected.shape
        assert np.abs(expected).max() > 0.1
        assert np.abs(expected - expected.mean(axis=(0, 1))).max() > 0.1
        np.testing.assert_allclose(found.cells, expected, atol=TOLERANCE, rtol=0)
        np.testing.assert_allclose(pooled(found.cells), pooled(expected), atol=TOLERANCE, rtol=0)


def test_the_oracle_sees_a_missing_final_norm() -> None:
    """The failure that the exactness of ConvNeXt guards against would be seen."""
    model: Any = model_of("convnext_base")
    batch = network_input(picture(64, 64), (64, 64))
    with torch.inference_mode():
        raw = model.forward_features(batch)[0].permute(1, 2, 0).numpy()
    assert np.abs(raw - dinov3_convnext_base(model)(batch)).max() > 0.1
