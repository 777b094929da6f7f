"""The classifier begins as a linear probe of the network that it is put on.

A classifier of zeros pulls the body about before it knows what it wants, and what the body knew is partly
lost. One that already answers as well as a probe leaves the body to be refined. (Kumar, Raghunathan, Jones,
Ma and Liang, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", 2022.)

Batch norms spoil it: while training they let through something else than what the probe was fitted to.
MobileNetV2 on groceries was worse after three epochs for having begun so. A body without them, such as the
embedded one, keeps what it has.

The probe looks at whitened vectors, so that what varies much is not all that counts; on the network's own
vectors it is still one linear layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lydite.core import UsageError
from lydite.features.probe import Logistic, Problem
from lydite.train.judge import judge
from lydite.train.machine import Machine
from lydite.train.network import Network
from lydite.train.stream import Stream
from lydite.train.tasks import Rows

Floats = npt.NDArray[np.float32]

MOST, MOST_OF_A_CLASS = 5000, 20
"""Of many pictures so many, or so many of each class if these are more: it is only the beginning."""
SHRINKAGE = 0.1
"""Added to every variance before whitening, as a share of their mean: small ones are mostly noise."""
LEAST = 0.05
"""Least mean of the variances, as a share of the mean square: a network that says nearly the same of
everything is not made to shout."""


def is_new(network: Network) -> bool:
    """Whether the classifier has learned nothing yet.

    Raises:
        UsageError: If it is not linear.
    """
    linear = _classifier(network)
    return not bool(linear.weight.detach().any())


def rows_to_begin_with(labels: npt.NDArray[np.int64], train: Rows, seed: int) -> Rows:
    """Which of the rows that are learned the first classifier is fitted on, in their order."""
    most = max(MOST, MOST_OF_A_CLASS * len(np.unique(labels[train])))
    if len(train) <= most:
        return np.sort(train)
    order = np.random.default_rng([seed, 0]).permutation(np.sort(train))
    # The first of each class come first, so that none is left out.
    _, first = np.unique(labels[order], return_index=True)
    rest = np.setdiff1d(np.arange(len(order)), first)
    return np.sort(order[np.concatenate([first, rest])[:most]])


def fit_first_head(
    network: Network,
    stream: Stream,
    rows: Rows,
    labels: npt.NDArray[np.int64],
    *,
    side: int,
    batch: int,
    machine: Machine,
    c: float,
) -> None:
    """Fit the classifier on the plain squares of some rows, in place; the body stays as it is.

    Args:
        network: Its module lies where the machine wants it.
        stream: Makes the squares.
        rows: ``(n,)`` what to fit on.
        labels: Of all rows.
        side: Of the squares in pixels.
        batch: Squares at a time.
        machine: Where.
        c: See ``fit_whitened``.

    Raises:
        UsageError: If the classifier is not linear.
        ImageError: If a picture cannot be used.
        TrainingError: If memory is short.
    """
    linear = _classifier(network)
    met: list[Floats] = []

    def meet(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
        vectors: Tensor = inputs[0]
        met.append(np.asarray(vectors.detach().float().cpu().numpy(), np.float32))

    watched = linear.register_forward_pre_hook(meet)
    try:
        judge(network, stream, rows, side=side, batch=batch, machine=machine)
    finally:
        watched.remove()
    classes, places = np.unique(labels[rows], return_inverse=True)
    found, offsets = fit_whitened(np.concatenate(met), places, c)
    weights = np.zeros((len(network.classes), found.shape[0]), np.float32)
    weights[classes] = found.T
    intercepts = np.full(len(network.classes), offsets.min(), np.float32)  # also of who is not there
    intercepts[classes] = offsets
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weights))
        linear.bias.copy_(torch.from_numpy(intercepts))


def fit_whitened(vectors: Floats, labels: npt.NDArray[np.int64], c: float) -> tuple[Floats, Floats]:
    """A linear probe of whitened vectors, as weights of the vectors as they are.

    Args:
        vectors: ``(n, dim)`` float32.
        labels: ``(n,)`` in ``0..classes - 1``, each class with a row.
        c: Weight of the data against the penalty, for whitened vectors of length 1 on average.

    Returns:
        ``(dim, classes)`` and ``(classes,)`` float32.
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(vectors))
    usual = max(float(variances.mean()), LEAST * float(np.square(vectors).mean())) or 1.0
    whiten = axes / np.sqrt(np.maximum(variances, 0) + SHRINKAGE * usual)
    whitened = centred @ whiten
    whiten /= float(np.linalg.norm(whitened, axis=1).mean()) or 1.0
    head = Logistic(c).fit(Problem(centred @ whiten, labels))
    weights = whiten @ head.weights
    return weights.astype(np.float32), (head.intercept - mean @ weights).astype(np.float32)


def _classifier(network: Network) -> nn.Linear:
    module: Any = network.module
    found = module.get_classifier()
    if not isinstance(found, nn.Linear) or found.bias is None:
        raise UsageError(
            f"The classifier of {network.name!r} cannot begin as a probe: it is not one linear layer.",
            "Set head.start = 'zeros'.",
            type(found).__name__,
        )
    return found
