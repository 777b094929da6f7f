"""All that a training is between two steps, and the file that it goes on from."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lydite.core import CheckpointError, ContractError
from lydite.data import write_atomic
from lydite.train.averaging import EpochMean, StepMean
from lydite.train.records import Scores
from lydite.train.update import Learner

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Best:
    """The best weights so far: after which epoch, whose, what they were worth."""

    epoch: int
    source: str
    scores: Scores


@dataclass(slots=True)
class Progress:
    """Where a training is; everything random follows from seed, epoch and step.

    Args:
        epoch: That is going on.
        batch: Batches of it that are done.
        step: Steps that are done in all.
        losses: Sum of the losses of this epoch's steps.
        difficulty: ``(n,)`` float32: each row's last cross entropy with its own label; NaN before the first.
        best: Of the epochs that are done.
    """

    difficulty: npt.NDArray[np.float32]
    epoch: int = 0
    batch: int = 0
    step: int = 0
    losses: float = 0.0
    best: Best | None = None


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Everything that moves.

    Args:
        learner: Network, optimiser and scaler.
        ema: The moving mean, or ``None``.
        swa: The mean over epochs, or ``None``.
        progress: Where the training is.
        digest: Of recipe, data and seed: what the state belongs to.
    """

    learner: Learner
    ema: StepMean | None
    swa: EpochMean | None
    digest: str
    progress: Progress = field(kw_only=True)

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all.

        Raises:
            OutputError: If the disk is full; the state before it is still there.
        """
        buffer = io.BytesIO()
        torch.save(self._tree(), buffer)
        write_atomic(path, buffer.getvalue())

    def load(self, path: Path) -> None:
        """Become what was saved.

        Raises:
            CheckpointError: If the file is damaged.
            ContractError: If it is of another recipe, other data or another seed.
        """
        tree = _read(path)
        if tree["digest"] != self.digest:
            raise ContractError(
                "The data, the recipe or the seed changed since this training was interrupted.",
                "Put them back to go on, or begin a new run.",
                str(path),
            )
        self.learner.network.module.load_state_dict(tree["network"])
        self.learner.optimiser.load_state_dict(tree["optimiser"])
        self.learner.scaler.load_state_dict(tree["scaler"])
        for mean, name in ((self.ema, "ema"), (self.swa, "swa")):
            if mean is not None:
                mean.load_state_dict(tree[name])
        place = self.progress
        place.epoch, place.batch, place.step, place.losses = tree["place"]
        place.difficulty[:] = tree["difficulty"].numpy()
        best = tree["best"]
        place.best = best and Best(best[0], best[1], Scores(best[2], best[3]))

    def _tree(self) -> dict[str, Any]:
        place, best = self.progress, self.progress.best
        return {
            "format": _FORMAT,
            "digest": self.digest,
            "network": self.learner.network.module.state_dict(),
            "optimiser": self.learner.optimiser.state_dict(),
            "scaler": self.learner.scaler.state_dict(),
            "ema": self.ema and self.ema.state_dict(),
            "swa": self.swa and self.swa.state_dict(),
            "place": (place.epoch, place.batch, place.step, place.losses),
            "difficulty": torch.from_numpy(place.difficulty),
            "best": best and (best.epoch, best.source, best.scores.loss, best.scores.accuracy),
        }


def _read(path: Path) -> dict[str, Any]:
    try:
        tree: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"The state of the interrupted training cannot be read: {str(error).partition(chr(10))[0]}.",
            "Remove it to begin anew.",
            str(path),
        ) from error
    if not isinstance(tree, dict) or tree.get("format") != _FORMAT:
        raise CheckpointError(
            "The state of the interrupted training is of another version of Lydite.",
            "Finish it with that version, or remove it to begin anew.",
            str(path),
        )
    return tree
