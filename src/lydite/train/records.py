"""What a training says while it goes on: one frozen record for each thing that happened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lydite.train.tasks import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """The first classifier was fitted, before any step.

    Args:
        rows: ``(n,)`` int64: whose labels entered.
    """

    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The weights moved once.

    Args:
        epoch: Counts from 0.
        step: Counts from 0 over the whole training.
        rows: ``(n,)`` int64: whose labels entered.
        partners: ``(n,)`` int64: who each was mixed with; itself where it was not.
        loss: Mean over the batch.
        rate: The learning rate where layer decay does not lower it.
        norm: Of the gradient before clipping.
    """

    epoch: int
    step: int
    rows: Rows
    partners: Rows
    loss: float
    rate: float
    norm: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model is worth on rows with known labels.

    Args:
        loss: Mean cross entropy.
        accuracy: Share of rows whose largest logit is their label's.
    """

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """All items of an epoch went through.

    Args:
        epoch: Counts from 0.
        loss: Mean of the steps' losses.
        side: Pixels of the views.
        rate: The learning rate of the last step.
        held_out: On the rows that choose; ``None`` where nothing is chosen.
    """

    epoch: int
    loss: float
    side: int
    rate: float
    held_out: Scores | None


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """Rows were asked which weights are better: from now on their labels are in the choice.

    Args:
        epoch: After which epoch.
        source: ``last``, ``ema`` or ``swa``.
        rows: ``(n,)`` int64: who was asked.
        scores: Their answer.
        better: Whether these weights are the best so far.
    """

    epoch: int
    source: str
    rows: Rows
    scores: Scores
    better: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """Weights are about to be written: whoever keeps account of what they saw does so now.

    Args:
        step: Steps that are in them.
    """

    step: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A state lies on the disk that an interrupted training goes on from.

    Args:
        step: Steps that are in it.
        path: The file.
    """

    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class Finished:
    """The weights that the recipe asked for lie on the disk.

    Args:
        path: Safetensors, as ``load_network`` reads them.
        source: ``last``, ``ema``, ``swa`` or ``best``.
        epoch: After which epoch these weights were taken; the last one's for means.
    """

    path: Path
    source: str
    epoch: int


Record: TypeAlias = Begun | Step | Epoch | Selected | Saving | Saved | Finished
