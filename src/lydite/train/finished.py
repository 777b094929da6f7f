"""A run as it lies on disk, come to its end or not, for those who read it and never write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from lydite.core import ClassMap, InputError, InvalidValue, Predictions
from lydite.data import load_predictions, printable
from lydite.train.lineage import read_page
from lydite.train.log import read_lines
from lydite.train.recipe import Recipe
from lydite.train.recipe_file import load_recipe
from lydite.train.rows import load_items
from lydite.train.run import LOG, RECIPE
from lydite.train.status import Status, read_status

_ENVIRONMENT = "environment.json"


@dataclass(frozen=True, eq=False)
class FinishedTraining:
    """Everything that the folder of a run says.

    Args:
        folder: Where it lies.
        page: The content of ``data.json``.
        recipe: How it learned.
        status: How far it came.
        items: Its rows: item, image, label, group, split, fold, path.
        log: The lines that it wrote while it went on.
        environment: What it was computed with; empty if that is not known.
        held_out: What each model says of its own fold; ``None`` as long as there is nothing.
        test: What every model says of the split ``test``.
    """

    folder: Path
    page: dict[str, Any]
    recipe: Recipe
    status: Status
    items: pl.DataFrame
    log: Sequence[dict[str, Any]]
    environment: dict[str, Any]
    held_out: Predictions | None
    test: Predictions | None

    @classmethod
    def open(cls, folder: Path) -> FinishedTraining:
        """Read the folder of a run.

        Raises:
            InputError: If it holds none, or a file of it is damaged.
        """
        page = read_page(folder)
        try:
            ClassMap(tuple(page["classes"]))
            log = read_lines(folder / LOG)
        except (OSError, ValueError, KeyError, TypeError, InvalidValue) as error:
            raise InputError(
                f"The run in {printable(folder)} is damaged: {error}.", "Begin it anew."
            ) from error
        return cls(
            folder,
            page,
            load_recipe(folder / RECIPE),
            read_status(folder),
            load_items(folder),
            log,
            _environment(folder / _ENVIRONMENT),
            *(_find_predictions(folder / "predictions" / f"{name}.parquet") for name in ("oof", "test")),
        )

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.page["id"])

    @cached_property
    def classes(self) -> ClassMap:
        """What labels mean."""
        return ClassMap(tuple(self.page["classes"]))

    @property
    def way(self) -> str:
        """How folds were dealt, for people."""
        return str(self.page.get("way", ""))


def _find_predictions(path: Path) -> Predictions | None:
    return load_predictions(path) if path.is_file() else None


def _environment(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
