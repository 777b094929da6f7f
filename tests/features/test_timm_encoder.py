from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import measuring_data, need_module

need_module("torch")
need_module("timm")

import timm  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

from lydite.core.errors import (  # noqa: E402
    CheckpointError,
    InvalidValue,
    LyditeError,
    MissingExtra,
    UnknownName,
    UsageError,
)
from lydite.features.encoders.timm import TimmEncoder, build, encoder_from_model  # noqa: E402
from lydite.features.settings import EncoderSettings  # noqa: E402
from oracles import IMAGENET_MEAN, IMAGENET_STD, Pixels, network_input, random_model  # noqa: E402

pytestmark = pytest.mark.torch

TINY_SWIN = {"strict_img_size": False, "embed_dim": 24, "depths": (1,) * 4, "num_heads": (1, 2, 4, 8)}
TWO_BLOCKS: dict[str, Any] = {"vit_small_patch16_dinov3": {"depth": 2}}


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def encoder(name: str, layer: str = "last", short_side: int = 64, **options: Any) -> TimmEncoder:
    settings = EncoderSettings(encoder=name, layer=layer, short_side=short_side)
    return encoder_from_model(random_model(name, **options), settings)


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    def save(name: str, **options: Any) -> Path:
        torch.save(random_model(name, **options).state_dict(), tmp_path / f"{name}.pth")
        return tmp_path / f"{name}.pth"

    return save


def refused(kind: type[LyditeError], **settings: Any) -> str:
    with pytest.raises(kind) as caught:
        build(EncoderSettings(**settings))
    assert type(caught.value) is kind
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "layer", "grid", "dim", "normalisation"),
    [
        ("resnet18", {}, "last", (2, 4), 512, "none"),
        ("resnet18", {}, "layer3", (4, 8), 256, "none"),
        ("resnet18", {}, "act1", (32, 64), 64, "none"),
        ("mobilenetv2_050", {}, "last", (2, 4), 1280, "none"),
        ("mobilenetv2_050", {}, "blocks.4", (4, 8), 48, "none"),
        ("test_efficientnet", {}, "last", (2, 4), 256, "none"),
        ("convnext_atto", {}, "last", (2, 4), 320, "final-norm"),
        ("convnext_atto", {}, "stages.2", (4, 8), 160, "none"),
        ("mambaout_femto", {}, "last", (2, 4), 288, "final-norm"),
        ("swin_tiny_patch4_window7_224", TINY_SWIN, "last", (2, 4), 192, "final-norm"),
        ("swin_tiny_patch4_window7_224", TINY_SWIN, "layers.1", (8, 16), 48, "none"),
        ("test_vit", {"dynamic_img_size": True}, "last", (4, 8), 64, "final-norm"),
        ("test_vit", {"dynamic_img_size": True}, "blocks.2", (4, 8), 64, "final-norm"),
        ("test_vit", {"dynamic_img_size": True, "global_pool": "avg"}, "last", (4, 8), 64, "final-norm"),
        ("test_vit2", {"dynamic_img_size": True}, "last", (4, 8), 64, "final-norm"),
        (
            "vit_small_patch14_reg4_dinov2",
            {"dynamic_img_size": True, "depth": 1},
            "last",
            (5, 9),
            384,
            "final-norm",
        ),
        ("vit_small_patch16_dinov3", {"depth": 2}, "blocks.0", (4, 8), 384, "final-norm"),
    ],
)
def test_every_family_gives_a_grid_that_covers_the_picture(
    name: str, options: Any, layer: str, grid: tuple[int, int], dim: int, normalisation: str
) -> None:
    made = encoder(name, layer, **options)
    found = made.encode(noise(40, 80))
    assert found.grid_hw == grid
    assert found.cells.dtype == np.float32
    assert found.cells.flags.c_contiguous
    assert found.size_hw == (40, 80)
    assert (made.space.encoder, made.space.layer) == (name, layer)
    assert (made.space.dim, made.space.normalisation) == (dim, normalisation)
    assert (made.space.colour_order, made.space.pooling) == ("RGB", "coverage-mean, L2")


@pytest.mark.parametrize("layer", ["last", "blocks.5"])
@pytest.mark.parametrize("pool", ["token", "avg"])
def test_the_last_block_of_a_vit_is_its_final_map(layer: str, pool: str) -> None:
    """Two ways through timm, and both places of the final norm, agree."""
    pixels = noise(64, 96)
    made = encoder("test_vit", layer, dynamic_img_size=True, global_pool=pool)
    model: Any = made.model
    with torch.inference_mode():
        tokens = model.fc_norm(model.forward_features(network_input(pixels, (64, 96))))
    standard = EncoderSettings(
        encoder="test_vit", layer=layer, short_side=64, mean=IMAGENET_MEAN, std=IMAGENET_STD
    )
    cells = encoder_from_model(model, standard).encode(pixels).cells
    np.testing.assert_allclose(cells.reshape(24, -1), tokens[0, 1:].numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (37, 53)])
@pytest.mark.parametrize("name", ["resnet18", "vit_small_patch16_dinov3"])
def test_pictures_of_any_size(name: str, size: tuple[int, int]) -> None:
    cell = 16 if "vit" in name else 32
    found = encoder(name, **TWO_BLOCKS.get(name, {})).encode(noise(*size))
    assert found.size_hw == size
    assert min(found.input_hw) == 64
    assert max(found.input_hw) <= 256
    assert found.grid_hw == tuple(side // cell for side in found.input_hw)


def test_the_grid_lies_on_the_picture_the_right_way_up() -> None:
    """A bright corner is where it was, rows first."""
    made = encoder("resnet18", "layer1", short_side=96)
    dark = np.zeros((60, 90, 3), np.uint8)
    bright = dark.copy()
    bright[:15, -15:] = 255
    change = np.abs(made.encode(bright).cells - made.encode(dark).cells).sum(axis=2)
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert row < change.shape[0] / 3
    assert column > change.shape[1] * 2 / 3


def test_the_same_picture_gives_the_same_map() -> None:
    made = encoder("test_convnext")
    np.testing.assert_array_equal(made.encode(noise(50, 70)).cells, made.encode(noise(50, 70)).cells)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_only_rgb_bytes_are_pictures(pixels: Any) -> None:
    with pytest.raises(InvalidValue, match=r"pixels must be uint8 of shape \(height, width, 3\)\. Seen: "):
        encoder("test_convnext").encode(pixels)


def test_a_network_that_makes_nan_is_refused() -> None:
    model = random_model("test_convnext")
    model.state_dict()["stages.0.blocks.0.mlp.fc1.bias"].fill_(float("nan"))
    with pytest.raises(InvalidValue, match=r"the encoder produced NaN or infinity"):
        encoder_from_model(model, EncoderSettings(encoder="test_convnext", short_side=64)).encode(noise(9, 9))


def test_equal_weights_give_an_equal_space_and_other_weights_another(saved: Any) -> None:
    path = saved("test_resnet")
    settings = EncoderSettings(encoder="test_resnet", checkpoint=path, short_side=64)
    made = build(settings)
    assert made.space == build(settings.model_copy(update={"short_side": 96})).space
    assert made.space == encoder("test_resnet").space
    assert made.space == build(settings.model_copy(update={"encoder": "test_resnet.r160_in1k"})).space
    assert made.space.differences(encoder("test_resnet", seed=5).space)[0].startswith("weights: ")
    assert made.space.differences(encoder("test_resnet", "layer4").space) == ("layer: 'last' != 'layer4'",)


def test_mean_and_std_come_from_the_weights_unless_given() -> None:
    model = random_model("test_convnext")
    plain = encoder_from_model(model, EncoderSettings(encoder="test_convnext", short_side=64))
    assert plain.space.mean == tuple(model.pretrained_cfg["mean"])  # type: ignore[index]
    mean, std = (127 / 255,) * 3, (127.5 / 255,) * 3
    given = encoder_from_model(
        model, EncoderSettings(encoder="test_convnext", short_side=64, mean=mean, std=std)
    )
    assert (given.space.mean, given.space.std) == (mean, std)
    assert not np.allclose(plain.encode(noise(64, 64)).cells, given.encode(noise(64, 64)).cells, atol=1e-3)


def test_model_options_reach_the_model_and_the_space(saved: Any) -> None:
    """Padding changes a map without changing a weight."""
    settings = EncoderSettings(encoder="mobilenetv2_050", checkpoint=saved("mobilenetv2_050"), short_side=64)
    plain = build(settings)
    padded = build(settings.model_copy(update={"model_options": {"pad_type": "same"}}))
    assert plain.space.differences(padded.space) == (
        "encoder: 'mobilenetv2_050' != \"mobilenetv2_050(pad_type='same')\"",
    )
    assert not np.allclose(plain.encode(noise(64, 64)).cells, padded.encode(noise(64, 64)).cells, atol=1e-3)


@pytest.mark.parametrize("name", ["resnet18", "vit_small_patch16_dinov3"])
def test_half_precision_is_close_and_not_equal(name: str) -> None:
    settings = EncoderSettings(encoder=name, short_side=64)
    options = TWO_BLOCKS.get(name, {})
    full = encoder_from_model(random_model(name, **options), settings)
    half = encoder_from_model(random_model(name, **options), settings.model_copy(update={"half": True}))
    assert half.space == full.space
    left, right = full.encode(noise(64, 64)).cells, half.encode(noise(64, 64)).cells
    assert right.dtype == np.float32
    assert 0 < np.abs(left - right).max() < 0.1 * np.abs(left).max()


def test_vits_of_fixed_size_are_built_to_take_any(saved: Any) -> None:
    made = build(EncoderSettings(encoder="test_vit", checkpoint=saved("test_vit"), short_side=96))
    assert made.encode(noise(30, 45)).grid_hw == (6, 9)


def test_a_model_of_one_size_stretches_at_that_size_and_refuses_others(saved: Any) -> None:
    name = "test_coatnet"
    path = saved(name)
    found = build(EncoderSettings(encoder=name, checkpoint=path, short_side=160)).encode(noise(30, 45))
    assert (found.input_hw, found.grid_hw, found.size_hw) == ((160, 160), (5, 5), (30, 45))
    assert refused(UsageError, encoder=name, checkpoint=path, short_side=512) == (
        f"Encoder {name!r} can look at pictures of 160x160 only. Use --short-side 160 (pictures are "
        "stretched to that square), or another encoder. Seen: 512"
    )


def test_a_model_without_a_grid_is_refused() -> None:
    settings = EncoderSettings(encoder="mixer_s32_224", short_side=224)
    with pytest.raises(UsageError) as caught:
        encoder_from_model(random_model("mixer_s32_224"), settings, (224, 224))
    assert str(caught.value) == (
        "Layer 'last' makes no map with one cell per 32x32 pixels. Choose another layer or encoder. "
        "Seen: (1, 49, 512) from an input of 224x224"
    )


def test_a_model_that_cannot_look_at_small_pictures_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^InceptionV3 cannot look at a picture of 64x96 pixels, so "):
        encoder("inception_v3")


def test_unknown_names_bring_the_nearest(saved: Any) -> None:
    assert refused(UnknownName, encoder="resnet_101") == (
        "There is no encoder named 'resnet_101'. Did you mean 'resnet101' or 'resnetv2_101' or 'resnet101s'?"
    )
    assert refused(UnknownName, encoder="convnext_base.dinov3").startswith(
        "There is no encoder named 'convnext_base.dinov3'. Did you mean 'convnext_base.dinov3_lvd1689m'"
    )
    assert refused(UnknownName, encoder="resnet18", layer="layer5", checkpoint=saved("resnet18")) == (
        "There is no layer named 'layer5'. Did you mean 'layer4' or 'layer3' or 'layer2'?"
    )
    assert refused(UnknownName, encoder="resnet18", layer="x", checkpoint=saved("resnet18")) == (
        "There is no layer named 'x'. Known: act1, last, layer1, layer2, layer3, layer4."
    )


def test_unknown_model_options() -> None:
    assert refused(UsageError, encoder="resnet18", model_options={"pad": 1}, checkpoint="x.pth") == (
        "Encoder 'resnet18' cannot be built with its model options: ResNet.__init__() got an unexpected "
        "keyword argument 'pad'. Give options that this model's builder in timm takes, or none. "
        "Seen: {'pad': 1}"
    )
    assert "cannot be built with its model options: AssertionError." in refused(
        UsageError, encoder="resnet18", model_options={"output_stride": 5}, checkpoint="x.pth"
    )
    assert refused(UsageError, encoder="resnet18", model_options={"num_classes": 9}, checkpoint="x.pth") == (
        "A model option is decided by Lydite itself: encoders are built without classifier, for RGB. "
        "Leave it out. Seen: num_classes"
    )


@pytest.mark.parametrize("device", ["cuda:99", "mps"])
def test_a_device_that_is_not_there(device: str) -> None:
    assert refused(UsageError, encoder="resnet18", device=device) == (
        f"This device is not available to PyTorch here. Use --device cpu. Seen: {device}"
    )


def test_a_device_that_does_not_exist() -> None:
    assert refused(UsageError, encoder="resnet18", device="gpu") == (
        "There is no such device. Known: cpu, cuda, cuda:1, mps. Seen: gpu"
    )


def test_a_checkpoint_of_another_architecture_is_refused(saved: Any) -> None:
    message = refused(CheckpointError, encoder="resnet18", checkpoint=saved("test_convnext"))
    assert "does not fit 'resnet18': 0 of its 100 tensors are there" in message


@pytest.mark.parametrize("missing", ["torch", "timm"])
def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert refused(MissingExtra, encoder="resnet101") == (
        "Encoder 'resnet101' needs an optional part of Lydite. Install it: pip install 'lydite[torch]'"
    )


def test_a_hub_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    builder = importlib.import_module("timm.models._builder")

    def unreachable(*_: Any, **__: Any) -> None:
        builder._logger.warning("chatter")
        raise ConnectionError("no route to the hub\nand a page of advice")

    monkeypatch.setattr(builder, "load_state_dict_from_hf", unreachable)
    assert refused(UsageError, encoder="resnet18") == (
        "The trained weights of 'resnet18' could not be fetched from the hub. Check the network, or give a "
        "weights file: --checkpoint FILE. Seen: no route to the hub"
    )
    assert capfd.readouterr() == ("", "")


def test_weights_from_the_hub_fit_completely_and_lose_their_classifier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(1)
    published = timm.create_model("resnet18", pretrained=False).state_dict()
    builder = importlib.import_module("timm.models._builder")
    monkeypatch.setattr(builder, "load_state_dict_from_hf", lambda *_, **__: dict(published))
    made = build(EncoderSettings(encoder="resnet18", short_side=64))
    model: nn.Module = timm.create_model("resnet18", pretrained=False, num_classes=0)
    model.load_state_dict({k: v for k, v in published.items() if not k.startswith("fc.")})
    assert made.space == encoder_from_model(model, EncoderSettings(encoder="resnet18")).space
    published.pop("layer4.1.bn2.bias")
    assert "could not be fetched" in refused(UsageError, encoder="resnet18")


def test_a_model_that_nobody_trained_needs_a_file() -> None:
    assert refused(UsageError, encoder="mobilenetv2_075") == (
        "timm publishes no trained weights of 'mobilenetv2_075'. Give a weights file: --checkpoint FILE."
    )


@pytest.mark.data
def test_real_weights_look_at_a_blood_smear() -> None:
    from PIL import Image

    weights = measuring_data("weights", "mobilenetv2_100.imagenet.safetensors")
    smear = sorted(measuring_data("data", "bccd", "JPEGImages").glob("*.jpg"))[0]
    made = build(
        EncoderSettings(
            encoder="mobilenetv2_100",
            checkpoint=weights,
            mean=(127 / 255,) * 3,
            std=(127.5 / 255,) * 3,
            model_options={"pad_type": "same"},
        )
    )
    found = made.encode(np.asarray(Image.open(smear).convert("RGB")))
    assert found.size_hw == (480, 640)
    assert found.input_hw == (512, 672)
    assert found.grid_hw == (16, 21)
    assert re.fullmatch(r"[0-9a-f]{64}", made.space.weights)
    assert found.cells.std(axis=(0, 1)).mean() > 0.1
