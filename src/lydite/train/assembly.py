"""What a recipe names, built: optimiser, means of weights, the stream of views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from timm.optim._optim_factory import create_optimizer_v2, list_optimizers
from torch import Tensor, nn
from torch.optim import Optimizer

from lydite.core import ClassMap, UnknownName
from lydite.train.averaging import EpochMean, StepMean
from lydite.train.course import largest_side, plan_epochs
from lydite.train.decoded import Decoded
from lydite.train.machine import Machine
from lydite.train.network import EMBEDDED, Looks, Network, build_network
from lydite.train.recipe import Recipe
from lydite.train.sections import BackboneSettings, OptimiserSettings
from lydite.train.sharpness import Sharpness
from lydite.train.state import Progress, State
from lydite.train.stream import Pictures, Stream, Views
from lydite.train.tasks import Rows
from lydite.train.update import Learner

_KEPT = 1.5
"""Decoded pictures are kept with a short side of so many largest views: a crop seldom needs more."""


def network_of(settings: BackboneSettings, classes: ClassMap) -> Network:
    """The untrained network of a recipe.

    Raises:
        UnknownName: If timm has no such model.
        UsageError: If the builder refuses an option, or the hub has no weights.
        CheckpointError: If the checkpoint does not fit.
        ClassMapMismatch: If the checkpoint is of other classes.
    """
    options: dict[str, Any] = dict(settings.options)
    if settings.drop_path and settings.name != EMBEDDED:
        options["drop_path_rate"] = settings.drop_path
    network = build_network(
        settings.name,
        classes,
        checkpoint=None if settings.checkpoint is None else Path(settings.checkpoint),
        pretrained=settings.start == "trained",
        options=options,
    )
    if settings.mean is None and settings.std is None:
        return network
    looks = network.looks
    changed = Looks(settings.mean or looks.mean, settings.std or looks.std, looks.size, looks.multiple)
    return Network(network.module, changed, classes, network.name)


def build_state(
    recipe: Recipe, network: Network, labels: npt.NDArray[np.int64], train: Rows, digest: str
) -> State:
    """A training before its first step.

    Raises:
        UnknownName: If there is no such optimiser.
        UsageError: If the device is not there.
    """
    machine = Machine.of(recipe.budget)
    machine.place(network.module)
    learner = Learner(
        network,
        build_optimiser(network.module, recipe.optimiser),
        machine.scaler(),
        _sharpness(network.module, recipe),
        machine,
        recipe.loss.label_smoothing,
        _class_weights(recipe, labels[train], len(network.classes), machine),
        recipe.sampling.parts,
        recipe.optimiser.clip,
    )
    ema = StepMean(network.module, recipe.averaging.ema) if recipe.averaging.ema else None
    averaged = any(plan.averaged for plan in plan_epochs(recipe))
    swa = EpochMean(network.module) if averaged else None
    progress = Progress(np.full(len(labels), np.nan, np.float32))
    return State(learner, ema, swa, digest, progress=progress)


def build_optimiser(module: nn.Module, settings: OptimiserSettings) -> Optimizer:
    """An optimiser of timm, its groups with or without decay of weights and of rates by layer.

    Raises:
        UnknownName: If timm has no such optimiser.
    """
    require_optimiser(settings.name)
    decay = settings.layer_decay if settings.layer_decay < 1 else None
    made: Optimizer = create_optimizer_v2(
        module, opt=settings.name, lr=settings.lr, weight_decay=settings.weight_decay, layer_decay=decay
    )
    return made


def require_optimiser(name: str) -> None:
    """Pass if timm has such an optimiser.

    Raises:
        UnknownName: Otherwise, with the nearest names.
    """
    known = [str(one) for one in list_optimizers()]
    if name not in known:
        raise UnknownName("optimiser", name, known)


def build_stream(recipe: Recipe, pictures: Pictures, cache: Path | None) -> Stream:
    """Views as the recipe wants them; every worker gets its share of the cache's limit."""
    side = kept_side(recipe)
    limit = recipe.budget.cache_mb * 1_000_000 // max(recipe.budget.workers, 1)
    decoded = Decoded(cache / str(side), limit) if cache is not None and limit else None
    return Stream(Views(pictures, side, decoded), recipe.budget.workers)


def kept_side(recipe: Recipe) -> int:
    """Short side in pixels to which every picture is shrunk before any view of it is made."""
    return round(largest_side(recipe) * _KEPT)


def _sharpness(module: nn.Module, recipe: Recipe) -> Sharpness | None:
    settings = recipe.sharpness
    if not settings.rho:
        return None
    trained = [p for p in module.parameters() if p.requires_grad]
    return Sharpness(trained, settings.rho, adaptive=settings.adaptive)


def _class_weights(
    recipe: Recipe, labels: npt.NDArray[np.int64], classes: int, machine: Machine
) -> Tensor | None:
    """Balanced: inverse to the size of the class, with a mean of 1 over the rows; absent classes count 0."""
    if recipe.loss.class_weights == "none":
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = np.divide(1.0, counts, out=np.zeros(classes), where=counts > 0)
    weights *= len(labels) / (counts > 0).sum()
    return torch.from_numpy(weights.astype(np.float32)).to(machine.device)
