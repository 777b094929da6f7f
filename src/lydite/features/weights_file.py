"""Named tensors from a file, without running anything that the file asks for."""

from __future__ import annotations

import difflib
import pickle
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lydite.core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".safetensors", ".pth", ".pt")
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_CONTAINERS = ("state_dict", "model", "teacher")
_TRAINING_HEADS = ("head.", "dino_head.", "ibot_head.", "projectors.")
_MAX_NESTING = 3


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors``, ``.pth`` or ``.pt`` file, by name, on the CPU.

    Pickles are read with ``torch.load(weights_only=True)``: a file that asks to call anything is refused
    before it is called. Containers are opened narrowly: a dictionary under ``state_dict``, ``model`` or
    ``teacher``; a prefix ``module.`` that every name has; a prefix ``backbone.``, if what stands outside
    it is a training head.

    Raises:
        CheckpointError: If the file is absent, a folder, empty, cut short, of another format, holds code,
            or holds no tensors.
    """
    _require_file(path)
    read = _read_safetensors if path.suffix.lower() == ".safetensors" else _read_pickle
    weights = _without_prefixes(_tensors(read(path), path))
    if not weights:
        raise CheckpointError(f"Checkpoint {path} holds no tensors.", "Give a file of trained weights.")
    return weights


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise CheckpointError(f"Checkpoint {path} is a directory.", "Give one weights file.")
    if path.suffix.lower() not in SUFFIXES:
        raise CheckpointError(
            f"Checkpoint {path} is of no known format.", f"Known: {', '.join(SUFFIXES)}.", path.suffix
        )
    try:
        empty = path.stat().st_size == 0
    except OSError as error:
        raise CheckpointError(
            f"Checkpoint {path} cannot be read: {error.strerror}.", _nearest_sibling(path)
        ) from error
    if empty:
        raise CheckpointError(f"Checkpoint {path} is empty.", "Fetch the file again.")


def _nearest_sibling(path: Path) -> str:
    if not path.parent.is_dir():
        return f"There is no directory {path.parent} either."
    names = [entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in SUFFIXES]
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0)
    return f"Did you mean {close[0]!r}?" if close else "There is no weights file beside it either."


def _read_safetensors(path: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"Checkpoint {path} is not a whole safetensors file: {error}.", "Fetch the file again."
        ) from error


def _read_pickle(path: Path) -> object:
    import torch

    try:
        with path.open("rb") as file:
            start = file.read(40)
        if not start.startswith((_ZIP, _PICKLE)):
            raise CheckpointError(
                f"Checkpoint {path} is not a PyTorch file, whatever its name says.",
                "Fetch the weights themselves, not a page or a pointer that leads to them.",
                start,
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(path, error) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"Checkpoint {path} is cut short or damaged: PyTorch cannot read it.", "Fetch the file again."
        ) from error


def _refusal(path: Path, error: pickle.UnpicklingError) -> CheckpointError:
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    named = found.group(1) if found else _first_global(path)
    if named is None:
        return CheckpointError(
            f"Checkpoint {path} is cut short or damaged: PyTorch cannot read it.", "Fetch the file again."
        )
    return CheckpointError(
        f"Checkpoint {path} contains code, which was not run: weights need none.",
        "Ask its author for a .safetensors file, or for the state dict alone.",
        named,
    )


def _first_global(path: Path) -> str | None:
    """The first thing that a bare pickle would import, read without running it; ``None`` for no pickle."""
    texts: list[str] = []
    try:
        with path.open("rb") as file:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name == "GLOBAL":
                    return str(argument).replace(" ", ".")
                if opcode.name == "STACK_GLOBAL":
                    return ".".join(texts[-2:])
                if isinstance(argument, str):
                    texts.append(argument)
    except (ValueError, UnicodeDecodeError, OSError):
        return None
    return None


def _tensors(found: object, path: Path) -> dict[str, Tensor]:
    """Open containers until names lead to tensors."""
    import torch

    for _ in range(_MAX_NESTING):
        if not isinstance(found, Mapping):
            break
        inner = [found[key] for key in _CONTAINERS if isinstance(found.get(key), Mapping)]
        if not inner:
            break
        found = inner[0]
    if not isinstance(found, Mapping):
        raise CheckpointError(
            f"Checkpoint {path} holds no table of named tensors.",
            "Save the model's state dict.",
            type(found).__name__,
        )
    strangers = [str(key) for key, value in found.items() if not isinstance(value, torch.Tensor)]
    if strangers:
        raise CheckpointError(
            f"Checkpoint {path} holds {len(strangers)} entries that are not tensors.",
            f"Save the model's state dict alone, or under one of: {', '.join(_CONTAINERS)}.",
            ", ".join(strangers[:10]),
        )
    return {str(key): value for key, value in found.items()}


def _without_prefixes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    if weights and all(name.startswith("module.") for name in weights):
        weights = {name.removeprefix("module."): tensor for name, tensor in weights.items()}
    inside = {
        name.removeprefix("backbone."): tensor
        for name, tensor in weights.items()
        if name.startswith("backbone.")
    }
    outside = [name for name in weights if not name.startswith("backbone.")]
    if inside and all(name.startswith(_TRAINING_HEADS) for name in outside):
        return inside
    return weights
