"""The models of a run, ready to be asked about any picture: one voice a fold, whatever the speed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lydite.core import CheckpointError, ImageId, MissingExtra, UsageError
from lydite.data import printable
from lydite.train.finished import FinishedTraining
from lydite.train.probe.heads import FittedProbe, load_probe
from lydite.train.probe.looks import Eye, Gaze, Looks
from lydite.train.probe.probing import HEAD
from lydite.train.recipe import Speed, changed

Logits = npt.NDArray[np.float32]
NETWORK = "model.safetensors"
_NOBODY = ImageId("0" * 64)
"""A view that is asked for as it is depends on no picture."""


class Voices(Protocol):
    """All models of a run."""

    def say(self, pixels: npt.NDArray[np.uint8]) -> Logits:
        """``(folds, classes)`` float32 of one picture, ``(height, width, 3)`` uint8 RGB."""
        ...


@dataclass(frozen=True, eq=False)
class ProbeVoices:
    """Heads on what one frozen encoder sees: it looks once for all of them.

    Args:
        eye: The encoder.
        heads: One a fold.
    """

    eye: Eye
    heads: tuple[FittedProbe, ...]

    def say(self, pixels: npt.NDArray[np.uint8]) -> Logits:
        """As ``Voices.say``."""
        seen = self.eye.look(np.ascontiguousarray(pixels), _NOBODY, 0)[None, None]
        looks = Looks(seen[:, :, 0], seen[:, :, 1:].astype(np.float16), self.eye.encoder.space)
        return np.concatenate([head.logits(looks) for head in self.heads])


def ready_folds(run: FinishedTraining) -> tuple[int, ...]:
    """The folds whose models are ready.

    Raises:
        UsageError: If there is none.
    """
    if not run.status.done:
        raise UsageError(
            f"No model of the run in {printable(run.folder)} is ready.",
            "Let lydite train run come to its end.",
        )
    return run.status.done


def model_files(run: FinishedTraining) -> tuple[Path, ...]:
    """The file of each model that is ready.

    Raises:
        UsageError: If there is none.
        CheckpointError: If a file is gone.
    """
    name = NETWORK if run.recipe.speed is Speed.FINE_TUNE else HEAD
    files = tuple(run.folder / "checkpoints" / f"fold-{fold}" / name for fold in ready_folds(run))
    for file in files:
        if not file.is_file():
            raise CheckpointError(
                f"Model {printable(file)} is gone.", "Bring it back, or train the run anew."
            )
    return files


def require_parts(run: FinishedTraining) -> None:
    """Pass if what the models of a run need is installed.

    Raises:
        MissingExtra: If the run was fine-tuned and torch is not installed.
    """
    if run.recipe.speed is Speed.FINE_TUNE and not (find_spec("torch") and find_spec("timm")):
        raise MissingExtra("A fine-tuned network", "torch")


def open_voices(run: FinishedTraining, device: str) -> Voices:
    """Load the models of the folds that are ready.

    Args:
        run: The run.
        device: Where a network computes: ``cpu``, ``cuda``, ``mps``.

    Raises:
        UsageError: If no model is ready.
        CheckpointError: If a file is gone or damaged.
        ClassMapMismatch: If it is of other classes.
        MissingExtra: If the run was fine-tuned and torch is not installed.
    """
    files = model_files(run)
    if run.recipe.speed is Speed.FINE_TUNE:
        require_parts(run)
        # Imported here: a probe needs no torch.
        from lydite.train.network_voices import open_networks

        return open_networks(run.recipe, run.classes, files, device)
    settings: dict[str, object] = {"augment.views": 1}
    if run.recipe.backbone.name not in {"embedded", "descriptor"}:
        settings["budget.device"] = device
    gaze = Gaze.of(changed(run.recipe, settings))
    return ProbeVoices(Eye.build(gaze, None), tuple(load_probe(file, len(run.classes)) for file in files))
