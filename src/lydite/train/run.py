"""The folder of a run: what went in, what was seen, what came out; readable at any moment.

::

    runs/<id>/  recipe.toml  environment.json  data.json  items.parquet  status.json  log.jsonl  metrics.json
                seen/fold-<k>.parquet  checkpoints/fold-<k>/  predictions/{oof,test}.parquet
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.core import Ledger, LyditeError, OutputConflict, Predictions, Role
from lydite.data import printable, save_predictions, write_atomic
from lydite.data.files import os_errors_as_output_errors
from lydite.data.locking import try_lock_file
from lydite.train.environment import describe_environment
from lydite.train.lineage import DATA, ITEMS, SEEN, inherited, member_name, read_page
from lydite.train.log import append_line, drop_torn_line
from lydite.train.observed import Observed
from lydite.train.plan import Member
from lydite.train.recipe import Recipe
from lydite.train.recipe_file import to_toml
from lydite.train.rows import changed_items, items_frame
from lydite.train.spec import RunSpec
from lydite.train.status import LOCK, STATUS, State, Status, read_status, write_status
from lydite.train.tasks import Rows

LOG, METRICS, RECIPE = "log.jsonl", "metrics.json", "recipe.toml"


@dataclass(frozen=True, eq=False)
class Run:
    """A run that is held by this process.

    Args:
        folder: Its folder.
        spec: What decides it.
        seen: What each of its models was shown.
    """

    folder: Path
    spec: RunSpec
    seen: dict[int, Observed]

    @property
    def id(self) -> str:
        """As ``RunSpec.id``."""
        return self.spec.id

    @property
    def status(self) -> Status:
        """As it was last written."""
        return read_status(self.folder)

    def checkpoints(self, fold: int) -> Path:
        """The folder of a model's weights, made if it is not there."""
        folder = self.folder / "checkpoints" / f"fold-{fold}"
        with os_errors_as_output_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def saw(self, fold: int, step: int, rows: Rows | Sequence[int], role: Role = Role.TRAINED) -> None:
        """Rows were shown to a model; see ``Observed.saw``. Cheap; ``keep_seen`` writes it down."""
        self.seen[fold].saw(step, rows, role)

    def labels(self, fold: int, step: int, rows: Rows) -> Rows:
        """The labels of rows that a model learns from, written down as shown."""
        self.saw(fold, step, rows)
        return self.spec.task.labels[rows]

    def keep_seen(self, fold: int) -> None:
        """Write down what a model was shown; before its checkpoint, so that none knows more than is told."""
        self.seen[fold].save(self.folder / SEEN / f"fold-{fold}.parquet", self.spec.task)

    def log(self, record: dict[str, Any]) -> None:
        """Append a line to ``log.jsonl``."""
        append_line(self.folder / LOG, record)

    def note(self, notes: tuple[str, ...]) -> None:
        """Put what a reader should know into the status, instead of what was there."""
        write_status(self.folder, self.status.but(notes=notes))

    def exposure_of(self, fold: int, rows: Rows) -> npt.NDArray[np.uint8]:
        """What a model has seen of rows so far, ``(m,)`` uint8 of ``Exposure``; unknown after a taint."""
        spec, pictures = self.spec, self.spec.task.pictures
        names = tuple(parent.name for parent in spec.parents)
        own = self.seen[fold].seen(pictures, names, self.status.state is not State.TAINTED)
        name = member_name(self.id, fold)
        ledger = Ledger(inherited(self.folder, spec.parents) | {name: own}, spec.twins)
        return ledger.exposure_of(name, [pictures[row] for row in rows])

    def predictions(self, fold: int, rows: Rows, logits: npt.NDArray[np.float32]) -> Predictions:
        """What a model says of rows, with what it had seen of them."""
        task = self.spec.task
        return Predictions(
            tuple(task.items[row] for row in rows),
            task.classes,
            logits,
            self.id,
            np.full(len(rows), fold, np.int16),
            self.exposure_of(fold, rows),
        )

    def finish_fold(self, fold: int) -> None:
        """A model is ready: what it was shown must be what it declared.

        A model that saw anything else taints the run for good.
        """
        self.keep_seen(fold)
        told = check_declared(self.seen[fold], self.spec.plan.member(fold), self.spec.recipe)
        status = self.status
        if told:
            error = f"fold {fold}: {told}"
            write_status(self.folder, status.but(state=State.TAINTED, error=error))
        else:
            write_status(self.folder, status.but(done=tuple(sorted({*status.done, fold}))))

    def finish(self, oof: Predictions | None, test: Predictions | None, metrics: dict[str, Any]) -> Status:
        """All models are ready: keep predictions and metrics, and say so last."""
        folder = self.folder / "predictions"
        with os_errors_as_output_errors(folder):
            folder.mkdir(exist_ok=True)
        for name, predictions in (("oof", oof), ("test", test)):
            if predictions is not None:
                save_predictions(predictions, folder / f"{name}.parquet")
        write_atomic(self.folder / METRICS, json.dumps(metrics, indent=1) + "\n")
        status = self.status
        if status.state is not State.TAINTED:
            status = status.but(state=State.DONE)
            write_status(self.folder, status)
        return status


def check_declared(observed: Observed, member: Member, recipe: Recipe) -> str:
    """What a model was shown that it did not declare, or the other way round; empty if nothing."""
    chosen = member.asked if recipe.budget.select != "last" else np.zeros(0, np.int64)
    declared = {Role.TRAINED: member.known, Role.SELECTED: chosen, Role.PIXELS: np.zeros(0, np.int64)}
    for role, rows in declared.items():
        more = np.setdiff1d(observed.rows(role), rows)
        less = np.setdiff1d(rows, observed.rows(role))
        if len(more):
            return f"{len(more)} rows were {role} that were not to be, first row {more[0]}"
        if len(less) and role is Role.TRAINED and not recipe.sampling.may_miss:
            return f"{len(less)} rows were to be {role} and were not, first row {less[0]}"
    return ""


@contextmanager
def open_run(folder: Path, spec: RunSpec) -> Iterator[Run]:
    """Begin a run, or go on with one; hold it for the block.

    What the block raises is written into the status. A process that dies leaves a run that goes on.

    Args:
        folder: Its folder: new, empty, or that of a run with the same spec.
        spec: What decides it.

    Raises:
        OutputConflict: If the folder holds something else; says what differs. If another process holds it.
        OutputError: If it cannot be written.
    """
    folder = Path(folder)
    with os_errors_as_output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with try_lock_file(folder / LOCK) as mine:
        if not mine:
            raise OutputConflict(f"Another process is at work on {printable(folder)}.", "Wait, or end it.")
        if (folder / DATA).is_file():
            _require_same(folder, spec)
        else:
            _begin(folder, spec)
        drop_torn_line(folder / LOG)
        count = len(spec.task.items)
        files = {fold: folder / SEEN / f"fold-{fold}.parquet" for fold in spec.folds}
        run = Run(folder, spec, {fold: Observed.load(path, count) for fold, path in files.items()})
        if run.status.state is not State.TAINTED:
            write_status(folder, run.status.but(state=State.RUNNING, error=""))
        try:
            yield run
        except LyditeError as error:
            _tell_failure(folder, str(error))
            raise
        except Exception as error:
            _tell_failure(folder, f"{type(error).__name__}: {error}")
            raise


def _tell_failure(folder: Path, error: str) -> None:
    """Say what went wrong, if the disk lets us; a taint stays one."""
    try:
        status = read_status(folder)
        if status.state is not State.TAINTED:
            write_status(folder, status.but(state=State.FAILED, error=error))
    except LyditeError:
        return  # the error that led here is the one to be shown


def _begin(folder: Path, spec: RunSpec) -> None:
    """Write everything that does not change; ``data.json``, which makes it a run, last."""
    strange = [entry.name for entry in folder.iterdir() if not _ours(entry.name)]
    if strange:
        raise OutputConflict(f"{printable(folder)} is no new or empty folder.", "Name another.", strange[0])
    with os_errors_as_output_errors(folder):
        for name in (SEEN, "checkpoints", "predictions"):
            (folder / name).mkdir(exist_ok=True)
    write_atomic(folder / RECIPE, to_toml(spec.recipe))
    write_atomic(folder / "environment.json", json.dumps(describe_environment(), indent=1) + "\n")
    content = BytesIO()
    items_frame(spec.task, spec.plan).write_parquet(content, compression="zstd")
    write_atomic(folder / ITEMS, content.getvalue())
    write_status(folder, Status.begin(spec.folds))
    page = {
        "id": spec.id,
        "decides": spec.decides,
        "classes": list(spec.task.classes.names),
        "way": spec.plan.way,
        "source": spec.source,
        "parents": [parent.model_dump() for parent in spec.parents],
    }
    write_atomic(folder / DATA, json.dumps(page, indent=1) + "\n")


def _ours(name: str) -> bool:
    begun = {RECIPE, "environment.json", ITEMS, STATUS, LOCK, SEEN, "checkpoints", "predictions"}
    return name in begun or name.startswith(".lydite-")


def _require_same(folder: Path, spec: RunSpec) -> None:
    was, now = read_page(folder), spec.decides
    if was["id"] == spec.id:
        return
    differing = [name for name in now if was.get("decides", {}).get(name) != now[name]]
    told = f"{printable(folder)} holds another run; it differs in: {', '.join(differing)}."
    if "data" in differing:
        told += f" {changed_items(folder, spec)}"
    raise OutputConflict(told, "Choose another --out, or bring back what it began with.")
