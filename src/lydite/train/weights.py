"""Whose weights a recipe begins with."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from lydite.core import UsageError
from lydite.data import printable
from lydite.features.weights import EMBEDDED
from lydite.train.lineage import Parent, is_run, run_parent, weights_parent
from lydite.train.recipe import Recipe

Saw = Literal["nothing", "pixels", "unknown"]
_FOLD = re.compile(r"^fold-(-?\d+)$")


def parents_of(recipe: Recipe, saw: Saw = "nothing") -> tuple[Parent, ...]:
    """The ancestors that a recipe's backbone brings along.

    A checkpoint that lies in the folder of a run is that run, which knows what it saw. Of other weights a
    person has to know; the hand-made descriptor has none.

    Args:
        recipe: Names the backbone and its checkpoint.
        saw: What weights that are no run are declared to have seen of the pictures.

    Raises:
        UsageError: If the checkpoint cannot be read.
    """
    if recipe.backbone.checkpoint is not None:
        return (_of_file(Path(recipe.backbone.checkpoint), saw),)
    match recipe.backbone.name:
        case "descriptor":
            return ()
        case "embedded":
            return (_of_file(EMBEDDED, saw),)
        case name:
            return (Parent(name=f"weights of {name}, said to have seen {saw}", saw=saw),)


def _of_file(path: Path, saw: Saw) -> Parent:
    fold = None
    for place in path.absolute().parents:
        found = _FOLD.match(place.name)
        fold = int(found[1]) if found else fold
        if is_run(place):
            return run_parent(place, fold)
    try:
        with path.open("rb") as file:
            return weights_parent(hashlib.file_digest(file, "sha256").hexdigest(), saw)
    except OSError as error:
        raise UsageError(
            f"Checkpoint {printable(path)} cannot be read: {error.strerror or error}.",
            "Check backbone.checkpoint.",
        ) from error
