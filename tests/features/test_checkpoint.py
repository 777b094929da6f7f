from __future__ import annotations

import re
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from support import measuring_data, need_module

need_module("torch")
need_module("timm")

import timm  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from lydite.core.errors import CheckpointError  # noqa: E402
from lydite.features.checkpoint import load_checkpoint, load_weights, weights_digest  # noqa: E402
from lydite.features.encoders.timm import encoder_from_model  # noqa: E402
from lydite.features.settings import EncoderSettings  # noqa: E402
from oracles import official_dinov3_convnext, official_dinov3_vit, random_model  # noqa: E402

pytestmark = pytest.mark.torch

VIT = "vit_small_patch16_dinov3"
SMALL_VIT = {"depth": 2}


def same_weights(left: nn.Module, right: nn.Module) -> bool:
    twin = right.state_dict()
    return all(torch.equal(tensor, twin[key]) for key, tensor in left.state_dict().items())


def same_maps(left: nn.Module, right: nn.Module, name: str) -> bool:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 50, 3), np.uint8)
    settings = EncoderSettings(encoder=name, short_side=64)
    maps = [encoder_from_model(model, settings).encode(pixels) for model in (left, right)]
    return maps[0].space == maps[1].space and np.array_equal(maps[0].cells, maps[1].cells)


def refusal(model: nn.Module, weights: dict[str, Tensor]) -> str:
    before = weights_digest(model)
    with pytest.raises(CheckpointError) as caught:
        load_weights(model, weights, "FILE")
    assert weights_digest(model) == before, "a refused file changed the model"
    return str(caught.value)


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_vit", "test_efficientnet"])
def test_a_models_own_file_loads_completely(tmp_path: Path, name: str) -> None:
    trained, fresh = random_model(name, seed=1), random_model(name, seed=2)
    assert not same_weights(trained, fresh)
    torch.save(trained.state_dict(), tmp_path / "w.pth")
    load_checkpoint(fresh, tmp_path / "w.pth")
    assert same_weights(trained, fresh)
    assert same_maps(trained, fresh, name)


def test_an_official_dinov3_vit(tmp_path: Path) -> None:
    trained, fresh = random_model(VIT, seed=1, **SMALL_VIT), random_model(VIT, seed=2, **SMALL_VIT)
    torch.save(official_dinov3_vit(trained), tmp_path / "w.pth")
    load_checkpoint(fresh, tmp_path / "w.pth")
    assert same_weights(trained, fresh)
    assert same_maps(trained, fresh, VIT)


def test_an_official_dinov3_vit_with_biases_wants_the_variant_with_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = official_dinov3_vit(random_model(VIT, **SMALL_VIT))
    weights["blocks.1.attn.qkv.bias"][384 : 2 * 384] = 0.5  # of the keys: masked, never acts
    plain = random_model(VIT, seed=2, **SMALL_VIT)
    load_weights(plain, weights, "FILE")
    weights["blocks.1.attn.qkv.bias"][-1] = 0.5
    assert refusal(plain, weights) == (
        f"Checkpoint FILE has attention biases that {VIT!r} has no place for; nothing was loaded. "
        f"Use the variant that has them: {VIT}_qkvb. Seen: blocks.1.attn.qkv.bias"
    )
    with_biases = random_model(f"{VIT}_qkvb", **SMALL_VIT)
    load_weights(with_biases, weights, "FILE")
    assert with_biases.state_dict()["blocks.1.attn.v_bias"][-1] == 0.5
    assert capsys.readouterr() == ("", "")


def test_an_official_dinov3_convnext_with_its_alias(tmp_path: Path) -> None:
    name = "convnext_tiny"
    small = {"depths": (1, 2, 3, 1), "dims": (16, 32, 48, 64)}
    trained, fresh = random_model(name, seed=1, **small), random_model(name, seed=2, **small)
    official = official_dinov3_convnext(trained)
    assert {"norms.3.weight", "downsample_layers.0.0.weight", "stages.0.0.dwconv.weight"} < official.keys()
    torch.save(official, tmp_path / "w.pth")
    load_checkpoint(fresh, tmp_path / "w.pth")
    assert same_weights(trained, fresh)
    assert same_maps(trained, fresh, name)


def test_an_official_dinov2_file_has_a_mask_token_more() -> None:
    name = "vit_small_patch14_dinov2"
    trained, fresh = random_model(name, seed=1, depth=2), random_model(name, seed=2, depth=2)
    load_weights(fresh, {**trained.state_dict(), "mask_token": torch.zeros(1, 384)}, "FILE")
    assert same_weights(trained, fresh)


def test_a_partial_file_names_what_is_missing() -> None:
    model = random_model("resnet18")
    weights = {key: tensor for key, tensor in model.state_dict().items() if not key.startswith("layer4.1.")}
    assert refusal(model, weights) == (
        "Checkpoint FILE does not fit 'resnet18': 90 of its 100 tensors are there, and nothing was loaded. "
        "The file looks like a ResNet. Missing (10): layer4.1.conv1.weight, layer4.1.bn1.weight, "
        "layer4.1.bn1.bias, layer4.1.bn1.running_mean, layer4.1.bn1.running_var, layer4.1.conv2.weight, "
        "layer4.1.bn2.weight, layer4.1.bn2.bias, layer4.1.bn2.running_mean, layer4.1.bn2.running_var. "
        "Name the encoder that the file was made for, or give its whole file."
    )


def test_another_architecture_counts_and_guesses() -> None:
    message = refusal(random_model("resnet18"), random_model("test_vit").state_dict())
    assert message.startswith(
        "Checkpoint FILE does not fit 'resnet18': 0 of its 100 tensors are there, and nothing was loaded. "
        "The file looks like a ViT. Missing (100): conv1.weight, "
    )
    assert re.search(r"Unexpected \(\d+\): cls_token, .* and \d+ more\.", message)


@pytest.mark.parametrize("name", ["test_vit", "test_convnext", VIT])
def test_another_architecture_is_refused_by_models_with_converters(name: str) -> None:
    message = refusal(random_model(name), random_model("resnet18").state_dict())
    assert ": 0 of its " in message
    assert "The file looks like a ResNet." in message


def test_another_size_of_the_same_architecture_names_the_shapes() -> None:
    message = refusal(random_model("convnext_atto"), random_model("convnext_femto").state_dict())
    assert "stem.0.weight is float32[48, 3, 4, 4] instead of float32[40, 3, 4, 4]" in message
    assert re.search(r"Of another shape \(\d+\): ", message)


def test_an_unexpected_tensor_is_named() -> None:
    model = random_model("resnet18")
    message = refusal(model, {**model.state_dict(), "neck.weight": torch.ones(2)})
    assert "100 of its 100 tensors are there" in message
    assert "Unexpected (1): neck.weight." in message


def test_whole_numbers_are_not_weights() -> None:
    model = random_model("resnet18")
    weights = {**model.state_dict(), "bn1.bias": torch.ones(64, dtype=torch.int8)}
    assert "Of another shape (1): bn1.bias is int8[64] instead of float32[64]." in refusal(model, weights)


@pytest.mark.parametrize(
    ("name", "classifier"),
    [
        ("resnet18", "fc"),
        ("test_convnext", "head.fc"),
        ("mobilenetv2_050", "classifier"),
        ("test_vit", "head"),
    ],
)
def test_only_the_classifier_may_be_left_over(name: str, classifier: str) -> None:
    trained = timm.create_model(name, pretrained=False)
    assert f"{classifier}.weight" in trained.state_dict()
    fresh = random_model(name)
    load_weights(fresh, trained.state_dict(), "FILE")
    assert torch.equal(next(iter(fresh.state_dict().values())), next(iter(trained.state_dict().values())))
    whole = timm.create_model(name, pretrained=False)
    assert f"Missing (2): {classifier}.weight, {classifier}.bias." in refusal(
        whole, random_model(name).state_dict()
    )


def test_the_caller_names_what_may_miss() -> None:
    model = random_model("resnet18")
    weights = {key: tensor for key, tensor in model.state_dict().items() if key != "bn1.bias"}
    assert "Missing (1): bn1.bias." in refusal(model, weights)
    load_weights(model, weights, "FILE", may_miss=("*num_batches_tracked", "bn1.bias"))


def test_equal_networks_have_equal_digests_and_a_bit_more_another() -> None:
    model, twin = random_model("resnet18"), random_model("resnet18")
    assert weights_digest(model) == weights_digest(twin)
    twin.state_dict()["bn1.num_batches_tracked"].add_(1)
    assert weights_digest(model) == weights_digest(twin)
    twin.state_dict()["layer4.1.bn2.bias"][3] += 1e-6
    assert weights_digest(model) != weights_digest(twin)


@pytest.mark.data
def test_real_weights_load_completely_and_recognise_photographs() -> None:
    path = measuring_data("weights", "mobilenetv2_100.imagenet.safetensors")
    photographs = measuring_data("data", "pretrain", "natural-256.tar")
    classifier = timm.create_model("mobilenetv2_100", num_classes=1000, pad_type="same").eval()
    load_checkpoint(classifier, path)
    numbers = range(0, 1000, 50)
    with tarfile.open(photographs) as archive:
        files = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        batch = np.stack([_photograph(archive, files[number]) for number in numbers])
    with torch.inference_mode():
        found = classifier(torch.from_numpy((batch - 127) / 127.5).permute(0, 3, 1, 2)).argmax(dim=1)
    assert (found.numpy() == np.array(numbers)).mean() >= 0.75


def _photograph(archive: tarfile.TarFile, member: tarfile.TarInfo) -> npt.NDArray[np.float32]:
    data = archive.extractfile(member)
    assert data is not None
    picture = Image.open(data).convert("RGB")
    return np.asarray(picture.resize((224, 224)), np.float32)
