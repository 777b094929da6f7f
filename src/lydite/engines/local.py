"""Engines of this machine: one process, or several."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic

from lydite.core import InvalidValue, MissingExtra
from lydite.engines.base import Crew, Engine, Failure, R, Result, Success, T, Work
from lydite.engines.crew import Patience, StaffedCrew
from lydite.engines.worker import ProcessStaff


class Serial(Engine):
    """One item after the other, here. The reference that every engine must equal."""

    @property
    def workers(self) -> int:
        """Always 1."""
        return 1

    def hire(self, work: Work[R]) -> AbstractContextManager[Crew[Any, R]]:
        """A crew of one, which works when its results are asked for."""
        return _alone(work)


class Processes(Engine):
    """Several processes on this machine, started afresh (``spawn``), never forked.

    Function, items and results are pickled; ``fn`` and ``setup`` must be importable, and a script must
    guard its entry by ``if __name__ == "__main__":``.

    Args:
        workers: Number of processes, 1 or more. Fewer are started for fewer items.

    Raises:
        InvalidValue: If there is no worker.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise InvalidValue("The number of workers", "1 or more", workers)
        self._workers = workers

    @property
    def workers(self) -> int:
        """Number of processes."""
        return self._workers

    def hire(self, work: Work[R]) -> AbstractContextManager[Crew[Any, R]]:
        """A crew of processes; whatever ends the context also ends them."""
        return StaffedCrew(ProcessStaff(work), self._workers, Patience())


def build_engine(workers: int) -> Engine:
    """The engine of this machine for a number of workers: one works in this process, more have one each.

    Raises:
        InvalidValue: If there is no worker.
    """
    return Serial() if workers == 1 else Processes(workers)


def build_cluster_engine(
    address: str = "auto", workers: int | None = None, gpus_per_worker: float = 0.0
) -> Engine:
    """The engine of a Ray cluster; arguments as of ``lydite.engines.ray.RayEngine``.

    Raises:
        MissingExtra: If Ray is not installed.
        UsageError: If there is no such cluster, or it has no room for a worker.
    """
    try:
        from lydite.engines.ray import RayEngine
    except ModuleNotFoundError as error:
        raise MissingExtra("Engine 'ray'", "ray") from error
    return RayEngine(address, workers, gpus_per_worker)


class _SerialCrew(Generic[T, R]):
    def __init__(self, work: Work[R]) -> None:
        self._work = work
        self._call: Callable[[T], R] | None = None
        self._waiting: deque[tuple[int, T]] = deque()
        self._submitted = 0

    def submit(self, item: T) -> int:
        self._waiting.append((self._submitted, item))
        self._submitted += 1
        return self._submitted - 1

    def as_completed(self) -> Iterator[tuple[int, Result[T, R]]]:
        while self._waiting:
            if self._call is None:
                self._call = self._work.prepare()
            ticket, item = self._waiting.popleft()
            yield ticket, _attempt(self._call, item)


def _attempt(call: Callable[[T], R], item: T) -> Result[T, R]:
    try:
        return Success(item, call(item))
    except Exception as error:  # noqa: BLE001 - a failure is a value here; interruptions pass
        return Failure.of(item, error)


@contextmanager
def _alone(work: Work[R]) -> Iterator[Crew[Any, R]]:
    yield _SerialCrew[Any, R](work)
