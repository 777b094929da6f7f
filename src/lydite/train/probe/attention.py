"""Attentive pooling: a few learned queries look for their places among the cells, then a linear head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.train.probe.descent import Array, Pace, Step, Weights, descend
from lydite.train.probe.looks import Looks
from lydite.train.probe.loss import Targets
from lydite.train.probe.mlp import kept, standard
from lydite.train.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class AttentionHead:
    """Logits are linear in the pooled vector and in one weighted mean of the cells for each query.

    Args:
        weights: ``shift``, ``scale``, ``queries`` (dim, queries), ``outer`` ((1 + queries) * dim, classes),
            ``bias_outer``.
    """

    weights: dict[str, npt.NDArray[Any]]

    def logits(self, looks: Looks) -> Array:
        """As ``ProbeHead.logits``."""
        w = self.weights
        parts = []
        for start in range(0, looks.vectors.shape[1], 256):
            rows = slice(start, start + 256)
            whole = (looks.vectors[0, rows] - w["shift"]) * w["scale"]
            cells = (looks.cells[0, rows].astype(np.float32) - w["shift"]) * w["scale"]
            means = attend(cells, w["queries"])[1]
            parts.append(_joined(whole, means) @ w["outer"] + w["bias_outer"])
        return np.concatenate(parts)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As ``ProbeHead.arrays``."""
        return dict(self.weights)


def attend(cells: Array, queries: Array) -> tuple[Array, Array]:
    """Where queries look, ``(n, cells, queries)`` shares, and what they see, ``(n, queries, dim)`` means."""
    scores = cells @ (queries / np.float32(np.sqrt(cells.shape[2])))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares, shares.transpose(0, 2, 1) @ cells


def fit_attention(
    looks: Looks, labels: npt.NDArray[np.int64], recipe: Recipe, seed: tuple[int, ...]
) -> AttentionHead:
    """Fit on all views of all rows; cells stay in half precision until their batch comes.

    Raises:
        LyditeError: If the loss is no number any more.
    """
    views, count, cells, dim = looks.cells.shape
    targets = Targets.of(np.tile(labels, views), recipe)
    shift, scale = standard(looks.vectors)
    whole = ((looks.vectors - shift) * scale).reshape(views * count, dim)
    grids = looks.cells.reshape(views * count, cells, dim)
    queries = recipe.head.queries
    random = np.random.default_rng((*seed, 1))
    weights: Weights = {
        "queries": random.normal(0, 1, (dim, queries)).astype(np.float32),
        "outer": np.zeros(((1 + queries) * dim, targets.classes), np.float32),
        "bias_outer": np.zeros(targets.classes, np.float32),
    }

    def cells_of(batch: npt.NDArray[np.int64]) -> Array:
        return (grids[batch].astype(np.float32) - shift) * scale

    step = attention_step(whole, cells_of, targets, recipe.head.dropout)
    found = descend(weights, step, len(whole), Pace.of(recipe), seed)
    return AttentionHead(found | {"shift": shift, "scale": scale})


def attention_step(
    whole: Array, cells_of: Callable[[npt.NDArray[np.int64]], Array], targets: Targets, dropout: float
) -> Step:
    """Loss and gradient of a batch.

    Args:
        whole: ``(n, dim)`` standardised pooled vectors.
        cells_of: From rows to their ``(rows, cells, dim)`` standardised cells.
        targets: Of the ``n`` rows.
        dropout: Share of the joined numbers that is dropped.
    """

    def step(w: Weights, batch: npt.NDArray[np.int64], random: np.random.Generator) -> tuple[float, Weights]:
        dim, queries = w["queries"].shape
        seen = cells_of(batch)
        shares, means = attend(seen, w["queries"])
        mask = kept(random, (len(batch), (1 + queries) * dim), dropout)
        joined: Array = _joined(whole[batch], means) * mask
        loss, error = targets.loss(joined @ w["outer"] + w["bias_outer"], batch)
        back = ((error @ w["outer"].T) * mask)[:, dim:].reshape(len(batch), queries, dim)
        by_share = seen @ back.transpose(0, 2, 1)
        by_score = shares * (by_share - (shares * by_share).sum(axis=1, keepdims=True))
        slope = np.tensordot(seen, by_score, axes=((0, 1), (0, 1))) / np.float32(np.sqrt(dim))
        return loss, {"queries": slope, "outer": joined.T @ error, "bias_outer": error.sum(axis=0)}

    return step


def _joined(whole: Array, means: Array) -> Array:
    joined: Array = np.concatenate([whole, means.reshape(len(means), -1)], axis=1)
    return joined
