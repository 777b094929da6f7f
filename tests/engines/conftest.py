"""One small Ray cluster for all tests of engines: a head that only plans, and two machines that work."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lydite.engines import Engine, Processes, Serial, build_cluster_engine
from support import REPOSITORY, need_module

ENGINES: dict[str, tuple[str, Callable[[], Engine]]] = {
    "serial": ("Serial", Serial),
    "one process": ("Processes", lambda: Processes(1)),
    "three processes": ("Processes", lambda: Processes(3)),
    "ray": ("RayEngine", build_cluster_engine),
}
MACHINE: dict[str, Any] = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
HEALTH = {"health_check_period_ms": 500, "health_check_timeout_ms": 60_000}
"""A machine that is gone is missed within seconds; one that is only busy has a minute to answer."""


@pytest.fixture(scope="package")
def cluster() -> Iterator[Any]:
    """A real cluster of several Ray processes on this machine, left when the tests of engines are done."""
    need_module("ray")
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(str(REPOSITORY / part) for part in ("src", "tests")))
        import ray
        from ray.cluster_utils import Cluster

        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": HEALTH, **MACHINE}
        )
        for _ in range(2):
            cluster.add_node(num_cpus=1, **MACHINE)
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
        ray.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return ENGINES[request.param][1]()
