"""How a run is doing, in a file that can be read at any moment, also after a crash."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from lydite.core import InputError
from lydite.data import printable, write_atomic
from lydite.data.locking import try_lock_file

STATUS, LOCK = "status.json", "lock"


class State(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """It says that it is running, and no process holds it. The same command goes on."""
    FAILED = "failed"
    """It met an error, which it names."""
    TAINTED = "tainted"
    """It saw other rows than it declared: its predictions are of unknown exposure."""
    DONE = "done"


class Status(BaseModel):
    """The content of ``status.json``.

    Args:
        state: What became of it, as it was last written.
        folds: The folds that it trains.
        done: Those that are ready.
        began: When it began.
        changed: When this was written.
        host: The machine of the process that wrote this.
        process: Its number there.
        notes: What a reader should know: classes without a row, and so on.
        error: What went wrong; empty if nothing did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: State
    folds: tuple[int, ...]
    done: tuple[int, ...] = ()
    began: datetime
    changed: datetime
    host: str
    process: int
    notes: tuple[str, ...] = ()
    error: str = ""

    @classmethod
    def begin(cls, folds: tuple[int, ...]) -> Status:
        """Running, nothing done."""
        now = datetime.now(UTC)
        host = platform.node()
        return cls(state=State.RUNNING, folds=folds, began=now, changed=now, host=host, process=os.getpid())

    def but(self, **changes: object) -> Status:
        """The same with some fields changed, as of now and by this process."""
        mine = {"changed": datetime.now(UTC), "host": platform.node(), "process": os.getpid()}
        return Status.model_validate(self.model_dump() | mine | changes)


def write_status(folder: Path, status: Status) -> None:
    """Replace ``status.json`` in one step.

    Raises:
        OutputError: If it cannot be written.
    """
    write_atomic(folder / STATUS, status.model_dump_json(indent=1) + "\n")


def read_status(folder: Path) -> Status:
    """How a run is doing; one that was killed is ``INTERRUPTED``.

    Raises:
        InputError: If the folder holds no run.
    """
    try:
        status = Status.model_validate_json((folder / STATUS).read_bytes())
    except OSError as error:
        raise InputError(
            f"{printable(folder)} holds no run: {STATUS}: {error.strerror or error}.",
            "Name a folder of runs/.",
        ) from error
    except ValidationError as error:
        raise InputError(
            f"{printable(folder / STATUS)} is damaged: {error.errors()[0]['msg']}.", "Begin another run."
        ) from error
    if status.state is State.RUNNING and not is_held(folder):
        return status.model_copy(update={"state": State.INTERRUPTED})
    return status


def is_held(folder: Path) -> bool:
    """Whether a process of this machine is at work on a run."""
    lock = folder / LOCK
    if not lock.is_file() or not os.access(lock, os.W_OK):
        return False
    with try_lock_file(lock) as mine:
        return not mine
