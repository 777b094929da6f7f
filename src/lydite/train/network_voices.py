"""Fine-tuned networks of a run, ready to be asked about any picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap
from lydite.train.assembly import kept_side, network_of
from lydite.train.augment import plain_view
from lydite.train.course import final_side
from lydite.train.decoded import shrunk
from lydite.train.network import Network, load_network, predict_logits
from lydite.train.recipe import Recipe


@dataclass(frozen=True, eq=False)
class NetworkVoices:
    """Networks of one recipe, see ``Voices``.

    Args:
        networks: One a fold, in evaluation mode.
        side: Pixels of the view that they look at.
        kept_side: Short side to which pictures are shrunk first, as they were in training.
    """

    networks: tuple[Network, ...]
    side: int
    kept_side: int

    def say(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """``(folds, classes)`` float32 of one picture, ``(height, width, 3)`` uint8 RGB."""
        view = plain_view(shrunk(np.ascontiguousarray(pixels), self.kept_side), self.side)[None]
        return np.concatenate([predict_logits(network, view) for network in self.networks])


def open_networks(recipe: Recipe, classes: ClassMap, files: Sequence[Path], device: str) -> NetworkVoices:
    """Load networks.

    Args:
        recipe: How they learned.
        classes: What they tell apart.
        files: Weights, as ``save_network`` wrote them.
        device: Where they compute.

    Raises:
        CheckpointError: If a file is damaged.
        ClassMapMismatch: If it is of other classes.
    """
    # Their own weights replace all others, so none are looked for.
    bare = recipe.backbone.model_copy(update={"checkpoint": None, "start": "random"})
    networks = []
    for file in files:
        network = network_of(bare, classes)
        load_network(network, file)
        network.module.eval().to(device)
        networks.append(network)
    return NetworkVoices(tuple(networks), final_side(recipe), kept_side(recipe))
