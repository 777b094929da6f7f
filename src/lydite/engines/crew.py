"""A crew of processes: who is busy with what, and what happens when one of them dies."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Generic

from lydite.core import LyditeError
from lydite.engines.base import Failure, R, Result, Success, T, Work, format_trace
from lydite.engines.worker import Done, Failed, Interrupted, Message, Ready, SetupFailed, Worker


class ProcessCrew(Generic[T, R]):
    """Hands one item at a time to each worker, so that a death costs exactly one item.

    Args:
        work: What each worker prepares and then does.
        limit: Most workers at one time.
    """

    def __init__(self, work: Work[R], limit: int) -> None:
        self._work = work
        self._limit = limit
        self._starting: list[Worker] = []
        self._idle: list[Worker] = []
        self._busy: dict[Worker, tuple[int, T]] = {}
        self._waiting: deque[tuple[int, T]] = deque()
        self._finished: deque[tuple[int, Result[T, R]]] = deque()
        self._submitted = 0

    def __enter__(self) -> ProcessCrew[T, R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Dismiss idle workers; end those whose result nobody will read."""
        for worker in (*self._starting, *self._busy):
            worker.end()
        for worker in self._idle:
            worker.dismiss()
        for worker in (*self._starting, *self._busy, *self._idle):
            worker.see_off()
        self._starting, self._idle, self._busy = [], [], {}

    def submit(self, item: T) -> int:
        """Queue an item, and hand it over if a worker is free."""
        ticket = self._submitted
        self._submitted += 1
        self._waiting.append((ticket, item))
        self._hand_out()
        return ticket

    def as_completed(self) -> Iterator[tuple[int, Result[T, R]]]:
        """Ticket and result of whichever item is done first, until nothing is left."""
        while self._waiting or self._busy or self._finished:
            while not self._finished:
                self._hand_out()
                if not self._finished:
                    self._listen()
            yield self._finished.popleft()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            worker = self._idle.pop()
            ticket, item = self._waiting.popleft()
            self._busy[worker] = (ticket, item)
            try:
                worker.send(item)
            except OSError:  # it died while it had nothing to do: the item is as it was
                del self._busy[worker]
                worker.see_off()
                self._waiting.appendleft((ticket, item))
            except Exception as error:  # noqa: BLE001 - pickling runs the item's own code
                del self._busy[worker]
                self._idle.append(worker)
                self._finished.append((ticket, Failure.of(item, error)))
        wanted = min(len(self._waiting) - len(self._starting), self._limit - self._size)
        for _ in range(wanted):
            worker = Worker(self._work)
            self._starting.append(worker)
            worker.start()

    @property
    def _size(self) -> int:
        return len(self._starting) + len(self._idle) + len(self._busy)

    def _listen(self) -> None:
        workers = {worker.connection: worker for worker in (*self._starting, *self._busy)}
        for connection in wait(list(workers)):
            worker = workers[connection]  # type: ignore[index]
            try:
                answer = worker.receive()
            except (EOFError, OSError):
                self._bury(worker)
            else:
                self._note(worker, answer)

    def _note(self, worker: Worker, data: bytes) -> None:
        message = _read(data)
        if isinstance(message, Interrupted):
            raise KeyboardInterrupt
        if isinstance(message, SetupFailed):
            raise message.error
        if isinstance(message, Ready):
            self._starting.remove(worker)
        else:
            ticket, item = self._busy.pop(worker)
            result: Result[T, Any] = (
                Success(item, message.value)
                if isinstance(message, Done)
                else Failure(item, message.error, message.trace)
            )
            self._finished.append((ticket, result))
        self._idle.append(worker)

    def _bury(self, worker: Worker) -> None:
        code = worker.see_off()
        if worker in self._starting:
            self._starting.remove(worker)
            raise LyditeError(
                "A worker process died before its first item.",
                "Look above for its last words; a script must guard its entry by "
                "'if __name__ == \"__main__\":', and memory must suffice for every worker's setup.",
                f"exit code {code}",
            )
        ticket, item = self._busy.pop(worker)
        error = LyditeError(
            "The worker process died while it worked on this item.",
            "Suspect memory (use fewer workers) or a crash in native code.",
            f"exit code {code}",
        )
        self._finished.append((ticket, Failure(item, error, "")))


def _read(data: bytes) -> Message:
    try:
        message: Message = pickle.loads(data)  # noqa: S301 - from our own worker
    except Exception as error:  # noqa: BLE001 - unpickling runs the value's own code
        return Failed(error, format_trace(error))
    return message
