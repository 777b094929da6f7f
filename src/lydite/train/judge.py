"""What a network says about rows, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lydite.core import InvalidValue
from lydite.train.machine import Machine
from lydite.train.memory import short_memory_told
from lydite.train.network import Network
from lydite.train.records import Scores
from lydite.train.stream import Stream, plain_tickets
from lydite.train.tasks import Rows
from lydite.train.tta import IDENTITY, Pixels, View, predict_views

Floats = npt.NDArray[np.float32]


def judge(
    network: Network,
    stream: Stream,
    rows: Rows,
    *,
    side: int,
    batch: int,
    machine: Machine,
    views: Sequence[View] = (IDENTITY,),
) -> Floats:
    """Logits of the plain squares of rows, in their order, each over all views.

    Args:
        network: Its module is in evaluation mode afterwards as it was before.
        stream: Makes the squares.
        rows: ``(n,)``.
        side: Of the squares in pixels.
        batch: Squares at a time.
        machine: Where.
        views: Symmetries at which each is looked at; their logits are averaged.

    Returns:
        ``(n, classes)`` float32.

    Raises:
        ImageError: If a picture cannot be used.
        TrainingError: If memory is short.
    """
    logits = np.empty((len(rows), len(network.classes)), np.float32)
    module, training = network.module, network.module.training
    module.eval()
    done = 0
    try:
        for made in stream.batches(plain_tickets(rows, side, batch)):
            pixels = made.pixels.numpy()
            with short_memory_told(
                f"to judge {len(pixels)} pictures at a time", "Set sampling.batch lower, or a smaller side."
            ):
                said = predict_views(lambda square: _ask(network, machine, square), pixels, views)
            logits[done : done + len(pixels)] = said
            done += len(pixels)
    finally:
        module.train(training)
    return logits


def _ask(network: Network, machine: Machine, pixels: Pixels) -> Floats:
    with torch.inference_mode(), machine.precision():
        planes = machine.lay(network.looks.planes(torch.from_numpy(pixels).to(machine.device)))
        said: Tensor = network.module(planes)
    return np.asarray(said.float().cpu().numpy(), np.float32)


def score(logits: Floats, labels: npt.NDArray[np.int64]) -> Scores:
    """Mean cross entropy and accuracy.

    Args:
        logits: ``(n, classes)``.
        labels: ``(n,)``.

    Raises:
        InvalidValue: If there is no row.
    """
    if not len(labels):
        raise InvalidValue("Rows that choose", "at least one", 0)
    loss = functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return Scores(float(loss), float(np.mean(logits.argmax(axis=1) == labels)))
