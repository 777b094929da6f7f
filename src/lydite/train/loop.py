"""Fine-tuning as a generator of records: what happens is said, and whoever asked decides what to do with it.

Nothing random is carried along: every draw follows from the seed, the epoch and the step. So a training that
was killed goes on from its last state, and ends on a CPU with the same weights, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from lydite.core import ImageError, InputError, InvalidValue, TrainingError
from lydite.train.assembly import build_state, build_stream
from lydite.train.averaging import has_statistics, renew_statistics
from lydite.train.course import EpochPlan, final_side, plan_epochs
from lydite.train.first_head import fit_first_head, is_new, rows_to_begin_with
from lydite.train.hardness import Assigned, assign_profiles
from lydite.train.judge import judge, score
from lydite.train.machine import Machine
from lydite.train.mix import Mixed, mix, unmixed
from lydite.train.network import Network, load_network, save_network
from lydite.train.profiles import get_profile
from lydite.train.recipe import Recipe
from lydite.train.records import Begun, Epoch, Finished, Record, Saved, Saving, Scores, Selected, Step
from lydite.train.sampling import batches_of, epoch_rows
from lydite.train.schedule import Schedule, Stretch
from lydite.train.state import Best, State
from lydite.train.stream import Batch, Pictures, Stream, Ticket
from lydite.train.tasks import Rows

STATE = "state.pt"
MODEL = "model.safetensors"
_VIEW, _MIX, _NETWORK = 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One training.

    Args:
        recipe: How.
        network: Freshly built; its module is trained in place.
        pictures: All rows that labels speak of.
        labels: ``(n,)`` int64: place of each row's class in ``network.classes``.
        train: Rows that are learned.
        select: Rows that choose among epochs; only asked if the recipe's ``budget.select`` chooses.
        seed: All that is random.
        folder: For states and weights; made if absent.
        digest: Of recipe, data and seed, as the caller identifies them.
        cache: Folder for decoded pictures, or ``None``.

    Raises:
        InputError: If there is nothing to learn from, or nothing to choose by.
        InvalidValue: If columns differ in length, or a row is both learned and chosen by.
    """

    recipe: Recipe
    network: Network
    pictures: Pictures
    labels: npt.NDArray[np.int64]
    train: Rows
    select: Rows
    seed: int
    folder: Path
    digest: str
    cache: Path | None = None

    def __post_init__(self) -> None:
        if len(self.pictures.pictures) != len(self.labels):
            raise InvalidValue("Job", "of as many labels as pictures", len(self.labels))
        if not len(self.train):
            raise InputError("There is no picture to learn from.", "Give labelled pictures.")
        if self.recipe.budget.select != "last" and not len(self.select):
            raise InputError(
                "The recipe chooses the best epoch, and there is no held-out picture to choose by.",
                "Set budget.select = 'last', or hold some out.",
            )
        both = np.intersect1d(self.train, self.select)
        if len(both):
            raise InvalidValue("Job.select", "apart from the rows that are learned", both[:5].tolist())

    @property
    def chooses(self) -> bool:
        """Whether held-out rows choose among epochs."""
        return self.recipe.budget.select != "last"


def fit(job: Job) -> Iterator[Record]:
    """Train; go on from ``folder/state.pt`` where there is one.

    ``Begun``, ``Step`` and ``Selected`` are yielded before ``Saving``, and ``Saving`` before weights are
    written: who writes down at ``Saving`` what these told knows of everything that any saved weight has seen.

    Raises:
        ImageError: If a picture cannot be used; the state before it is saved.
        TrainingError: If loss or gradient is not finite, or memory is short.
        OutputError: If something cannot be written; the last state is still there.
        ContractError: If the state is of other data or another recipe.
        CheckpointError: If the state is damaged.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    stream = build_stream(job.recipe, job.pictures, job.cache)
    if _begins_as_probe(job) and not (job.folder / STATE).exists():
        yield from _begin(job, stream)
    state = build_state(job.recipe, job.network, job.labels, job.train, job.digest)
    per_epoch = len(_batches(job, epoch_rows(job.labels[job.train], "shuffle", seed=0, epoch=0)))
    schedule = Schedule(state.learner.optimiser, _stretches(job.recipe, per_epoch))
    if (job.folder / STATE).exists():
        state.load(job.folder / STATE)
    for plan in plan_epochs(job.recipe)[state.progress.epoch :]:
        yield from _run_epoch(job, state, schedule, stream, plan)
        yield from _end_epoch(job, state, stream, plan, schedule)
        yield from _save(job, state)
    yield from _finish(job, state, stream)


def _begins_as_probe(job: Job) -> bool:
    """Whether the first classifier is fitted."""
    start = job.recipe.head.start
    return start == "probe" or (start == "auto" and not has_statistics(job.network.module))


def _begin(job: Job, stream: Stream) -> Iterator[Record]:
    """The first classifier, unless a checkpoint brought one; who it learned from is said."""
    if not is_new(job.network):
        return
    machine = Machine.of(job.recipe.budget)
    machine.place(job.network.module)
    rows = rows_to_begin_with(job.labels, job.train, job.seed)
    fit_first_head(
        job.network,
        stream,
        rows,
        job.labels,
        side=plan_epochs(job.recipe)[0].side,
        batch=job.recipe.sampling.batch,
        machine=machine,
        c=job.recipe.head.c,
    )
    yield Begun(rows)


def _run_epoch(
    job: Job, state: State, schedule: Schedule, stream: Stream, plan: EpochPlan
) -> Iterator[Record]:
    """The batches of an epoch that are not done yet."""
    place = state.progress
    rows = epoch_rows(
        job.labels[job.train], plan.draw, seed=job.seed, epoch=plan.number, power=job.recipe.sampling.power
    )
    batches = _batches(job, job.train[rows])
    profiles = _profiles(job, state, plan)
    tickets = [_tickets(job, plan, number, batch, profiles) for number, batch in enumerate(batches)]
    state.learner.network.module.train()
    made = stream.batches(tickets[place.batch :])
    while place.batch < len(batches):
        try:
            batch = next(made)
        except (ImageError, TrainingError):
            yield from _save(job, state)
            raise
        yield _step(job, state, schedule, plan, batch)
        if place.step % job.recipe.budget.save_steps == 0:
            yield from _save(job, state)


def _step(job: Job, state: State, schedule: Schedule, plan: EpochPlan, batch: Batch) -> Step:
    learner, place = state.learner, state.progress
    rate = schedule.set(place.step)
    device = learner.machine.device
    planes = learner.machine.lay(learner.network.looks.planes(batch.pixels.to(device)))
    mixed = _mixed(planes, plan, np.random.default_rng([job.seed, place.step, _MIX]))
    labels = torch.from_numpy(job.labels[batch.rows]).to(device)
    with learner.machine.seeded(job.seed, place.step, _NETWORK):
        loss, norm, own = learner.step(mixed, labels)
    if state.ema is not None:
        state.ema.update(learner.network.module, place.step + 1)
    place.difficulty[batch.rows] = own.cpu().numpy()
    record = Step(plan.number, place.step, batch.rows, batch.rows[mixed.partners], loss, rate, norm)
    place.step += 1
    place.batch += 1
    place.losses += loss
    return record


def _mixed(planes: torch.Tensor, plan: EpochPlan, rng: np.random.Generator) -> Mixed:
    return mix(planes, plan.mixing, rng) if plan.mixing.on else unmixed(planes)


def _end_epoch(
    job: Job, state: State, stream: Stream, plan: EpochPlan, schedule: Schedule
) -> Iterator[Record]:
    place = state.progress
    if state.swa is not None and plan.averaged:
        state.swa.update(state.learner.network.module)
    scores = None
    if job.chooses:
        network, source = _of_now(state)
        scores = _score(job, state, stream, network)
        yield from _select(job, state, network, source, scores, plan.number)
    rate = schedule.set(max(place.step - 1, 0))
    yield Epoch(plan.number, place.losses / max(place.batch, 1), plan.side, rate, scores)
    place.epoch, place.batch, place.losses = plan.number + 1, 0, 0.0


def _select(
    job: Job, state: State, network: Network, source: str, scores: Scores, epoch: int
) -> Iterator[Record]:
    """Ask the held-out rows, and keep the weights if they are the best so far."""
    best = state.progress.best
    better = best is None or _is_better(job.recipe, scores, best.scores)
    yield Selected(epoch, source, job.select, scores, better)
    if better:
        save_network(network, job.folder / _best_name(epoch, source))
        state.progress.best = Best(epoch, source, scores)


def _save(job: Job, state: State) -> Iterator[Record]:
    """Write the state, then drop the weights of epochs that are no longer the best."""
    yield Saving(state.progress.step)
    path = job.folder / STATE
    state.save(path)
    best = state.progress.best
    kept = best and _best_name(best.epoch, best.source)
    for old in _best_files(job.folder):
        if old.name != kept:
            old.unlink()
    yield Saved(state.progress.step, path)


def tidy(folder: Path) -> None:
    """Remove what only a training that goes on needs: its state, and the weights of the best epoch.

    To be called when the run knows that the model is ready, for from then on nobody goes on with the state:
    ``model.safetensors`` alone stays.

    Args:
        folder: Of a ``Job`` that came to its end.
    """
    for scaffold in (*_best_files(folder), folder / STATE):
        scaffold.unlink(missing_ok=True)


def _best_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("best-*.safetensors"))


def _finish(job: Job, state: State, stream: Stream) -> Iterator[Record]:
    """Write the weights that the recipe asked for; the mean over epochs is taken where it is better."""
    network, source = _of_now(state)
    epoch = state.progress.epoch - 1
    if state.swa is not None and state.swa.count:
        network, source = _with_module(state, state.swa.model), "swa"
        with state.learner.machine.seeded(job.seed, epoch, _NETWORK):
            renew_statistics(network.module, _planes(job, state, stream))
        if job.chooses:
            scores = _score(job, state, stream, network)
            yield from _select(job, state, network, source, scores, epoch)
    best = state.progress.best
    if job.chooses and best is not None:
        epoch, source = best.epoch, "swa" if best.source == "swa" else "best"
        load_network(network, job.folder / _best_name(best.epoch, best.source))
    yield Saving(state.progress.step)
    save_network(network, job.folder / MODEL)
    state.learner.network.module.load_state_dict(network.module.state_dict())
    yield Finished(job.folder / MODEL, source, epoch)


def _planes(job: Job, state: State, stream: Stream) -> Iterator[torch.Tensor]:
    """Every learned picture once, as training sees it, without its label."""
    plan = plan_epochs(job.recipe)[-1]
    profiles = _profiles(job, state, plan)
    batches = _batches(job, job.train)
    tickets = [_tickets(job, plan, number, rows, profiles) for number, rows in enumerate(batches)]
    learner = state.learner
    for batch in stream.batches(tickets):
        yield learner.machine.lay(learner.network.looks.planes(batch.pixels.to(learner.machine.device)))


def _score(job: Job, state: State, stream: Stream, network: Network) -> Scores:
    logits = judge(
        network,
        stream,
        job.select,
        side=final_side(job.recipe),
        batch=job.recipe.sampling.batch,
        machine=state.learner.machine,
    )
    return score(logits, job.labels[job.select])


def _of_now(state: State) -> tuple[Network, str]:
    """The weights that speak: the moving mean where there is one."""
    if state.ema is not None:
        return _with_module(state, state.ema.model), "ema"
    return state.learner.network, "last"


def _with_module(state: State, module: torch.nn.Module) -> Network:
    network = state.learner.network
    return Network(module, network.looks, network.classes, network.name)


def _is_better(recipe: Recipe, scores: Scores, best: Scores) -> bool:
    if recipe.budget.select == "accuracy":
        return (scores.accuracy, -scores.loss) > (best.accuracy, -best.loss)
    return scores.loss < best.loss


def _best_name(epoch: int, source: str) -> str:
    return f"best-{epoch:04d}-{source}.safetensors"


def _batches(job: Job, rows: Rows) -> list[Rows]:
    return batches_of(rows, job.recipe.sampling.batch)


def _profiles(job: Job, state: State, plan: EpochPlan) -> Assigned:
    augment = job.recipe.augment
    usual = get_profile(augment.profile.value).harder(augment.strength)
    return assign_profiles(
        usual,
        job.labels,
        state.progress.difficulty,
        hardening=plan.hardening,
        confidence=plan.confidence,
    )


def _tickets(job: Job, plan: EpochPlan, number: int, rows: Rows, profiles: Assigned) -> list[Ticket]:
    return [
        Ticket(int(row), plan.side, profiles.of(int(row)), (job.seed, plan.number, number, place, _VIEW))
        for place, row in enumerate(rows)
    ]


def _stretches(recipe: Recipe, per_epoch: int) -> list[Stretch]:
    schedule, stages = recipe.schedule, recipe.stages
    first = schedule.epochs * per_epoch
    warm_up = min(round(schedule.warmup * per_epoch), first - 1)
    stretches = [Stretch(first, 1.0, warm_up, schedule.final_lr)]
    if stages.second_epochs:
        second = stages.second_epochs * per_epoch
        stretches.append(Stretch(second, stages.second_lr, 0, schedule.final_lr))
    return stretches
