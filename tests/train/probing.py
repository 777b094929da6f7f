"""A probe run of a folder as a process of its own: ``python -m train.probing RUN PICTURES CACHE [HEAD]``."""

from __future__ import annotations

import sys
from pathlib import Path

from lydite.engines import build_engine
from lydite.train import ImageTask, Recipe, RunSpec, Status, changed, load_recipe, open_run
from lydite.train.probe import run_probe
from train.fruit import task_of
from train.test_plan import folded


def recipe_of(head: str = "linear") -> Recipe:
    name = "probe" if head == "linear" else f"probe-{head}"
    small: dict[str, object] = {"backbone.name": "descriptor", "backbone.side": 64}
    if head in {"mlp", "attention"}:
        small |= {"schedule.epochs": 20}
        small |= {"head.hidden": 16} if head == "mlp" else {"head.grid": 2}
    return changed(load_recipe(name), small)


def spec_of(task: ImageTask, recipe: Recipe) -> RunSpec:
    plan = folded(task)
    return RunSpec(recipe, task, plan, plan.folds)


def probe(folder: Path, task: ImageTask, recipe: Recipe, cache: Path | None = None) -> Status:
    with open_run(folder, spec_of(task, recipe)) as run:
        return run_probe(run, build_engine(1), cache)


if __name__ == "__main__":
    place, pictures, kept, *kind = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    probe(Path(place), task_of(Path(pictures)), recipe_of(*kind), Path(kept))
