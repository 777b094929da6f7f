from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines import chores
from engines.conftest import MACHINE
from lydite.core import InvalidValue, LyditeError, UsageError
from lydite.engines import Failure, Success, build_cluster_engine
from lydite.engines.base import Work


def test_a_machine_that_is_killed_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    machine = cluster.add_node(num_cpus=1, **MACHINE)
    engine = build_cluster_engine()
    assert engine.workers == 3
    results = engine.map(chores.square_slowly, range(60))
    seen = [next(results) for _ in range(9)]
    cluster.remove_node(machine, allow_graceful=False)
    seen += list(results)
    assert seen == [Success(number, number * number) for number in range(60)]


def test_workers_that_are_sent_to_a_machine_that_is_gone_are_no_failed_setups(cluster: Any) -> None:
    machine = cluster.add_node(num_cpus=4, **MACHINE)
    engine = build_cluster_engine()
    assert engine.workers >= 6
    cluster.remove_node(machine, allow_graceful=False)
    results = list(engine.map(chores.square_slowly, range(400)))
    assert results == [Success(number, number * number) for number in range(400)]


@pytest.mark.parametrize("busy", [False, True])
def test_a_crew_that_is_left_ends_an_actor_that_somebody_still_knows(
    cluster: Any, tmp_path: Path, busy: bool
) -> None:
    from ray.actor import ActorHandle

    with build_cluster_engine(workers=1).hire(Work(chores.report_and_rest)) as crew:
        crew.submit((tmp_path / "first", 0.0))
        _, result = next(iter(crew.as_completed()))
        if busy:
            crew.submit((tmp_path / "second", 600.0))
            wait_until((tmp_path / "second").exists)
        # Ray ends an actor that nobody knows any more: these handles leave that to the crew.
        known = [each for each in gc.get_objects() if type(each) is ActorHandle]
    assert known
    assert isinstance(result, Success)
    wait_until(lambda: not Path(f"/proc/{result.value}").exists())


def wait_until(holds: Callable[[], bool]) -> None:
    """Pass when it holds; the cluster may take a moment."""
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up, "it has not come true"
        time.sleep(0.05)


def test_work_that_kills_every_worker_is_given_up_and_the_rest_is_done(cluster: Any) -> None:
    results = list(build_cluster_engine().map(chores.die_at_three, range(6)))
    assert [type(result) for result in results] == [Failure if item == 3 else Success for item in range(6)]
    assert isinstance(results[3], Failure)
    assert str(results[3].error).startswith("The worker process died while it worked on this item. ")
    assert "3 workers, one after the other" in str(results[3].error)


def test_setups_that_die_are_raised(cluster: Any) -> None:
    with pytest.raises(LyditeError, match=r"^A worker process died before its first item"):
        list(build_cluster_engine().map(chores.with_state, [1, 2], setup=chores.die_in_setup))


def test_work_that_cannot_travel_is_refused(cluster: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^Work for other processes must be picklable"):
        build_cluster_engine().map(lambda item: item, [1])


def test_workers_begin_where_the_caller_is(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (result,) = build_cluster_engine(workers=1).map(chores.where, [0])
    assert result == Success(0, tmp_path)


@pytest.mark.parametrize("gpus", [-1.0, float("nan"), float("inf")])
def test_shares_of_gpus_are_numbers_from_0(gpus: float) -> None:
    with pytest.raises(InvalidValue, match=r"^The GPUs of a worker must be 0 or more"):
        build_cluster_engine(gpus_per_worker=gpus)


def test_a_cluster_without_room_is_told(cluster: Any) -> None:
    with pytest.raises(UsageError, match=r"has no room for a worker, which takes 1 CPU and 4 GPU"):
        build_cluster_engine(gpus_per_worker=4)
