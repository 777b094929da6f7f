"""One worker process: how it is started, what it says, how it ends."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeAlias

from lydite.core import InvalidValue, LyditeError
from lydite.engines.base import Work, format_trace

_PATIENCE_S = 5.0
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Ready:
    """The setup is done."""


@dataclass(frozen=True, slots=True)
class SetupFailed:
    """The setup raised."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Done:
    """An item's value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """An item's error."""

    error: Exception
    trace: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The work raised ``KeyboardInterrupt``."""


Message: TypeAlias = Ready | SetupFailed | Done | Failed | Interrupted


class Worker:
    """The parent's end of one worker process.

    Args:
        work: What it prepares and then does for each item that it is sent.
    """

    def __init__(self, work: Work[Any]) -> None:
        self.connection, self._theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(work, self._theirs), daemon=True)

    def start(self) -> None:
        """Start the process, deaf to Ctrl-C: stopping is the parent's business.

        Raises:
            InvalidValue: If the work cannot be pickled.
        """
        try:
            with _deaf_to_interrupts():
                self._process.start()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidValue(
                "Work for other processes", "picklable: functions at the top of a module", str(error)
            ) from error
        finally:
            self._theirs.close()

    def send(self, item: object) -> None:
        """Hand over an item."""
        self.connection.send(item)

    def receive(self) -> bytes:
        """The next message, still pickled."""
        return self.connection.recv_bytes()

    def dismiss(self) -> None:
        """Let an idle worker leave by itself."""
        self.connection.close()

    def end(self) -> None:
        """Stop it in the middle of its work."""
        if self._process.pid is not None:
            self._process.terminate()
        self.connection.close()

    def see_off(self) -> int | None:
        """Wait until the process is gone; its exit code (negative: the signal)."""
        self.connection.close()
        if self._process.pid is None:
            return None
        self._process.join(_PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        return self._process.exitcode


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Children inherit the blocked signal from their first instruction; the parent gets it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started inside, it would unblock the signal too early
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Work[Any], connection: Connection) -> None:
    """Life of a worker: setup, then item after item until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _answer_all(work, connection)
    except KeyboardInterrupt:
        connection.send(Interrupted())
    except (EOFError, ConnectionError):
        return


def _answer_all(work: Work[Any], connection: Connection) -> None:
    try:
        call = work.prepare()
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        connection.send(SetupFailed(_portable(error)))
        return
    connection.send(Ready())
    while True:
        data = connection.recv_bytes()
        try:
            answer = ForkingPickler.dumps(Done(call(pickle.loads(data))))  # noqa: S301 - from our own parent
        except Exception as error:  # noqa: BLE001 - a failure is a value
            answer = ForkingPickler.dumps(Failed(_portable(error), format_trace(error)))
        connection.send_bytes(answer)


def _portable(error: Exception) -> Exception:
    """The error itself if it survives pickling, else its text."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - pickling runs the error's own code
        return LyditeError(f"{type(error).__name__}: {error}")
    return error


def _leave_with_parent() -> None:
    """A parent that was killed cannot stop its workers; they must not hold memory for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
