"""Where work runs: in this process, or in several."""

from lydite.engines.base import Crew, Engine, Failure, Result, Success, Work
from lydite.engines.local import Processes, Serial, build_cluster_engine, build_engine

__all__ = [
    "Crew",
    "Engine",
    "Failure",
    "Processes",
    "Result",
    "Serial",
    "Success",
    "Work",
    "build_cluster_engine",
    "build_engine",
]
