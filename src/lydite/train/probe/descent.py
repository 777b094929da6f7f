"""AdamW on small heads, in numpy: decoupled weight decay, warm-up, cosine.

Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import LyditeError
from lydite.train.recipe import Recipe

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]
Step = Callable[[Weights, npt.NDArray[np.int64], np.random.Generator], tuple[float, Weights]]
"""From weights and the rows of a batch to the loss and its gradient."""

_BETAS, _EPSILON = (0.9, 0.999), 1e-8
UNDECAYED = "bias"
"""How the names of weights begin that are not drawn to zero."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how fast.

    Args:
        epochs: How often every row is seen.
        batch: Rows in a step; the last one of an epoch is smaller.
        lr: Largest learning rate.
        warmup: Epochs until it is reached.
        final_lr: Share of it at the end.
        weight_decay: Pull to zero.
        clip: Largest norm of the gradient; 0 = any.
    """

    epochs: int
    batch: int
    lr: float
    warmup: float
    final_lr: float
    weight_decay: float
    clip: float

    @classmethod
    def of(cls, recipe: Recipe) -> Pace:
        """That of a recipe."""
        schedule, optimiser = recipe.schedule, recipe.optimiser
        return cls(
            schedule.epochs,
            recipe.sampling.batch,
            optimiser.lr,
            schedule.warmup,
            schedule.final_lr,
            optimiser.weight_decay,
            optimiser.clip,
        )


def descend(weights: Weights, step: Step, rows: int, pace: Pace, seed: tuple[int, ...]) -> Weights:
    """The weights after the last epoch.

    Args:
        weights: Where to begin; not changed.
        step: Loss and gradient of a batch.
        rows: Number of rows.
        pace: How long and how fast.
        seed: Decides the order of rows and what is dropped.

    Raises:
        LyditeError: If the loss is no number any more.
    """
    random = np.random.default_rng(seed)
    now = {name: array.copy() for name, array in weights.items()}
    mean = {name: np.zeros_like(array) for name, array in now.items()}
    square = {name: np.zeros_like(array) for name, array in now.items()}
    steps = -(-rows // pace.batch)
    done = 0
    for epoch in range(pace.epochs):
        order = random.permutation(rows)
        for start in range(0, rows, pace.batch):
            rate = _rate(done / steps, pace)
            loss, gradient = step(now, order[start : start + pace.batch], random)
            if not np.isfinite(loss):
                raise LyditeError(
                    f"The loss is no number any more in epoch {epoch}.", "Lower optimiser.lr.", pace.lr
                )
            done += 1
            shrink = _shrink(gradient, pace.clip)
            for name, change in gradient.items():
                change = change * shrink  # noqa: PLW2901 - the gradient that counts
                mean[name] += (1 - _BETAS[0]) * (change - mean[name])
                square[name] += (1 - _BETAS[1]) * (change * change - square[name])
                size = np.sqrt(square[name] / np.float32(1 - _BETAS[1] ** done)) + np.float32(_EPSILON)
                if not name.startswith(UNDECAYED):
                    now[name] *= np.float32(1 - rate * pace.weight_decay)
                now[name] -= np.float32(rate / (1 - _BETAS[0] ** done)) * mean[name] / size
    return now


def _rate(epoch: float, pace: Pace) -> float:
    """The learning rate at a moment, in epochs."""
    warmup = min(pace.warmup, pace.epochs / 2)
    if epoch < warmup:
        return pace.lr * (epoch + 1e-3) / warmup
    share = (epoch - warmup) / max(pace.epochs - warmup, 1e-9)
    return pace.lr * (pace.final_lr + (1 - pace.final_lr) * 0.5 * (1 + float(np.cos(np.pi * share))))


def _shrink(gradient: Weights, clip: float) -> np.float32:
    norm = float(np.sqrt(sum(float(np.vdot(change, change)) for change in gradient.values())))
    return np.float32(clip / norm if clip and norm > clip else 1.0)
