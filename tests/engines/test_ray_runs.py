"""Runs on a cluster, to their end and not: a machine that goes, Ctrl-C, a caller who leaves early."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.support_cli import lydite
from engines.conftest import MACHINE
from lydite.data import find_images
from lydite.detect import Detector, RunFolder, finish, open_run, process, resolve
from lydite.engines import build_cluster_engine, build_engine
from pictures import RED, disc, ground, save, write_examples
from stopping import run_until

PICTURES = 8
FINDER = """
import os
import pathlib
import time

HERE = pathlib.Path(__file__).parent

def find(pixels):
    (HERE / "workers" / str(os.getpid())).touch()
    if (HERE / "slow").exists() and len(pixels) == 96:
        time.sleep(600)
    return [[15, 15, 45, 45], [60, 50, 90, 80]], [0.9, 0.8]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pictures, examples, and a finder that leaves the number of each process that works for it.

    Where there is a file ``slow``, it takes ten minutes for each picture but the first.
    """
    write_examples(tmp_path / "examples", {"red": RED}, count=1)
    for number in range(PICTURES):
        height = 96 if number else 97
        save(disc(ground((height, 128), number), (30, 30), 14, RED), tmp_path / "scenes" / f"{number}.png")
    (tmp_path / "finder.py").write_text(FINDER)
    (tmp_path / "workers").mkdir()
    return tmp_path


def options(root: Path) -> dict[str, object]:
    finder = f"{root / 'finder.py'}:find"
    return {"proposer": "callback", "callback": finder, "encoder": "descriptor", "short_side": 64}


def begin(root: Path, name: str) -> tuple[RunFolder, Detector]:
    detector = Detector.from_folders(root / "examples", settings=resolve("strict", options=options(root)))
    return open_run(root / name, detector), detector


def serial(root: Path) -> dict[str, bytes]:
    folder, detector = begin(root, "serial")
    finish(folder, detector, list(process(folder, detector, find_images([root / "scenes"]), build_engine(1))))
    return everything(folder.path)


def everything(out: Path) -> dict[str, bytes]:
    """The files that say what was found; records of pictures and the summary also hold wall times."""
    tables = sorted((out / "pictures").glob("*.parquet"))
    named = [out / name for name in ("decisions.parquet", "instances.json", "pictures.jsonl", "run.json")]
    return {path.name: path.read_bytes() for path in (*tables, *named)}


def workers(root: Path) -> Iterator[int]:
    return (int(path.name) for path in (root / "workers").iterdir() if int(path.name) != os.getpid())


def require_gone(root: Path) -> None:
    """Pass when no worker is left; the cluster may take a moment to end them."""
    pids = list(workers(root))
    assert pids, "no other process has worked"
    give_up = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < give_up, "workers are still there"
        time.sleep(0.05)


def command(root: Path, *more: object) -> list[object]:
    given = [each for name, value in options(root).items() for each in (f"--{name.replace('_', '-')}", value)]
    where = ["--positive", root / "examples", "--out", root / "out", "--preset", "strict", "--no-pages"]
    return ["detect", "run", root / "scenes", *where, *given, *more]


def test_a_machine_that_goes_in_the_middle_of_a_run_leaves_no_trace(cluster: Any, root: Path) -> None:
    machine = cluster.add_node(num_cpus=1, **MACHINE)
    folder, detector = begin(root, "out")
    results = process(folder, detector, find_images([root / "scenes"]), build_cluster_engine())
    records = [next(results)]
    cluster.remove_node(machine, allow_graceful=False)
    records += list(results)
    assert [record.status for record in records] == ["done"] * PICTURES
    finish(folder, detector, records)
    assert everything(folder.path) == serial(root)


def test_a_run_on_a_cluster_that_is_interrupted_goes_on_without_it(cluster: Any, root: Path) -> None:
    address = ("--engine", "ray", "--ray-address", cluster.address, "--quiet")
    second = (("lydite.detect.records:RecordFile.append", 2),)
    stopped = run_until(second, signal.SIGINT, command(root, *address), root / "said.txt")
    assert stopped.code == 1, stopped.said
    assert f"Interrupted after 1 of {PICTURES} pictures" in stopped.said
    assert "Traceback" not in stopped.said
    require_gone(root)
    assert not (root / "out" / "summary.json").exists()
    outcome = lydite(*command(root))
    assert outcome.code == 0, outcome.err
    assert everything(root / "out") == serial(root)


def test_a_caller_who_leaves_early_leaves_no_worker_behind(cluster: Any, root: Path) -> None:
    (root / "slow").touch()
    folder, detector = begin(root, "out")
    results = process(folder, detector, find_images([root / "scenes"]), build_cluster_engine())
    assert next(results).status == "done"
    del results
    require_gone(root)
