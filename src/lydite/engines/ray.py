"""The engine of many machines: actors of a Ray cluster, each with its setup done once.

The only file that knows Ray. What crosses the cluster are bytes that ``answer.py`` made, so errors and
odd values arrive here as they do from processes of this machine.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from lydite.core import InvalidValue, LyditeError, UsageError
from lydite.engines.answer import Interrupted, answer, begin, encode
from lydite.engines.base import Crew, Engine, R, Work
from lydite.engines.crew import MachineLost, Patience, StaffedCrew

_PATIENCE = Patience(workers=3, setups=3)
"""Machines of a cluster come and go: an item whose worker dies is tried elsewhere before it is given up."""
_LOOK_AROUND_S = 30.0
_KNOCK_S = 10.0


class RayEngine(Engine):
    """Actors on a cluster that runs already; connects this process to it until the process ends.

    Function, setup, items and results are pickled. Every machine needs the same version of Lydite, and the
    folders that the work uses under the same paths; workers begin in the folder where the caller is.
    An item whose worker dies, or whose machine does, is worked on again elsewhere, so ``fn`` must bear that.

    Args:
        address: ``host:port`` of the cluster's head; ``"auto"`` for the one that this machine belongs to.
        workers: Most actors at one time; ``None`` for as many as the cluster has room for now.
        gpus_per_worker: Share of a GPU that each actor holds; with 0 actors see no GPU.

    Raises:
        UsageError: If there is no such cluster, or it has no room for a single worker.
        InvalidValue: If a number makes no sense.
    """

    def __init__(
        self, address: str = "auto", workers: int | None = None, gpus_per_worker: float = 0.0
    ) -> None:
        if workers is not None and workers < 1:
            raise InvalidValue("The number of workers", "1 or more", workers)
        if not 0 <= gpus_per_worker < float("inf"):
            raise InvalidValue("The GPUs of a worker", "0 or more", gpus_per_worker)
        _connect(address)
        self._gpus_per_worker = gpus_per_worker
        room = _room(gpus_per_worker)
        if not room:
            raise UsageError(
                "The Ray cluster has no room for a worker, which takes 1 CPU"
                f"{f' and {gpus_per_worker:g} GPU' if gpus_per_worker else ''}.",
                "Add a machine: ray start --address HEAD:PORT",
                _resources(),
            )
        self._workers = workers or room

    @property
    def workers(self) -> int:
        """Most actors at one time."""
        return self._workers

    def hire(self, work: Work[R]) -> AbstractContextManager[Crew[Any, R]]:
        """A crew of actors; whatever ends the context, or this process, also ends them.

        Raises:
            InvalidValue: If the work cannot be pickled.
        """
        return StaffedCrew(_ActorStaff(work, self._gpus_per_worker), self._workers, _PATIENCE)


class _ActorStaff:
    """Recruits actors; the work travels once, not once a worker."""

    def __init__(self, work: Work[Any], gpus_per_worker: float) -> None:
        try:
            self._work = ray.put(pickle.dumps(work))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidValue(
                "Work for other processes", "picklable: functions at the top of a module", str(error)
            ) from error
        self._gpus_per_worker = gpus_per_worker
        self._kind = ray.remote(num_cpus=1, num_gpus=gpus_per_worker)(_Actor)

    def recruit(self) -> _ActorWorker:
        """One more actor, not started."""
        return _ActorWorker(self._kind, self._work)

    def listen(self, workers: list[_ActorWorker]) -> list[_ActorWorker]:
        """Wait until some of them have something to say, or are dead.

        Raises:
            LyditeError: If the cluster has lost every machine that could work.
        """
        refs = {worker.pending: worker for worker in workers}
        while True:
            ready, _ = ray.wait(list(refs), num_returns=1, timeout=_LOOK_AROUND_S)
            if ready:
                ready, _ = ray.wait(list(refs), num_returns=len(refs), timeout=0)
                return [refs[ref] for ref in ready]
            if not _room(self._gpus_per_worker):
                raise LyditeError(
                    "The Ray cluster has lost every machine that could work.",
                    "Bring machines back; what was finished is kept.",
                    _resources(),
                )


class _ActorWorker:
    """The caller's end of one actor. What it said last is a reference until it is read."""

    def __init__(self, kind: Any, work: Any) -> None:
        self._kind = kind
        self._work = work
        self._actor: Any = None
        self._machines: frozenset[str] = frozenset()
        self._end = "not started"
        self.pending: Any = None

    def start(self) -> None:
        self._machines = _machines()
        self._actor = self._kind.remote(str(Path.cwd()), [self._work])
        self.pending = self._actor.begin.remote()

    def send(self, data: bytes) -> None:
        self.pending = self._actor.answer.remote(data)

    def receive(self) -> bytes:
        try:
            data: bytes = ray.get(self.pending)
        except RayError as error:
            self._end = " ".join(str(error).split())
            # Which machine was its own is not said of one that never began. A machine that is gone counts
            # as alive until the cluster notices, and work is still sent there.
            raise (EOFError if self._machines <= _machines() else MachineLost) from error
        finally:
            self.pending = None
        return data

    def dismiss(self) -> None:
        self.end()

    def end(self) -> None:
        if self._actor is not None:
            with contextlib.suppress(RayError, ValueError):  # it may be gone, or the cluster
                ray.kill(self._actor)

    def see_off(self) -> str:
        self.end()
        self._actor = self.pending = None
        return self._end


class _Actor:
    """Life of a worker on some machine."""

    def __init__(self, folder: str, work: list[Any]) -> None:
        self._folder = folder
        self._work = work  # in a list, where Ray leaves a reference a reference: this may not fail
        self._call: Any = None

    def begin(self) -> bytes:
        try:
            self._call, said = begin(Work(_Prepared(), _Arrival(self._folder, self._work)))
        except KeyboardInterrupt:
            return encode(Interrupted())
        return said

    def answer(self, data: bytes) -> bytes:
        try:
            return answer(self._call, data)
        except KeyboardInterrupt:
            return encode(Interrupted())


class _Arrival:
    """Setup: go where the caller is, fetch the work, and do its own setup."""

    def __init__(self, folder: str, work: list[Any]) -> None:
        self._folder, self._work = folder, work

    def __call__(self) -> Any:
        try:
            os.chdir(self._folder)
        except OSError as error:
            raise LyditeError(
                f"A machine of the Ray cluster has no folder {self._folder}: {error.strerror}.",
                "Start from a folder that every machine sees under the same path.",
                ray.util.get_node_ip_address(),  # type: ignore[no-untyped-call]
            ) from error
        work: Work[Any] = pickle.loads(ray.get(self._work[0]))  # noqa: S301 - from our own caller
        return work.prepare()


class _Prepared:
    """Calls what ``_Arrival`` prepared."""

    def __call__(self, call: Any, item: Any) -> Any:
        return call(item)


def _connect(address: str) -> None:
    if ray.is_initialized():
        return
    if "://" in address:
        raise UsageError(
            "The address of a Ray cluster is host:port.",
            "Start lydite on a machine that belongs to the cluster, so that it sees the same files.",
            address,
        )
    try:
        if address not in {"auto", "local"}:
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()  # Ray would try for minutes
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RayError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"There is no Ray cluster at {address}: {' '.join(str(error).split())}",
            "Start one with: ray start --head",
            address,
        ) from error


def _room(gpus_per_worker: float) -> int:
    """How many workers the machines of the cluster have room for, whoever uses them now."""
    resources = _resources()
    room = resources.get("CPU", 0.0)
    if gpus_per_worker:
        room = min(room, resources.get("GPU", 0.0) / gpus_per_worker)
    return int(room)


def _machines() -> frozenset[str]:
    """Those that the cluster takes for alive."""
    return frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]


def _resources() -> dict[str, float]:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return resources
