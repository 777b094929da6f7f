"""The second speed: whole networks, fold by fold, into the folder of a run."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from lydite.core import ClassMap, Predictions, Role, UsageError
from lydite.data.watch import Watch, unwatched
from lydite.train.assembly import build_stream, network_of, require_optimiser
from lydite.train.course import final_side, plan_epochs
from lydite.train.honoured import require_honoured
from lydite.train.judge import judge
from lydite.train.loop import MODEL, Job, fit, tidy
from lydite.train.machine import Machine
from lydite.train.network import Network, load_network, require_classes, require_known
from lydite.train.plan import Member
from lydite.train.probe.probing import data_notes, summarise
from lydite.train.recipe import Recipe, Speed
from lydite.train.records import Begun, Epoch, Finished, Record, Saving, Selected, Step
from lydite.train.run import Run
from lydite.train.status import Status
from lydite.train.stream import Stream
from lydite.train.tasks import Rows
from lydite.train.tta import views_of


def run_fine_tune(run: Run, cache: Path | None, watch: Watch = unwatched) -> Status:
    """Train a network for each fold, and keep weights, predictions, exposures and metrics.

    Going on with a run takes over the folds that are ready, and goes on with the one that was interrupted.

    Args:
        run: A run that is held, see ``open_run``.
        cache: Folder that keeps decoded pictures between runs; ``None`` keeps none.
        watch: Shows progress over the records of each fold.

    Raises:
        UsageError: If the recipe is not for fine-tuning, or the machine cannot do what it asks for.
        ClassMapMismatch: If the checkpoint is of other classes.
        ImageError: If a picture cannot be used.
        TrainingError: If loss or gradient is not finite, or memory is short.
        OutputError: If the disk refuses.
    """
    spec = run.spec
    check_fine_tune(spec.recipe, spec.task.classes)
    if spec.recipe.budget.threads:
        torch.set_num_threads(spec.recipe.budget.threads)
    members = [spec.plan.member(fold) for fold in spec.folds]
    oof, test = [], []
    for member in members:
        network = _trained(run, member, cache, watch)
        stream = build_stream(spec.recipe, spec.task, cache)
        oof.append(_say(run, member, network, stream, member.asked))
        test.append(_say(run, member, network, stream, member.test))
    out, tested = Predictions.concatenate(oof), Predictions.concatenate(test)
    run.note(tuple(data_notes(spec.task, members)))
    metrics = summarise(spec.task, out, spec.plan)
    return run.finish(out if len(out) else None, tested if len(tested) else None, metrics)


def check_fine_tune(recipe: Recipe, classes: ClassMap) -> None:
    """Pass if fine-tuning can honour a recipe; nothing is loaded.

    Args:
        recipe: The recipe.
        classes: What shall be told apart.

    Raises:
        UsageError: Otherwise.
        UnknownName: If there is no such network or optimiser; the nearest are suggested.
        ClassMapMismatch: If the checkpoint is of other classes.
        CheckpointError: If the checkpoint is a damaged safetensors file.
    """
    if recipe.speed is not Speed.FINE_TUNE:
        raise UsageError(
            "The recipe is not for fine-tuning.", "Set speed to 'fine_tune'.", recipe.speed.value
        )
    require_known(recipe.backbone.name)
    require_optimiser(recipe.optimiser.name)
    require_honoured(recipe)
    if recipe.backbone.checkpoint is not None:
        require_classes(Path(recipe.backbone.checkpoint), classes)
    plan_epochs(recipe)
    Machine.of(recipe.budget)


def _trained(run: Run, member: Member, cache: Path | None, watch: Watch) -> Network:
    """The network of a fold: taken over if it is ready, else trained, from where it was interrupted."""
    recipe, task = run.spec.recipe, run.spec.task
    network = network_of(recipe.backbone, task.classes)
    folder = run.checkpoints(member.fold)
    if member.fold in run.status.done and (folder / MODEL).is_file():
        tidy(folder)
        load_network(network, folder / MODEL)
        Machine.of(recipe.budget).place(network.module)
        return network
    job = Job(
        recipe=recipe,
        network=network,
        pictures=task,
        labels=task.labels,
        train=member.known,
        select=member.asked if recipe.budget.select != "last" else np.zeros(0, np.int64),
        seed=_seed(run.spec.seed, member.fold),
        folder=folder,
        digest=sha256(json.dumps([run.spec.decides, member.fold], sort_keys=True).encode()).hexdigest(),
        cache=cache,
    )
    began = time.monotonic()
    for record in watch(fit(job), None, f"fold {member.fold}"):
        began = _keep(run, member, record, began)
    run.finish_fold(member.fold)
    tidy(folder)
    return network


def _keep(run: Run, member: Member, record: Record, began: float) -> float:
    """Write down what a record says; gives when the epoch began that goes on."""
    fold = member.fold
    match record:
        case Begun():
            run.saw(fold, 0, record.rows)
        case Step():
            run.saw(fold, record.step, record.rows)  # partners of mixtures are rows of the same batch
        case Selected():
            run.saw(fold, record.epoch, record.rows, Role.SELECTED)
            told = {"kind": "selected", "fold": fold, "epoch": record.epoch, "source": record.source}
            run.log(told | asdict(record.scores) | {"better": record.better})
        case Epoch():
            now = time.monotonic()
            told = {"kind": "epoch", "fold": fold, "epoch": record.epoch, "loss": record.loss}
            held_out = None if record.held_out is None else asdict(record.held_out)
            seconds = round(now - began, 3)
            run.log(
                told | {"rate": record.rate, "side": record.side, "held_out": held_out, "seconds": seconds}
            )
            return now
        case Saving():
            run.keep_seen(fold)
        case Finished():
            told = {"kind": "finished", "fold": fold, "epoch": record.epoch, "source": record.source}
            sizes = {"known": len(member.known), "asked": len(member.asked)}
            run.log(told | sizes)
        case _:
            pass
    return began


def _say(run: Run, member: Member, network: Network, stream: Stream, rows: Rows) -> Predictions:
    """What a network says of rows, over the views of the recipe; classes that it never saw get nothing."""
    recipe = run.spec.recipe
    logits = judge(
        network,
        stream,
        rows,
        side=final_side(recipe),
        batch=recipe.sampling.batch,
        machine=Machine.of(recipe.budget),
        views=views_of(recipe.tta.views, recipe.tta.first or None),
    )
    counts = np.bincount(run.spec.task.labels[member.known], minlength=len(run.spec.task.classes))
    said = np.where(counts > 0, logits, np.float32(-np.inf)).astype(np.float32)
    return run.predictions(member.fold, rows, said)


def _seed(seed: int, fold: int) -> int:
    """Folds draw differently."""
    return int(np.random.SeedSequence([seed, fold + 1]).generate_state(1)[0])
