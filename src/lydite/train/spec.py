"""What decides a run, and so its id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from lydite import __version__
from lydite.core import ImageId
from lydite.train.lineage import Parent
from lydite.train.plan import Plan
from lydite.train.recipe import Recipe, changed
from lydite.train.tasks import Task

_ID_HEX = 16


@dataclass(frozen=True, eq=False)
class RunSpec:
    """What decides a run.

    Args:
        recipe: How.
        task: From what.
        plan: Who is held out when.
        folds: The folds that are trained.
        seed: Of everything random.
        parents: Whose weights or answers go in.
        twins: Groups of pictures that show the same, beyond those that are the same file.
        source: The data, as a person would name them again.
    """

    recipe: Recipe
    task: Task
    plan: Plan
    folds: tuple[int, ...]
    seed: int = 0
    parents: tuple[Parent, ...] = ()
    twins: tuple[tuple[ImageId, ...], ...] = ()
    source: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fold in self.folds:
            self.plan.member(fold)

    @property
    def decides(self) -> dict[str, Any]:
        """What the id is the hash of, by name."""
        return {
            # Weights count by their digest, among the parents, not by where they lie.
            "recipe": changed(self.recipe, {"backbone.checkpoint": None}).id,
            "data": self.task.digest,
            "held out": self.plan.digest,
            "folds": list(self.folds),
            "seed": self.seed,
            "parents": [parent.model_dump(exclude={"folder"}) for parent in self.parents],
            "twins": [[str(picture) for picture in group] for group in self.twins],
            "lydite": __version__,
        }

    @property
    def id(self) -> str:
        """16 hexadecimal digits; on the CPU with fixed threads, one id gives the same predictions."""
        return hashlib.sha256(json.dumps(self.decides, sort_keys=True).encode()).hexdigest()[:_ID_HEX]
