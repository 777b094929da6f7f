"""What a network says about rows, and what that is worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lydite.core import InvalidValue
from lydite.train.machine import Machine
from lydite.train.network import Network
from lydite.train.records import Scores
from lydite.train.stream import Stream, plain_tickets
from lydite.train.tasks import Rows

Floats = npt.NDArray[np.float32]


def judge(network: Network, stream: Stream, rows: Rows, *, side: int, batch: int, machine: Machine) -> Floats:
    """Logits of the plain views of rows, in their order.

    Args:
        network: Its module is in evaluation mode afterwards as it was before.
        stream: Makes the views.
        rows: ``(n,)``.
        side: Pixels of the views.
        batch: Views at a time.
        machine: Where.

    Returns:
        ``(n, classes)`` float32.

    Raises:
        ImageError: If a picture cannot be used.
    """
    logits = np.empty((len(rows), len(network.classes)), np.float32)
    module, training = network.module, network.module.training
    module.eval()
    done = 0
    try:
        for views in stream.batches(plain_tickets(rows, side, batch)):
            with torch.inference_mode(), machine.precision():
                planes = machine.lay(network.looks.planes(views.pixels.to(machine.device)))
                said: Tensor = module(planes)
            logits[done : done + len(views.rows)] = said.float().cpu().numpy()
            done += len(views.rows)
    finally:
        module.train(training)
    return logits


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
