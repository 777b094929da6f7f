"""Weights into a timm model: all of them, or none and a list of what does not fit."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lydite.core.errors import CheckpointError
from lydite.features.weights_file import read_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

MAY_MISS = ("*num_batches_tracked",)
"""Counters that batch normalisation keeps while training; no output depends on them."""

_SHOWN = 10

# The first name (or part of it) that is found in a file tells whose file it is.
_TELLTALES = (
    ("storage_tokens", "an official DINOv3 ViT"),
    ("register_tokens", "an official DINOv2 ViT with registers"),
    ("downsample_layers.", "an official ConvNeXt"),
    ("stages.0.blocks.0.conv_dw.", "a ConvNeXt"),
    ("image_encoder.", "a Segment Anything model"),
    ("embeddings.", "a transformers model"),
    ("reg_token", "a ViT with registers"),
    ("relative_position_bias_table", "a Swin transformer"),
    ("cls_token", "a ViT"),
    ("conv_stem.", "an EfficientNet or MobileNet"),
    ("layer4.", "a ResNet"),
)


def load_checkpoint(model: nn.Module, path: Path, *, may_miss: Sequence[str] = MAY_MISS) -> None:
    """Load a weights file into a timm model, completely or not at all.

    Names are used as they are, or, where they are another project's (official DINOv2, DINOv3, ConvNeXt...),
    converted by the ``checkpoint_filter_fn`` of the model's own timm module. A file may hold the classifier
    of a model that was built without one (``num_classes=0``): exactly the weight and bias that timm's
    ``pretrained_cfg`` names as such.

    Args:
        model: Built by ``timm.create_model``; changed only if everything fits.
        path: ``.safetensors``, ``.pth`` or ``.pt``.
        may_miss: Patterns (``fnmatch``) of names that the file need not hold; the model keeps its own.

    Raises:
        CheckpointError: If the file cannot be read, or a name is missing or unexpected, or a tensor is of
            another shape or kind. Names the first ten of each and counts the rest.
    """
    load_weights(model, read_weights(path), str(path), may_miss=may_miss)


def load_weights(
    model: nn.Module, weights: Mapping[str, Tensor], source: str, *, may_miss: Sequence[str] = MAY_MISS
) -> None:
    """``load_checkpoint`` of tensors that are already in memory; ``source`` names them in errors.

    Raises:
        CheckpointError: As ``load_checkpoint``.
    """
    misfit = _misfit(model, weights, may_miss)
    fit = weights
    if len(misfit):
        converted = _converted(model, weights)
        misfit_converted = _misfit(model, converted, may_miss)
        if len(misfit_converted) < len(misfit):
            fit, misfit = converted, misfit_converted
    if len(misfit):
        raise _refusal(model, weights, source, misfit)
    _require_idle(_homeless_biases(model, weights), model, source)
    own = model.state_dict()
    model.load_state_dict({name: fit.get(name, tensor) for name, tensor in own.items()}, strict=True)


def weights_digest(model: nn.Module) -> str:
    """SHA-256 (hex) of every tensor of the state dict: name, kind, shape and bytes, in order of names.

    Left out is what no output depends on (``MAY_MISS``), so that equal networks have equal digests.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if _matches(name, MAY_MISS):
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Misfit:
    required: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.mismatched)


def _misfit(model: nn.Module, weights: Mapping[str, Tensor], may_miss: Sequence[str]) -> _Misfit:
    own = model.state_dict()
    required = [name for name in own if not _matches(name, may_miss)]
    unused = set(_classifier_names(model))
    return _Misfit(
        required=len(required),
        missing=tuple(name for name in required if name not in weights),
        unexpected=tuple(n for n in weights if n not in own and n not in unused),
        mismatched=tuple(
            f"{name} is {_kind(weights[name])} instead of {_kind(tensor)}"
            for name, tensor in own.items()
            if name in weights and not _same_kind(weights[name], tensor)
        ),
    )


def _converted(model: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The weights under timm's names, by its own converter; as they are where it has none or fails."""
    convert = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
    if convert is None:
        return weights
    homeless = _homeless_biases(model, weights)
    housed = {name: tensor for name, tensor in weights.items() if name not in homeless}
    # Converters assume a file of the right architecture: on another one they fail in any way, or print.
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        return cast("Mapping[str, Tensor]", convert(housed, model))
    return weights


def _homeless_biases(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Attention biases of an official DINOv3 ViT that the model has no place for."""
    if "storage_tokens" not in weights or any(n.endswith("attn.q_bias") for n in model.state_dict()):
        return {}
    return {name: tensor for name, tensor in weights.items() if name.endswith("attn.qkv.bias")}


def _require_idle(biases: Mapping[str, Tensor], model: nn.Module, source: str) -> None:
    """Pass if leaving the biases out changes nothing.

    Some official files hold biases that are all zero, and timm builds these models without; its converter
    drops such biases whatever they hold. The middle third, of the keys, is masked out in the official code.

    Raises:
        CheckpointError: If a bias of queries or values is not zero.
    """
    for name, bias in biases.items():
        queries, _, values = bias.chunk(3)
        if queries.any() or values.any():
            raise CheckpointError(
                f"Checkpoint {source} has attention biases that {_name(model)!r} has no place for; "
                "nothing was loaded.",
                f"Use the variant that has them: {_name(model)}_qkvb.",
                name,
            )


def _classifier_names(model: nn.Module) -> list[str]:
    """Names that a file may hold beyond the model's: the classifier that was not built."""
    classifier = getattr(model, "pretrained_cfg", {}).get("classifier") or ()
    layers = (classifier,) if isinstance(classifier, str) else classifier
    return [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def _refusal(
    model: nn.Module, weights: Mapping[str, Tensor], source: str, misfit: _Misfit
) -> CheckpointError:
    fitting = misfit.required - len(misfit.missing) - len(misfit.mismatched)
    family = next((whose for part, whose in _TELLTALES if any(part in name for name in weights)), None)
    looks = f" The file looks like {family}." if family else ""
    lists = [
        _listed("Missing", misfit.missing),
        _listed("Unexpected", misfit.unexpected),
        _listed("Of another shape", misfit.mismatched),
    ]
    return CheckpointError(
        f"Checkpoint {source} does not fit {_name(model)!r}: {fitting} of its {misfit.required} "
        f"tensors are there, "
        f"and nothing was loaded.{looks} {' '.join(filter(None, lists))}",
        "Name the encoder that the file was made for, or give its whole file.",
    )


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what} ({len(names)}): {', '.join(names[:_SHOWN])}{more}."


def _name(model: nn.Module) -> str:
    return str(getattr(model, "pretrained_cfg", {}).get("architecture") or type(model).__name__)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _same_kind(left: Tensor, right: Tensor) -> bool:
    return left.shape == right.shape and left.is_floating_point() == right.is_floating_point()


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
