from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import need_module

need_module("torch")
need_module("safetensors")

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from lydite.core.errors import CheckpointError  # noqa: E402
from lydite.features.weights_file import read_weights  # noqa: E402

pytestmark = pytest.mark.torch

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == WEIGHTS.keys() and all(torch.equal(found[key], WEIGHTS[key]) for key in WEIGHTS)


@pytest.mark.parametrize("name", ["w.pth", "w.pt", "W.PTH"])
def test_pickled_weights(tmp_path: Path, name: str) -> None:
    torch.save(WEIGHTS, tmp_path / name)
    assert same(read_weights(tmp_path / name))


def test_pickled_weights_of_the_old_format(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert same(read_weights(tmp_path / "w.pth"))


def test_safetensors(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    assert same(read_weights(tmp_path / "w.safetensors"))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"state_dict": w, "epoch": 3},
        lambda w: {"model": w, "args": {"lr": 0.1}},
        lambda w: {"model": {"state_dict": w}},
        lambda w: {f"module.{key}": tensor for key, tensor in w.items()},
        lambda w: {f"backbone.{key}": tensor for key, tensor in w.items()},
        lambda w: {
            "teacher": {f"module.backbone.{key}": tensor for key, tensor in w.items()}
            | {"module.dino_head.last": torch.ones(1)},
            "student": {"x": torch.ones(1)},
        },
    ],
)
def test_containers_are_opened(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    torch.save(wrap(WEIGHTS), tmp_path / "w.pth")
    assert same(read_weights(tmp_path / "w.pth"))


def test_a_prefix_is_kept_where_something_unknown_stands_outside_it(tmp_path: Path) -> None:
    torch.save({"backbone.a": torch.ones(1), "neck.b": torch.ones(1)}, tmp_path / "w.pth")
    assert read_weights(tmp_path / "w.pth").keys() == {"backbone.a", "neck.b"}


class MakesMarker:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("is_zipped", [True, False])
def test_a_pickle_with_code_is_refused_and_its_code_not_run(tmp_path: Path, is_zipped: bool) -> None:
    marker = tmp_path / "was run"
    path = tmp_path / "w.pth"
    torch.save({"a": torch.ones(1), "b": MakesMarker(marker)}, path, _use_new_zipfile_serialization=is_zipped)
    with pytest.raises(CheckpointError) as caught:
        read_weights(path)
    assert str(caught.value) == (
        f"Checkpoint {path} contains code, which was not run: weights need none. Ask its author for a "
        f".safetensors file, or for the state dict alone. Seen: {os.mkdir.__module__}.mkdir"
    )
    assert not marker.exists()


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_weights(path)
    return str(caught.value).replace(str(path), "FILE")


def test_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert refusal(path) == (
        "Checkpoint FILE is not a PyTorch file, whatever its name says. Fetch the weights themselves, not a "
        "page or a pointer that leads to them. Seen: b'version https://git-lfs.github.com/spec/'"
    )


def test_a_text_file_named_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_text("not found" * 10)
    assert refusal(path).startswith("Checkpoint FILE is not a whole safetensors file: ")


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_file_cut_short(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    weights = {"a": torch.rand(4000)}
    if path.suffix == ".pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert re.match(
        r"Checkpoint FILE is (cut short or damaged: |not a whole safetensors file: ).*Fetch the file again\.",
        refusal(path),
    )


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert refusal(tmp_path / name) == "Checkpoint FILE is empty. Fetch the file again."


def test_a_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "Checkpoint FILE is a directory. Give one weights file."


def test_a_missing_file_names_its_nearest_sibling(tmp_path: Path) -> None:
    (tmp_path / "dinov3_vits16.pth").touch()
    (tmp_path / "resnet.pth").touch()
    assert refusal(tmp_path / "dinov3_vits14.pth") == (
        "Checkpoint FILE cannot be read: No such file or directory. Did you mean 'dinov3_vits16.pth'?"
    )


def test_a_missing_file_in_an_empty_and_in_a_missing_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path / "w.pth").endswith("There is no weights file beside it either.")
    assert refusal(tmp_path / "no" / "w.pth").endswith(f"There is no directory {tmp_path / 'no'} either.")


def test_an_unknown_suffix(tmp_path: Path) -> None:
    assert refusal(tmp_path / "w.onnx") == (
        "Checkpoint FILE is of no known format. Known: .safetensors, .pth, .pt. Seen: .onnx"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "Checkpoint FILE holds no tensors. Give a file of trained weights."),
        (
            [torch.ones(1)],
            "Checkpoint FILE holds no table of named tensors. Save the model's state dict. Seen: list",
        ),
        (
            {"a": torch.ones(1), "epoch": 3, "lr": 0.1},
            (
                "Checkpoint FILE holds 2 entries that are not tensors. Save the model's state dict alone, "
                "or under one of: state_dict, model, teacher. Seen: epoch, lr"
            ),
        ),
    ],
)
def test_a_file_without_a_table_of_tensors(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "w.pth")
    assert refusal(tmp_path / "w.pth") == message
