"""A linear head and one hidden layer beside it, on the pooled vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.train.probe.descent import Array, Pace, Step, Weights, descend
from lydite.train.probe.looks import Looks
from lydite.train.probe.loss import Targets
from lydite.train.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class MlpHead:
    """``x direct + relu(x inner + bias) outer + bias``, with ``x = (vector - shift) * scale``.

    Args:
        weights: ``shift`` (dim,), ``scale`` (1,), ``inner`` (dim, hidden), ``bias_inner``, ``outer`` (hidden,
            classes), ``direct`` (dim, classes), ``bias_outer``.
    """

    weights: dict[str, npt.NDArray[Any]]

    def logits(self, looks: Looks) -> Array:
        """As ``ProbeHead.logits``."""
        w = self.weights
        rows = (looks.vectors[0] - w["shift"]) * w["scale"]
        logits: Array = rows @ w["direct"] + np.maximum(rows @ w["inner"] + w["bias_inner"], 0) @ w["outer"]
        logits += w["bias_outer"]
        return logits

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As ``ProbeHead.arrays``."""
        return dict(self.weights)


def fit_mlp(looks: Looks, labels: npt.NDArray[np.int64], recipe: Recipe, seed: tuple[int, ...]) -> MlpHead:
    """Fit on all views of all rows.

    Raises:
        LyditeError: If the loss is no number any more.
    """
    views, count, dim = looks.vectors.shape
    targets = Targets.of(np.tile(labels, views), recipe)
    shift, scale = standard(looks.vectors)
    rows = ((looks.vectors - shift) * scale).reshape(views * count, dim)
    hidden, classes = recipe.head.hidden, targets.classes
    random = np.random.default_rng((*seed, 1))
    weights: Weights = {
        "inner": random.normal(0, np.sqrt(2 / dim), (dim, hidden)).astype(np.float32),
        "bias_inner": np.zeros(hidden, np.float32),
        "outer": np.zeros((hidden, classes), np.float32),
        "direct": np.zeros((dim, classes), np.float32),
        "bias_outer": np.zeros(classes, np.float32),
    }
    step = mlp_step(rows, targets, recipe.head.dropout)
    found = descend(weights, step, len(rows), Pace.of(recipe), seed)
    return MlpHead(found | {"shift": shift, "scale": scale})


def mlp_step(rows: Array, targets: Targets, dropout: float) -> Step:
    """Loss and gradient of a batch.

    Args:
        rows: ``(n, dim)`` standardised vectors.
        targets: Of these rows.
        dropout: Share of the inputs, and of the hidden layer, that is dropped.
    """

    def step(w: Weights, batch: npt.NDArray[np.int64], random: np.random.Generator) -> tuple[float, Weights]:
        x = rows[batch] * kept(random, (len(batch), rows.shape[1]), dropout)
        active = np.maximum(x @ w["inner"] + w["bias_inner"], 0)
        mask = kept(random, active.shape, dropout)
        inner = active * mask
        loss, error = targets.loss(x @ w["direct"] + inner @ w["outer"] + w["bias_outer"], batch)
        back = (error @ w["outer"].T) * mask * (active > 0)
        return loss, {
            "inner": x.T @ back,
            "bias_inner": back.sum(axis=0),
            "outer": inner.T @ error,
            "direct": x.T @ error,
            "bias_outer": error.sum(axis=0),
        }

    return step


def standard(vectors: Array) -> tuple[Array, Array]:
    """Shift and scale that give numbers of mean 0 and variance 1; one scale, so that directions stay."""
    shift = np.asarray(vectors.mean(axis=(0, 1), dtype=np.float64), np.float32)
    variance = float(np.square(vectors - shift).mean())
    return shift, np.array([variance**-0.5 if variance > 1e-12 else 1.0], np.float32)


def kept(random: np.random.Generator, shape: tuple[int, ...], dropout: float) -> Array | np.float32:
    """Factors that drop a share of the numbers and make up for it in the others."""
    if not dropout:
        return np.float32(1)
    mask = (random.random(shape, np.float32) >= dropout).astype(np.float32)
    mask *= np.float32(1 / (1 - dropout))
    return mask
