"""Runs on disk with answers made up for the purpose; folder, exposure and pages are the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, Predictions
from lydite.data.folds import Items, Way, make_folds
from lydite.train.finished import FinishedTraining
from lydite.train.plan import Plan
from lydite.train.recipe import Recipe
from lydite.train.run import open_run
from lydite.train.spec import RunSpec
from lydite.train.tasks import ImageTask

Logits = npt.NDArray[np.float32]


def folded(task: ImageTask, count: int = 3, way: Way = Way.STRATIFIED) -> Plan:
    """Folds of a task."""
    ids = tuple(str(item) for item in task.items)
    labels = tuple(task.classes[label] for label in task.labels.tolist())
    return Plan.of_folds(task, make_folds(Items(ids, labels, task.groups), count, way))


def leaning(task: ImageTask, sure: float, seed: int = 0) -> Callable[[npt.NDArray[np.int64]], Logits]:
    """Answers that lean to the labels, the more the surer."""
    logits = np.random.default_rng(seed).normal(size=(len(task), len(task.classes)))
    logits[np.arange(len(task)), task.labels] += sure
    return lambda rows: logits[rows].astype(np.float32)


def renamed(task: ImageTask, classes: dict[str, str], groups: dict[str, str] | None = None) -> ImageTask:
    """The task with other names."""
    names = ClassMap(tuple(classes.get(name, name) for name in task.classes))
    told = tuple((groups or {}).get(name, name) for name in task.groups)
    return replace(task, classes=names, groups=told)


def make_run(
    folder: Path,
    task: ImageTask,
    *,
    sure: float = 1.5,
    seed: int = 0,
    recipe: Recipe | None = None,
    plan: Plan | None = None,
    ready: int | None = None,
    epochs: int = 0,
) -> FinishedTraining:
    """A run whose models answer as ``leaning`` does.

    Args:
        folder: Where to.
        task: From what.
        sure: How much answers lean to the labels.
        seed: Of the answers and of the run.
        recipe: How; the default one when ``None``.
        plan: Who is held out when; three random folds when ``None``.
        ready: How many folds come to their end; all when ``None``, and only then the run does.
        epochs: How many are logged for each fold.
    """
    plan = folded(task) if plan is None else plan
    spec = RunSpec(recipe or Recipe(), task, plan, plan.folds, seed, source={"version": "made up"})
    answer = leaning(task, sure, seed)
    with open_run(folder, spec) as run:
        asked, test = [], []
        for fold in spec.folds[:ready]:
            member = plan.member(fold)
            run.saw(fold, 0, member.known)
            for epoch in range(epochs):
                held = {"loss": 1 / (epoch + 2), "accuracy": 1 - 1 / (epoch + 2)}
                line = {"kind": "epoch", "fold": fold, "epoch": epoch, "loss": 1 / (epoch + 1), "rate": 1e-3}
                run.log({**line, "side": 64, "held_out": held, "seconds": 0.5})
                run.log(
                    {
                        "kind": "selected",
                        "fold": fold,
                        "epoch": epoch,
                        "source": "ema",
                        "better": epoch % 2 == 0,
                    }
                )
            run.log({"kind": "fold", "fold": fold, "seconds": 1.5})
            run.finish_fold(fold)
            asked.append(run.predictions(fold, member.asked, answer(member.asked)))
            if len(member.test):
                test.append(run.predictions(fold, member.test, answer(member.test) + fold))
        if ready is None:
            oof = Predictions.concatenate(asked) if plan.folds != (-1,) else None
            run.finish(oof, Predictions.concatenate(test) if test else None, {})
    return FinishedTraining.open(folder)
