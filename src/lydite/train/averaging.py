"""Weights that are means of weights: over epochs (SWA), over steps (EMA), over runs (soups).

Sources: Izmailov et al., 2018 (SWA); Wortsman et al., 2022 (soups). The moving mean over steps is timm's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn, update_bn

from lydite.core import CheckpointError, InvalidValue

Weights = Mapping[str, Tensor]


class EpochMean:
    """The mean of the weights at the ends of epochs (SWA).

    Args:
        model: The model that is trained; its weights enter at ``update`` only.
    """

    def __init__(self, model: nn.Module) -> None:
        self._mean = AveragedModel(model, multi_avg_fn=get_swa_multi_avg_fn())  # type: ignore[no-untyped-call]

    @property
    def count(self) -> int:
        """How many epochs are in the mean."""
        return int(self._mean.n_averaged)

    @property
    def model(self) -> nn.Module:
        """The model with the mean weights; statistics of batch norms are stale until renewed."""
        return self._mean.module

    def update(self, model: nn.Module) -> None:
        """Let the weights of now enter."""
        self._mean.update_parameters(model)

    def state_dict(self) -> dict[str, Tensor]:
        """All that a resumed run needs."""
        state: dict[str, Tensor] = self._mean.state_dict()
        return state

    def load_state_dict(self, state: Weights) -> None:
        """Go on from ``state_dict``."""
        self._mean.load_state_dict(dict(state))


class StepMean:
    """The exponential moving mean of the weights and buffers over steps (EMA), with timm's warm-up.

    Args:
        model: The model that is trained.
        decay: Share of the old mean that stays at each step, once warm.

    Raises:
        InvalidValue: If ``decay`` is not within (0, 1).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        if not 0 < decay < 1:
            raise InvalidValue("StepMean.decay", "between 0 and 1", decay)
        self._mean = ModelEmaV3(model, decay=decay, use_warmup=True)

    @property
    def model(self) -> nn.Module:
        """The model with the mean weights."""
        module: nn.Module = self._mean.module
        return module

    def update(self, model: nn.Module, step: int) -> None:
        """Let the weights after a step enter; steps count from 1."""
        self._mean.update(model, step=step)

    def state_dict(self) -> dict[str, Tensor]:
        """All that a resumed run needs."""
        state: dict[str, Tensor] = self._mean.module.state_dict()
        return state

    def load_state_dict(self, state: Weights) -> None:
        """Go on from ``state_dict``."""
        self._mean.module.load_state_dict(dict(state))


def has_statistics(model: nn.Module) -> bool:
    """Whether the model holds running statistics of batch norms, which a mean of weights makes stale."""
    return any(isinstance(m, _BatchNorm) and m.track_running_stats for m in model.modules())


def renew_statistics(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Measure the statistics of batch norms anew, as a plain mean over batches; no other weight changes.

    Args:
        model: Any model; one without such statistics is left alone and no batch is read.
        batches: Inputs of the model.
    """
    if has_statistics(model):
        update_bn(batches, model)


def uniform_soup(recipes: Sequence[Weights]) -> dict[str, Tensor]:
    """The mean of several sets of weights, computed in float64.

    Counters and other whole numbers are the first set's.

    Raises:
        InvalidValue: If there is none.
        CheckpointError: If names or shapes differ.
    """
    if not recipes:
        raise InvalidValue("A soup", "made of at least one set of weights", 0)
    first = recipes[0]
    for other in recipes[1:]:
        _require_alike(first, other)
    return {
        name: _mean([weights[name] for weights in recipes]) if tensor.is_floating_point() else tensor.clone()
        for name, tensor in first.items()
    }


def greedy_soup(
    recipes: Sequence[Weights], score: Callable[[Weights], float]
) -> tuple[dict[str, Tensor], tuple[int, ...]]:
    """The mean of those sets that make it no worse, tried from the best to the worst.

    The rows that ``score`` looks at are rows that the soup was chosen on.

    Args:
        recipes: Sets of weights of one architecture.
        score: Larger is better.

    Returns:
        The weights, and which sets are in them.

    Raises:
        InvalidValue: If there is none.
        CheckpointError: If names or shapes differ.
    """
    if not recipes:
        raise InvalidValue("A soup", "made of at least one set of weights", 0)
    alone = [score(weights) for weights in recipes]
    order = sorted(range(len(recipes)), key=lambda place: -alone[place])
    chosen, best = [order[0]], alone[order[0]]
    for place in order[1:]:
        found = score(uniform_soup([recipes[k] for k in (*chosen, place)]))
        if found >= best:
            chosen, best = [*chosen, place], found
    return uniform_soup([recipes[k] for k in chosen]), tuple(chosen)


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack([tensor.double() for tensor in tensors]).mean(0).to(tensors[0].dtype)


def _require_alike(first: Weights, other: Weights) -> None:
    strangers = sorted(first.keys() ^ other.keys())
    misshapen = [name for name in first if name in other and first[name].shape != other[name].shape]
    if strangers or misshapen:
        raise CheckpointError(
            f"Only weights of one architecture make a soup: {len(strangers)} names and "
            f"{len(misshapen)} shapes differ.",
            "Give checkpoints of one backbone and the same classes.",
            (strangers + misshapen)[0],
        )
