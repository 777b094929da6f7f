"""A crew: who is busy with what, and what happens when one dies. Where they run is the staff's business."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from lydite import __version__
from lydite.core import LyditeError
from lydite.engines.answer import Done, Interrupted, Message, Ready, SetupFailed, decode, encode
from lydite.engines.base import Failure, R, Result, Success, T


class MachineLost(EOFError):
    """The worker went with its machine, which says nothing of what it was about to do."""


class Worker(Protocol):
    """The caller's end of one worker, which takes one item at a time."""

    def start(self) -> None:
        """Let it begin with its setup; its first message says how that went."""
        ...

    def send(self, data: bytes) -> None:
        """Hand over a pickled item.

        Raises:
            OSError: If it died while it had nothing to do.
        """
        ...

    def receive(self) -> bytes:
        """Its next message, still pickled.

        Raises:
            MachineLost: If its machine is gone.
            EOFError: If it is dead.
        """
        ...

    def dismiss(self) -> None:
        """Let it leave; it is idle."""
        ...

    def end(self) -> None:
        """Stop it in the middle of its work."""
        ...

    def see_off(self) -> str:
        """Wait until it is gone; says how it went."""
        ...


W = TypeVar("W", bound=Worker)


class Staff(Protocol[W]):
    """Where workers come from."""

    def recruit(self) -> W:
        """One more worker, not started."""
        ...

    def listen(self, workers: list[W]) -> Iterable[W]:
        """Wait until some of them have something to say, or are dead."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How many deaths are borne.

    Args:
        workers: Workers that an item may cost before it is given up.
        setups: Workers in a row that may die in their setup before it is raised; those that went with their
            machine do not count.
    """

    workers: int = 1
    setups: int = 1


@dataclass(slots=True)
class _Task(Generic[T]):
    ticket: int
    item: T
    deaths: int = 0


class StaffedCrew(Generic[T, R, W]):
    """Hands one item at a time to each worker, so that a death costs one item at most.

    Args:
        staff: Where workers come from.
        limit: Most workers at one time.
        patience: How many deaths are borne.
    """

    def __init__(self, staff: Staff[W], limit: int, patience: Patience) -> None:
        self._staff = staff
        self._limit = limit
        self._patience = patience
        self._starting: list[W] = []
        self._idle: list[W] = []
        self._busy: dict[W, _Task[T]] = {}
        self._waiting: deque[_Task[T]] = deque()
        self._finished: deque[tuple[int, Result[T, R]]] = deque()
        self._submitted = 0
        self._failed_starts = 0

    def __enter__(self) -> StaffedCrew[T, R, W]:
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
        task = _Task(self._submitted, item)
        self._submitted += 1
        self._waiting.append(task)
        self._hand_out()
        return task.ticket

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
            task = self._waiting.popleft()
            try:
                data = encode(task.item)
            except Exception as error:  # noqa: BLE001 - pickling runs the item's own code
                self._finished.append((task.ticket, Failure.of(task.item, error)))
                continue
            worker = self._idle.pop()
            try:
                worker.send(data)
            except OSError:  # it died while it had nothing to do: the item is as it was
                worker.see_off()
                self._waiting.appendleft(task)
            else:
                self._busy[worker] = task
        wanted = min(len(self._waiting) - len(self._starting), self._limit - self._size)
        for _ in range(wanted):
            worker = self._staff.recruit()
            self._starting.append(worker)
            worker.start()

    @property
    def _size(self) -> int:
        return len(self._starting) + len(self._idle) + len(self._busy)

    def _listen(self) -> None:
        for worker in self._staff.listen([*self._starting, *self._busy]):
            try:
                data = worker.receive()
            except MachineLost:
                self._bury(worker, counts=worker in self._busy)
            except (EOFError, OSError):
                self._bury(worker, counts=True)
            else:
                self._note(worker, decode(data))

    def _note(self, worker: W, message: Message) -> None:
        if isinstance(message, Interrupted):
            raise KeyboardInterrupt
        if isinstance(message, SetupFailed):
            raise message.error
        if isinstance(message, Ready):
            _require_same_version(message.version)
            self._failed_starts = 0
            self._starting.remove(worker)
        else:
            task = self._busy.pop(worker)
            result: Result[T, Any] = (
                Success(task.item, message.value)
                if isinstance(message, Done)
                else Failure(task.item, message.error, message.trace)
            )
            self._finished.append((task.ticket, result))
        self._idle.append(worker)

    def _bury(self, worker: W, *, counts: bool) -> None:
        end = worker.see_off()
        if worker in self._starting:
            self._starting.remove(worker)
            self._failed_starts += counts
            if self._failed_starts >= self._patience.setups:
                raise LyditeError(
                    "A worker process died before its first item.",
                    "Look above for its last words; a script must guard its entry by "
                    "'if __name__ == \"__main__\":', and memory must suffice for every worker's setup.",
                    end,
                )
            return
        task = self._busy.pop(worker)
        task.deaths += 1
        if task.deaths < self._patience.workers:
            self._waiting.appendleft(task)
            return
        error = LyditeError(
            "The worker process died while it worked on this item.",
            "Suspect memory (use fewer workers) or a crash in native code.",
            end if task.deaths == 1 else f"{task.deaths} workers, one after the other; the last: {end}",
        )
        self._finished.append((task.ticket, Failure(task.item, error, "")))


def _require_same_version(theirs: str) -> None:
    if theirs != __version__:
        raise LyditeError(
            f"A worker has another version of Lydite: its results would not be those of {__version__}.",
            "Install the same version on every machine.",
            theirs,
        )
