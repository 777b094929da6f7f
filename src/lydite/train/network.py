"""A backbone with a classifier, and how it wants to see pictures: any of timm, or the embedded encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch
from torch import Tensor, nn

from lydite.core import CheckpointError, ClassMap, ClassMapMismatch, InvalidValue, UnknownName, UsageError
from lydite.data import write_atomic
from lydite.features.checkpoint import load_checkpoint
from lydite.features.embedded_net import EmbeddedNet, load_embedded_net
from lydite.features.encoders.embedded import LEVEL, UNIT
from lydite.features.weights_file import read_weights
from lydite.train.embedded_classifier import EmbeddedClassifier

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Looks:
    """How pixels become the network's input: ``(value / 255 - mean) / std``, channel by channel.

    Args:
        mean: Of red, green and blue in [0, 1].
        std: As ``mean``; positive.
        size: Side of its usual input in pixels.
        multiple: What the side must divide by.

    Raises:
        InvalidValue: If a value is out of its range.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size: int = 224
    multiple: int = 1

    def __post_init__(self) -> None:
        if min(self.std) <= 0 or self.size < 1 or self.multiple < 1:
            raise InvalidValue("Looks", "of a positive std, size and multiple", self)

    def planes(self, pixels: Tensor) -> Tensor:
        """``(n, height, width, 3)`` uint8 to standardised ``(n, 3, height, width)`` float32.

        The memory stays as it lies: channels last.
        """
        mean = torch.tensor(self.mean, device=pixels.device) * 255
        scale = 1 / (torch.tensor(self.std, device=pixels.device) * 255)
        return ((pixels.float() - mean) * scale).permute(0, 3, 1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What is trained.

    Args:
        module: ``(n, 3, height, width)`` to logits ``(n, classes)``; of timm, or ``EmbeddedClassifier``.
        looks: How it wants to see pictures.
        classes: The meaning of its outputs.
        name: Of the backbone.
    """

    module: nn.Module
    looks: Looks
    classes: ClassMap
    name: str


def build_network(
    name: str,
    classes: ClassMap,
    *,
    checkpoint: Path | None = None,
    pretrained: bool = False,
    options: Mapping[str, Any] | None = None,
    looks: Looks | None = None,
) -> Network:
    """A network with a new classifier of zeros on a trained (or, for timm without weights, random) body.

    Args:
        name: ``embedded``, or a model of timm such as ``resnet50.a1_in1k``.
        classes: What it shall tell apart.
        checkpoint: Weights of the body: of timm's shape, or another project's that timm converts; or what
            ``save_network`` wrote, which must be of the same classes.
        pretrained: Fetch timm's own weights of that name where no checkpoint is given.
        options: For timm's builder, for example ``{"drop_path_rate": 0.1}``.
        looks: Instead of those that timm publishes with the model.

    Raises:
        UnknownName: If timm has no such model; names the nearest.
        UsageError: If the builder refuses an option, or the hub has no weights or cannot be reached.
        CheckpointError: If the checkpoint does not fit; nothing is loaded then.
        ClassMapMismatch: If the checkpoint is of other classes; names them.
    """
    if name == EMBEDDED:
        return _embedded(classes, checkpoint, options or {}, looks)
    require_known(name)
    body = _create(name, pretrained and checkpoint is None, options or {})
    published: Any = body
    looks = looks or _published_looks(published.pretrained_cfg)
    own = checkpoint is not None and read_classes(checkpoint) is not None
    if checkpoint is not None and not own:
        load_checkpoint(body, checkpoint)
    published.reset_classifier(len(classes))
    _silence(published.get_classifier())
    network = Network(body, looks, classes, name)
    if checkpoint is not None and own:
        load_network(network, checkpoint)
    return network


def require_known(name: str) -> None:
    """Pass if ``name`` is ``embedded`` or a model of timm.

    Raises:
        UnknownName: Otherwise, with the nearest names.
    """
    if name == EMBEDDED or timm.is_model(name):
        known_tags = timm.list_pretrained() if "." in name else ()
        if "." not in name or name in known_tags:
            return
        raise UnknownName(
            "trained backbone",
            name,
            [tag for tag in known_tags if tag.startswith(f"{name.partition('.')[0]}.")],
        )
    raise UnknownName("backbone", name, [EMBEDDED, *timm.list_models(), *timm.list_pretrained()])


def save_network(network: Network, path: Path, weights: Mapping[str, Tensor] | None = None) -> None:
    """Write weights with the names of the classes, as safetensors, whole or not at all.

    Args:
        network: Whose weights, unless given.
        path: Ends with ``.safetensors``.
        weights: Of the same architecture, for example a mean.

    Raises:
        OutputError: If it cannot be written.
    """
    from safetensors.torch import save

    found = network.module.state_dict() if weights is None else weights
    tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in found.items()}
    about = {"lydite.classes": json.dumps(list(network.classes)), "lydite.backbone": network.name}
    write_atomic(path, save(tensors, metadata=about))


def load_network(network: Network, path: Path) -> None:
    """Load what ``save_network`` wrote, completely.

    Raises:
        ClassMapMismatch: If it was trained on other classes, or on these in another order.
        CheckpointError: If it is of another backbone, or damaged.
    """
    require_classes(path, network.classes)
    weights = read_weights(path)
    own = network.module.state_dict()
    strangers = sorted(own.keys() ^ weights.keys())
    misshapen = [key for key in own if key in weights and own[key].shape != weights[key].shape]
    if strangers or misshapen:
        raise CheckpointError(
            f"Checkpoint {path} does not fit {network.name!r}: {len(strangers)} names and "
            f"{len(misshapen)} shapes differ, and nothing was loaded.",
            "Name the backbone that it was made with.",
            (strangers + misshapen)[0],
        )
    network.module.load_state_dict(weights)


def require_classes(path: Path, classes: ClassMap) -> None:
    """Pass if weights that ``save_network`` wrote are of these classes, or are anybody else's.

    Raises:
        ClassMapMismatch: Otherwise; names what differs.
        CheckpointError: If it is a damaged safetensors file.
    """
    found = read_classes(path)
    if found is not None and tuple(found) != tuple(classes):
        raise ClassMapMismatch(*_class_difference(path, found, tuple(classes)))


def read_classes(path: Path) -> tuple[str, ...] | None:
    """The classes that ``save_network`` wrote beside the weights; ``None`` for anybody else's file.

    Raises:
        CheckpointError: If it is a damaged safetensors file.
    """
    if path.suffix != ".safetensors":
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"Checkpoint {path} is not a whole safetensors file: {error}.", "Fetch the file again."
        ) from error
    text = about.get("lydite.classes")
    return None if text is None else tuple(json.loads(text))


def predict_logits(network: Network, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Logits of a batch of views; the module must be in evaluation mode.

    Args:
        network: What judges.
        pixels: ``(n, height, width, 3)`` uint8 RGB.
    """
    device = next(network.module.parameters()).device
    with torch.inference_mode():
        planes = network.looks.planes(torch.from_numpy(pixels).to(device))
        logits: Tensor = network.module(planes)
    return np.asarray(logits.float().cpu().numpy(), np.float32)


def _embedded(
    classes: ClassMap, checkpoint: Path | None, options: Mapping[str, Any], looks: Looks | None
) -> Network:
    if options:
        raise UsageError(
            "The embedded encoder takes no model options.", "Leave them out.", sorted(options)[0]
        )
    body: EmbeddedNet = load_embedded_net()
    module = EmbeddedClassifier(body, len(classes))
    looks = looks or Looks((LEVEL / 255,) * 3, (UNIT / 255,) * 3, 224, 32)
    network = Network(module, looks, classes, EMBEDDED)
    if checkpoint is not None:
        load_network(network, checkpoint)
    return network


def _create(name: str, pretrained: bool, options: Mapping[str, Any]) -> nn.Module:
    """A model of timm without classifier; its errors in our words."""
    try:
        if pretrained:
            module: Any = timm.create_model(name, pretrained=True, **options)
            module.reset_classifier(0)
        else:
            module = timm.create_model(name, pretrained=False, num_classes=0, **options)
    except (TypeError, ValueError, AssertionError, KeyError, AttributeError) as error:
        raise UsageError(
            f"Backbone {name!r} cannot be built: {str(error).partition(chr(10))[0]}.",
            "Give options that this model's builder in timm takes, or none.",
            dict(options) or None,
        ) from error
    except Exception as error:  # the hub's errors have no common root
        raise UsageError(
            f"The trained weights of {name!r} could not be fetched from the hub.",
            "Check the network, or name a weights file as checkpoint.",
            str(error).partition("\n")[0],
        ) from error
    built: nn.Module = module
    return built


def _published_looks(config: Mapping[str, Any]) -> Looks:
    fixed = bool(config.get("fixed_input_size"))
    size = int(config["input_size"][-1])
    return Looks(tuple(config["mean"]), tuple(config["std"]), size, size if fixed else 1)


def _silence(classifier: nn.Module) -> None:
    """A classifier of zeros: the first gradients reach the body only as it learns."""
    for parameter in classifier.parameters():
        nn.init.zeros_(parameter)


def _class_difference(path: Path, found: Sequence[str], wanted: Sequence[str]) -> tuple[str, str]:
    only_file = [name for name in found if name not in wanted]
    only_here = [name for name in wanted if name not in found]
    if not only_file and not only_here:
        return (
            f"Checkpoint {path} has these classes in another order.",
            f"Its order: {_few(found)}; here: {_few(wanted)}.",
        )
    parts = [
        f"only the checkpoint has {_few(only_file)}" if only_file else "",
        f"only the data has {_few(only_here)}" if only_here else "",
    ]
    return (
        f"Checkpoint {path} was trained on other classes: {'; '.join(filter(None, parts))}.",
        "Train from a checkpoint of the same classes, or from the backbone's own weights.",
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
