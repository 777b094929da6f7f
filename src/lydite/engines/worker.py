"""One worker process: how it is started, what it says, how it ends."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from lydite.core import InvalidValue
from lydite.engines.answer import Interrupted, answer, begin, encode
from lydite.engines.base import Work

_PATIENCE_S = 5.0
_SPAWN = multiprocessing.get_context("spawn")


class ProcessStaff:
    """Recruits processes of this machine.

    Args:
        work: What each prepares and then does for each item that it is sent.
    """

    def __init__(self, work: Work[Any]) -> None:
        self._work = work

    def recruit(self) -> ProcessWorker:
        """One more process, not started."""
        return ProcessWorker(self._work)

    def listen(self, workers: list[ProcessWorker]) -> list[ProcessWorker]:
        """Wait until some of them have something to say, or are dead."""
        ready = set(wait([worker.connection for worker in workers]))
        return [worker for worker in workers if worker.connection in ready]


class ProcessWorker:
    """The parent's end of one worker process.

    Args:
        work: What it prepares and then does for each item that it is sent.
    """

    def __init__(self, work: Work[Any]) -> None:
        self.connection, self._theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(work, self._theirs), daemon=True)
        self._needs_script = work.needs_script

    def start(self) -> None:
        """Start the process, deaf to Ctrl-C: stopping is the parent's business.

        Raises:
            InvalidValue: If the work cannot be pickled.
        """
        try:
            with _deaf_to_interrupts(), nullcontext() if self._needs_script else _without_script():
                self._process.start()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidValue(
                "Work for other processes", "picklable: functions at the top of a module", str(error)
            ) from error
        finally:
            self._theirs.close()

    def send(self, data: bytes) -> None:
        """Hand over a pickled item."""
        self.connection.send_bytes(data)

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

    def see_off(self) -> str:
        """Wait until the process is gone; its exit code (negative: the signal)."""
        self.connection.close()
        if self._process.pid is None:
            return "not started"
        self._process.join(_PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        return f"exit code {self._process.exitcode}"


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


@contextmanager
def _without_script() -> Iterator[None]:
    """A process that starts meanwhile does not import the caller's script, and all that this imports.

    Which script there is, is asked in ``sys.modules`` and nowhere else (``multiprocessing.spawn``).
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _serve(work: Work[Any], connection: Connection) -> None:
    """Life of a worker: setup, then item after item until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _answer_all(work, connection)
    except KeyboardInterrupt:
        connection.send_bytes(encode(Interrupted()))
    except (EOFError, ConnectionError):
        return


def _answer_all(work: Work[Any], connection: Connection) -> None:
    call, greeting = begin(work)
    connection.send_bytes(greeting)
    while call is not None:
        connection.send_bytes(answer(call, connection.recv_bytes()))


def _leave_with_parent() -> None:
    """A parent that was killed cannot stop its workers; they must not hold memory for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
