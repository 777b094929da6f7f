"""Heads on frozen features: how each is fitted, what it says, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from lydite.core import CheckpointError, ClassMapMismatch, UsageError
from lydite.data import printable, write_atomic
from lydite.features.probe import LinearHead, Logistic, NeighbourHead, Neighbours, Problem
from lydite.train.probe.attention import AttentionHead, fit_attention
from lydite.train.probe.looks import Looks
from lydite.train.probe.mlp import MlpHead, fit_mlp
from lydite.train.recipe import Recipe
from lydite.train.sections import HeadKind

Logits = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Arrays = Mapping[str, npt.NDArray[Any]]


class ProbeHead(Protocol):
    """A fitted head over the classes that it saw."""

    def logits(self, looks: Looks) -> Logits:
        """``(n, classes it saw)`` float32 of the first view of each row."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that it is, by name."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Logistic regression on the pooled vector."""

    head: LinearHead

    def logits(self, looks: Looks) -> Logits:
        """As ``ProbeHead.logits``."""
        logits: Logits = looks.vectors[0] @ self.head.weights + self.head.intercept
        return logits

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As ``ProbeHead.arrays``."""
        return {"weights": self.head.weights, "intercept": self.head.intercept}


@dataclass(frozen=True, slots=True, eq=False)
class Voters:
    """Nearest neighbours on the pooled vector; a class without a vote keeps a little."""

    head: NeighbourHead

    def logits(self, looks: Looks) -> Logits:
        """As ``ProbeHead.logits``."""
        voters = min(self.head.settings.k, len(self.head.vectors))
        shares = self.head.predict(looks.vectors[0])
        smooth: Logits = np.log((shares * voters + 1 / self.head.classes) / (voters + 1))
        return smooth

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As ``ProbeHead.arrays``."""
        settings = np.array([self.head.settings.k, self.head.settings.temperature])
        return {"vectors": self.head.vectors, "labels": self.head.labels, "settings": settings}


def _fit_linear(looks: Looks, labels: Labels, recipe: Recipe, seed: tuple[int, ...]) -> Linear:  # noqa: ARG001
    if recipe.loss.class_weights != "none":
        raise UsageError(
            "The linear head of a probe weighs all rows alike.",
            "Set loss.class_weights to none, or choose head.kind mlp.",
            recipe.loss.class_weights,
        )
    return Linear(Logistic(recipe.head.c / len(looks.vectors)).fit(_problem(looks, labels)))


def _fit_neighbours(looks: Looks, labels: Labels, recipe: Recipe, seed: tuple[int, ...]) -> Voters:  # noqa: ARG001
    settings = Neighbours(recipe.head.neighbours, recipe.head.temperature)
    return Voters(settings.fit(_problem(looks, labels)))


def _problem(looks: Looks, labels: Labels) -> Problem:
    views, count, dim = looks.vectors.shape
    return Problem(looks.vectors.reshape(views * count, dim), np.tile(labels, views))


def _load_voters(arrays: Arrays) -> Voters:
    k, temperature = arrays["settings"].tolist()
    labels = arrays["labels"]
    head = NeighbourHead(arrays["vectors"], labels, int(labels.max()) + 1, Neighbours(int(k), temperature))
    return Voters(head)


Fit = Callable[[Looks, Labels, Recipe, tuple[int, ...]], ProbeHead]

HEADS: MappingProxyType[HeadKind, tuple[Fit, Callable[[Arrays], ProbeHead]]] = MappingProxyType(
    {
        HeadKind.LINEAR: (
            _fit_linear,
            lambda arrays: Linear(LinearHead(arrays["weights"], arrays["intercept"])),
        ),
        HeadKind.MLP: (fit_mlp, lambda arrays: MlpHead(dict(arrays))),
        HeadKind.ATTENTION: (fit_attention, lambda arrays: AttentionHead(dict(arrays))),
        HeadKind.NEIGHBOURS: (_fit_neighbours, _load_voters),
    }
)
"""Kind of head -> how it is fitted, and how it is made from what was kept."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedProbe:
    """A head and the classes that it knows.

    Args:
        kind: Which kind it is.
        head: The head.
        known: ``(k,)`` int64: for each of its columns the number of the class.
        classes: Number of all classes.
    """

    kind: HeadKind
    head: ProbeHead
    known: Labels
    classes: int

    def logits(self, looks: Looks) -> Logits:
        """``(n, classes)`` float32 of the first view; minus infinity for classes that it never saw."""
        wide = np.full((looks.vectors.shape[1], self.classes), -np.inf, np.float32)
        if len(wide):
            wide[:, self.known] = self.head.logits(looks.first())
        return wide


def fit_probe(
    looks: Looks, labels: Labels, classes: int, recipe: Recipe, seed: tuple[int, ...]
) -> FittedProbe:
    """Fit the head of a recipe.

    Args:
        looks: Of the rows to learn from.
        labels: ``(n,)`` of them.
        classes: Number of all classes; some may have no row.
        recipe: Which head, and how.
        seed: Of everything random.
    """
    known, dense = np.unique(labels, return_inverse=True)
    fit, _ = HEADS[recipe.head.kind]
    return FittedProbe(recipe.head.kind, fit(looks, dense, recipe, seed), known, classes)


def save_probe(probe: FittedProbe, path: Path) -> None:
    """Keep a fitted head as ``.npz``; whole or not at all.

    Raises:
        OutputError: If it cannot be written.
    """
    content = BytesIO()
    told = {"kind": np.array(probe.kind.value), "known": probe.known, "classes": np.array(probe.classes)}
    parts = {f"head.{name}": array for name, array in probe.head.arrays().items()}
    np.savez(content, allow_pickle=False, **told, **parts)
    write_atomic(path, content.getvalue())


def load_probe(path: Path, classes: int | None = None) -> FittedProbe:
    """A head that was kept.

    Args:
        path: Its file.
        classes: How many classes it must know of; any if ``None``.

    Raises:
        CheckpointError: If the file is none, or damaged.
        ClassMapMismatch: If it is a head of another number of classes.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        kind = HeadKind(str(arrays["kind"]))
        parts = {n.removeprefix("head."): a for n, a in arrays.items() if n.startswith("head.")}
        probe = FittedProbe(kind, HEADS[kind][1](parts), arrays["known"], int(arrays["classes"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise CheckpointError(
            f"{printable(path)} is no head of a probe: {error}.", "Delete it; the same command fits it again."
        ) from error
    if classes is not None and probe.classes != classes:
        raise ClassMapMismatch(
            f"{printable(path)} knows {probe.classes} classes, and {classes} are meant.",
            "Fit a head of these.",
        )
    return probe
