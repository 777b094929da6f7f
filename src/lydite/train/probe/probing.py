"""The first speed: heads on what a frozen encoder sees, fold by fold, into the folder of a run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lydite.core import InputError, Predictions, UsageError
from lydite.data.watch import Watch, unwatched
from lydite.engines import Engine
from lydite.features import require_encoder
from lydite.metrics import Figure, Judgements, score_classes
from lydite.train.honoured import require_honoured
from lydite.train.plan import Member, Plan, missing_classes
from lydite.train.probe.heads import FittedProbe, fit_probe, load_probe, save_probe
from lydite.train.probe.looks import Gaze, Looks, look_at
from lydite.train.recipe import Recipe, Speed
from lydite.train.run import Run
from lydite.train.status import Status
from lydite.train.tasks import Rows, Task

HEAD = "head.npz"


@dataclass(frozen=True, eq=False)
class Probing:
    """Everything that is prepared once for all folds.

    Args:
        run: The run that is held.
        rows: ``(m,)`` the rows that are looked at, in order.
        looks: What is seen of them.
    """

    run: Run
    rows: Rows
    looks: Looks

    def of(self, rows: Rows) -> Looks:
        """What is seen of some rows."""
        return self.looks.of(np.searchsorted(self.rows, rows))

    def fit(self, member: Member) -> FittedProbe:
        """The head of a fold: taken over if it was kept, else fitted and kept.

        What it is shown is written down before it is kept, and it is shown nothing else.
        """
        run, path = self.run, self.run.checkpoints(member.fold) / HEAD
        task, recipe = run.spec.task, run.spec.recipe
        if path.is_file() and member.fold in run.status.done:
            return load_probe(path, len(task.classes))
        began = time.monotonic()
        labels = run.labels(member.fold, 0, member.known)
        seed = (run.spec.seed, member.fold + 1)
        probe = fit_probe(self.of(member.known), labels, len(task.classes), recipe, seed)
        run.keep_seen(member.fold)
        save_probe(probe, path)
        run.finish_fold(member.fold)
        seconds = round(time.monotonic() - began, 3)
        sizes = {"known": len(member.known), "asked": len(member.asked)}
        run.log({"kind": "fold", "fold": member.fold, **sizes, "seconds": seconds})
        return probe

    def say(self, member: Member, probe: FittedProbe, rows: Rows) -> Predictions:
        """What a head says of rows."""
        return self.run.predictions(member.fold, rows, probe.logits(self.of(rows)))


def run_probe(run: Run, engine: Engine, cache: Path | None, watch: Watch = unwatched) -> Status:
    """Look at every picture, fit a head for each fold, and keep predictions, exposures and metrics.

    Going on with a run takes over the heads that are ready; vectors come from the cache.

    Args:
        run: A run that is held, see ``open_run``.
        engine: Where pictures are looked at.
        cache: Folder that keeps vectors between runs; ``None`` keeps none.
        watch: Shows progress, first over pictures, then over folds.

    Raises:
        UsageError: If the recipe is not for a probe, or asks for what a probe cannot do.
        InputError: If pictures cannot be read.
        OutputError: If the disk refuses.
    """
    spec = run.spec
    check_probe(spec.recipe)
    members = [spec.plan.member(fold) for fold in spec.folds]
    rows = np.unique(np.concatenate([part for m in members for part in (m.known, m.asked, m.test)]))
    began = time.monotonic()
    looks = look_at(spec.task, rows, Gaze.of(spec.recipe), cache, engine, watch)
    run.log({"kind": "looks", "pictures": len(rows), "seconds": round(time.monotonic() - began, 3)})
    probing = Probing(run, rows, looks)
    oof, test = [], []
    for member in watch(members, len(members), "fitting"):
        probe = probing.fit(member)
        oof.append(probing.say(member, probe, member.asked))
        test.append(probing.say(member, probe, member.test))
    out, tested = Predictions.concatenate(oof), Predictions.concatenate(test)
    run.note(tuple(data_notes(spec.task, members)))
    kept = tuple(part if len(part) else None for part in (out, tested))
    return run.finish(kept[0], kept[1], summarise(spec.task, out, spec.plan))


def check_probe(recipe: Recipe) -> None:
    """Pass if a probe can honour a recipe; nothing is loaded.

    Raises:
        UsageError: Otherwise.
        UnknownName: If there is no such encoder; the nearest are suggested.
        MissingExtra: If the encoder needs a part that is not installed.
    """
    if recipe.speed is not Speed.PROBE:
        raise UsageError("The recipe is not for a probe.", "Set speed to 'probe'.", recipe.speed.value)
    if recipe.backbone.start != "trained":
        raise UsageError(
            "A probe looks through weights that were trained.",
            "Set backbone.start to 'trained'.",
            recipe.backbone.start,
        )
    if recipe.budget.select != "last":
        raise UsageError(
            "A probe keeps its last epoch, so no row chooses anything.",
            "Set budget.select to 'last'.",
            recipe.budget.select,
        )
    require_encoder(recipe.backbone.name)
    require_honoured(recipe)


def summarise(task: Task, said: Predictions, plan: Plan) -> dict[str, object]:
    """Figures of the rows that may be scored, how many there are of each exposure, and the worst group.

    Intervals draw groups where the plan keeps each whole, else rows: a run whose models know every group
    tells nothing of new ones.
    """
    exposures = {str(exposure): count for exposure, count in said.counts().items()}
    judged = judgements(task, said, draw_groups=plan.keeps_groups(task))
    if not len(judged):
        return {"scored": 0, "exposures": exposures}
    scores = score_classes(judged)
    told: dict[str, object] = {
        "scored": len(judged),
        "exposures": exposures,
        "overall": {name: _plain(figure) for name, figure in scores.overall.items()},
    }
    worst = scores.worst_group()
    return told if worst is None else told | {"worst_group": {"name": worst.name, **_plain(worst.accuracy)}}


def _plain(figure: Figure) -> dict[str, float | None]:
    """A number and its interval for JSON, which knows no NaN."""
    numbers = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {name: None if math.isnan(value) else round(value, 6) for name, value in numbers.items()}


def judgements(task: Task, said: Predictions, *, draw_groups: bool = True) -> Judgements:
    """The rows of predictions that may be scored, beside their labels.

    Args:
        task: Whose labels and groups.
        said: What models say of its items.
        draw_groups: Whether intervals draw groups, where there are any, instead of rows.

    Raises:
        InputError: If an item of the predictions is none of the task.
    """
    place = {item: row for row, item in enumerate(task.items)}
    strange = [item for item in said.items if item not in place]
    if strange:
        raise InputError("Predictions speak of an item that the data do not have.", "", str(strange[0]))
    rows = np.array([place[item] for item in said.items], np.int64)
    scored = said.scorable() & (task.labels[rows] >= 0)
    groups = tuple(task.groups[row] for row in rows[scored])
    return Judgements(
        task.classes,
        task.labels[rows][scored],
        said.logits[scored].astype(np.float64),
        groups if any(groups) else (),
        draw_groups=draw_groups,
    )


def data_notes(task: Task, members: list[Member]) -> Iterator[str]:
    """What a reader should know of the data: one class alone, classes of one picture, of none, not seen."""
    learned = np.unique(np.concatenate([rows for m in members for rows in (m.known, m.asked)]))
    counts = np.bincount(task.labels[learned], minlength=len(task.classes))
    if (counts > 0).sum() == 1:
        alone = task.classes[int(counts.argmax())]
        yield f"every picture is of class {alone!r}; there is nothing to tell apart"
    for label, name in enumerate(task.classes):
        if counts[label] == 0:
            yield f"class {name!r} has no picture; nothing is ever called so"
        elif counts[label] == 1:
            yield f"class {name!r} has one picture, so no model that knows it is asked about it"
    for member in members:
        missing = missing_classes(task, member.known)
        absent = [name for name in missing if counts[task.classes.get_label(name)] > 1]
        if absent:
            yield f"fold {member.fold} never saw: {', '.join(absent)}"
