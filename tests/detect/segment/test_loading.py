"""A model is had whole, from a folder or from the hub, or refused with the way out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support import need_module

need_module("torch")
need_module("torchvision")
need_module("transformers")

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from detect.segment.tiny import TINY, fill_hub_cache, random_segmenter, save_segmenter  # noqa: E402
from lydite.core import CheckpointError, LyditeError, MissingExtra, UsageError  # noqa: E402
from lydite.detect.proposal_settings import SamSettings  # noqa: E402
from lydite.detect.proposers import edgetam, sam, sam2, sam3_tracker, sam_hq  # noqa: E402
from lydite.detect.segment import Family  # noqa: E402
from lydite.detect.segment.loading import load_segmenter  # noqa: E402

pytestmark = pytest.mark.torch

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY for module in (sam, sam2, sam_hq, edgetam, sam3_tracker)
}
WAY_OUT = (
    "Or fetch it elsewhere and give its folder (config.json, preprocessor_config.json and "
    "model.safetensors): --sam-checkpoint FOLDER."
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_segmenter("sam", tmp_path / "model")


def refused(folder: Path | None, kind: type[LyditeError] = CheckpointError, **settings: Any) -> str:
    with pytest.raises(kind) as caught:
        load_segmenter(FAMILIES["sam"], SamSettings(sam_checkpoint=folder, **settings))
    assert type(caught.value) is kind
    return str(caught.value)


def test_every_family_has_a_tiny_sister() -> None:
    assert set(FAMILIES) == set(TINY)


@pytest.mark.parametrize("name", TINY)
def test_every_tensor_arrives(name: str, tmp_path: Path) -> None:
    saved = save_segmenter(name, tmp_path / "a")
    loaded = load_segmenter(FAMILIES[name], SamSettings(sam_checkpoint=saved))
    built = random_segmenter(name)[0].state_dict()
    own = loaded.model.state_dict()
    assert not loaded.model.training
    assert own.keys() == built.keys()
    assert all(torch.equal(own[key], tensor) for key, tensor in built.items())
    assert loaded.facts["model"] == "a"
    assert loaded.facts["revision"] == "local folder"
    other = load_segmenter(
        FAMILIES[name], SamSettings(sam_checkpoint=save_segmenter(name, tmp_path / "b", 1))
    )
    assert len(loaded.facts["weights"]) == 64
    assert loaded.facts["weights"] != other.facts["weights"]


def test_half_precision_is_asked_for(folder: Path) -> None:
    loaded = load_segmenter(FAMILIES["sam"], SamSettings(sam_checkpoint=folder, sam_half=True))
    assert {p.dtype for p in loaded.model.parameters()} == {torch.bfloat16}


def test_a_folder_that_is_none_or_not_whole_is_named(folder: Path, tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == (
        f"Model folder {tmp_path / 'none'} does not exist. "
        "Name a folder with config.json, preprocessor_config.json and model.safetensors."
    )
    (folder / "preprocessor_config.json").unlink()
    assert refused(folder) == (
        f"Model folder {folder} lacks preprocessor_config.json. "
        "Save both with save_pretrained: the model and its image processor."
    )
    (folder / "model.safetensors").rename(folder / "model.bin")
    assert "lacks preprocessor_config.json and model.safetensors." in refused(folder)


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"junk")
    assert refused(folder).startswith(f"Model folder {folder} cannot be loaded: ")
    (folder / "config.json").write_text("{")
    assert "is not a valid JSON file" in refused(folder)


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    message = refused(save_segmenter("sam_hq", tmp_path / "hq"))
    assert message == (
        f"Model {tmp_path / 'hq'} is of type 'sam_hq'; proposer 'sam' takes 'sam'. "
        f"Choose the proposer that it was made for, or another model. {WAY_OUT}"
    )


def test_partial_weights_are_refused_and_every_misfit_is_named(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["mask_decoder.iou_token.weight"]
    weights["memory.weight"] = torch.zeros(3)
    weights["mask_decoder.mask_tokens.weight"] = torch.zeros(2, 2)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    message = refused(folder)
    assert message.startswith(f"Weights of {folder} do not fit its config.json: ")
    assert "Missing (1): mask_decoder.iou_token.weight." in message
    assert "Unexpected (1): memory.weight." in message
    assert "Of another shape (1): mask_decoder.mask_tokens.weight." in message
    assert message.endswith(WAY_OUT)


def test_a_configuration_of_another_size_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["mask_decoder_config"]["mlp_dim"] = 48
    (folder / "config.json").write_text(json.dumps(config))
    assert "Of another shape (" in refused(folder)


def test_pickled_weights_are_not_opened(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "lacks model.safetensors" in refused(folder)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The hub's cache in a folder of its own, and no connection."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_what_was_downloaded_once_is_found_by_name_and_revision(offline: Path, tmp_path: Path) -> None:
    folders = {name: save_segmenter("sam", tmp_path / name, k) for k, name in enumerate(("main", "v2"))}
    fill_hub_cache(offline, FAMILIES["sam"].hub, folders)
    first = load_segmenter(FAMILIES["sam"], SamSettings())
    second = load_segmenter(FAMILIES["sam"], SamSettings(sam_revision="v2"))
    assert first.facts["model"] == second.facts["model"] == "facebook/sam-vit-base"
    assert first.facts["licence"] == "Apache-2.0"
    assert (first.facts["revision"], second.facts["revision"]) == (f"{1:040x}", f"{2:040x}")
    assert first.facts["weights"] != second.facts["weights"]


@pytest.mark.usefixtures("offline")
def test_without_a_connection_the_local_file_is_named() -> None:
    message = refused(None, sam_model="nobody/no-such-model")
    assert message.startswith("Model nobody/no-such-model cannot be had from the hub: ")
    assert message.endswith(
        f"Check the name and the connection (a gated model also wants a login). {WAY_OUT}"
    )


def test_devices_that_are_not_there_are_refused(folder: Path) -> None:
    for device in ("cuda:99", "nonsense"):
        message = refused(folder, UsageError, sam_device=device)
        assert message.startswith("This device is not available to PyTorch here. Use --sam-device cpu.")


def test_an_architecture_that_transformers_lacks_names_the_version(folder: Path) -> None:
    later = Family("sam9", "Sam9Model", ("sam9",), "nobody/sam9", "none", "9.0")
    with pytest.raises(UsageError) as caught:
        load_segmenter(later, SamSettings(sam_checkpoint=folder))
    assert "has no Sam9Model. Install 9.0 or newer: pip install 'transformers>=9.0'." in str(caught.value)


def test_the_extra_is_named_where_it_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    assert refused(folder, MissingExtra) == (
        "Proposer 'sam' needs an optional part of Lydite. Install it: pip install 'lydite[sam]'"
    )
    shutil.rmtree(folder)
