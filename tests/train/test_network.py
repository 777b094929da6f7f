"""Backbones with classifiers: what they compute, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import measuring_data, need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402

from lydite.core import CheckpointError, ClassMap, ClassMapMismatch, UnknownName, UsageError  # noqa: E402
from lydite.features.embedded_net import load_embedded_net  # noqa: E402
from lydite.train.network import (  # noqa: E402
    Looks,
    build_network,
    load_network,
    predict_logits,
    read_classes,
    save_network,
)

pytestmark = pytest.mark.torch
FRUIT = ClassMap(("apple", "banana", "cherry"))


def views(count: int = 2, size: int = 64) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


@pytest.mark.parametrize("name", ["embedded", "resnet18", "mobilenetv2_100"])
def test_a_new_classifier_says_nothing_yet_and_learns(name: str) -> None:
    network = build_network(name, FRUIT)
    network.module.eval()
    logits = predict_logits(network, views())
    assert logits.shape == (2, 3)
    assert not logits.any()
    network.module.train()
    loss = network.module(network.looks.planes(torch.from_numpy(views()))).square().sum()
    loss = loss + network.module(network.looks.planes(torch.from_numpy(views())))[:, 0].sum()
    loss.backward()
    assert any(p.grad is not None and bool(p.grad.any()) for p in network.module.parameters())


def test_the_embedded_body_is_the_encoder_that_ships() -> None:
    network = build_network("embedded", FRUIT)
    shipped = load_embedded_net()
    planes = network.looks.planes(torch.from_numpy(views()))
    with torch.no_grad():
        _, _, meaning = shipped.stages(planes)
        fine = network.module.fine(network.module.stem(planes))  # type: ignore[operator]
        middle = network.module.middle(fine)  # type: ignore[operator]
        own = network.module.meaning(network.module.coarse(middle))  # type: ignore[operator]
    assert torch.equal(own, meaning)


def test_planes_are_standardised_and_channels_last() -> None:
    looks = Looks((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    pixels = views()
    planes = looks.planes(torch.from_numpy(pixels))
    slow = (pixels / 255 - np.array(looks.mean)) / np.array(looks.std)
    assert np.allclose(planes.permute(0, 2, 3, 1).numpy(), slow, atol=1e-5)
    assert planes.is_contiguous(memory_format=torch.channels_last)


def test_weights_and_classes_come_back(tmp_path: Path) -> None:
    network = build_network("embedded", FRUIT)
    with torch.no_grad():
        network.module.head.weight.normal_()  # type: ignore[union-attr, operator]
    save_network(network, tmp_path / "weights.safetensors")
    assert read_classes(tmp_path / "weights.safetensors") == tuple(FRUIT)
    other = build_network("embedded", FRUIT, checkpoint=tmp_path / "weights.safetensors")
    network.module.eval()
    other.module.eval()
    assert np.array_equal(predict_logits(network, views()), predict_logits(other, views()))


def test_other_classes_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_network(build_network("resnet18", FRUIT), path)
    with pytest.raises(ClassMapMismatch, match=r"only the checkpoint has 'cherry'; only the data has 'date'"):
        build_network("resnet18", ClassMap(("apple", "banana", "date")), checkpoint=path)
    with pytest.raises(ClassMapMismatch, match="another order"):
        build_network("resnet18", ClassMap(("banana", "apple", "cherry")), checkpoint=path)
    with pytest.raises(CheckpointError, match=r"does not fit 'resnet26'.*Seen: "):
        build_network("resnet26", FRUIT, checkpoint=path)
    with pytest.raises(CheckpointError, match="does not fit 'embedded'"):
        build_network("embedded", FRUIT, checkpoint=path)


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no backbone named 'resnet_50'.*Did you mean.*'resnet50"):
        build_network("resnet_50", FRUIT)
    with pytest.raises(UnknownName, match=r"Did you mean 'resnet50\.a1_in1k'"):
        build_network("resnet50.a1_in2k", FRUIT)
    with pytest.raises(UnknownName, match="Did you mean 'embedded'"):
        build_network("embeded", FRUIT)
    with pytest.raises(UsageError, match=r"cannot be built.*Seen: .*no_such_option"):
        build_network("resnet18", FRUIT, options={"no_such_option": 1})
    with pytest.raises(UsageError, match="takes no model options"):
        build_network("embedded", FRUIT, options={"drop_rate": 0.1})


def test_a_body_with_a_foreign_classifier_is_loaded_without_it() -> None:
    path = measuring_data("weights", "mobilenetv2_100.imagenet.safetensors")
    network = build_network("mobilenetv2_100", FRUIT, checkpoint=path, options={"pad_type": "same"})
    assert network.module.state_dict()["classifier.weight"].shape == (3, 1280)
    from safetensors.torch import load_file

    stored = load_file(path)
    assert torch.equal(network.module.state_dict()["conv_stem.weight"], stored["conv_stem.weight"])


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"not safetensors")
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load_network(build_network("embedded", FRUIT), path)
