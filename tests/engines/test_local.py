from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines import chores
from lydite.core import InvalidValue, LyditeError
from lydite.engines import Failure, Processes, Serial, Success, Work, build_engine
from support import REPOSITORY


@pytest.mark.parametrize(
    ("chore", "message"),
    [
        (chores.raise_touchy, "Touchy: too touchy"),
        (chores.make_lock, "cannot pickle '_thread.lock' object"),
        (chores.make_sour, "fell apart"),
    ],
)
def test_what_cannot_travel_is_a_failure(chore: Callable[[int], object], message: str) -> None:
    results = list(Processes(1).map(chore, [1, 2]))
    assert [str(result.error) for result in results if isinstance(result, Failure)] == [message] * 2


def test_an_item_that_cannot_travel_is_a_failure() -> None:
    first, lambda_, last = Processes(1).map(chores.square, [2, lambda: 0, 3])  # type: ignore[arg-type]
    assert isinstance(lambda_, Failure)
    assert isinstance(lambda_.error, (pickle.PicklingError, AttributeError))
    assert (first, last) == (Success(2, 4), Success(3, 9))


def test_work_that_cannot_travel_is_refused() -> None:
    with pytest.raises(
        InvalidValue, match=r"^Work for other processes must be picklable: functions at the top"
    ):
        list(Processes(1).map(lambda item: item, [1]))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_worker_that_is_killed_costs_its_item_only(workers: int) -> None:
    results = list(Processes(workers).map(chores.die_at_three, range(8)))
    assert [type(result) for result in results] == [Failure if item == 3 else Success for item in range(8)]
    failure = results[3]
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, LyditeError)
    assert str(failure.error) == (
        "The worker process died while it worked on this item. "
        "Suspect memory (use fewer workers) or a crash in native code. Seen: exit code -9"
    )


def test_a_worker_that_is_killed_in_its_setup_is_raised() -> None:
    with pytest.raises(
        LyditeError, match=r"^A worker process died before its first item.*Seen: exit code -9$"
    ):
        list(Processes(2).map(chores.with_state, [1, 2], setup=chores.die_in_setup))


def test_closing_early_stops_the_workers(tmp_path: Path) -> None:
    with Processes(2).hire(Work(chores.report_and_sleep)) as crew:
        crew.submit(tmp_path)
        crew.submit(tmp_path)
        results = crew.as_completed()
        interrupt_when_there(tmp_path, results)
    assert_gone([int(path.name) for path in tmp_path.iterdir()])


def interrupt_when_there(folder: Path, results: Iterator[object]) -> None:
    """Wait for results until a worker shows; then be interrupted as by Ctrl-C."""

    def look(signum: int, frame: object) -> None:
        if any(folder.iterdir()):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            next(results)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_workers_are_born_deaf_to_interrupts_and_the_parent_is_not() -> None:
    results = list(Processes(2).map(chores.is_deaf_to_interrupts, range(4)))
    assert [result.value for result in results if isinstance(result, Success)] == [True] * 4
    assert not chores.is_deaf_to_interrupts(0)


SCRIPT = """
import sys
from pathlib import Path
from engines import chores
from lydite.engines import Processes

if __name__ == "__main__":
    list(Processes(2).map(chores.report_and_sleep, [Path(sys.argv[1])] * 9))
"""


@pytest.mark.parametrize(
    ("send", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_parent_that_is_stopped_leaves_no_orphan(tmp_path: Path, send: signal.Signals, code: int) -> None:
    script, folder = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(SCRIPT)
    folder.mkdir()
    paths = os.pathsep.join(str(REPOSITORY / part) for part in ("src", "tests"))
    parent = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": paths},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(list(folder.iterdir())) == 2)
    if send is signal.SIGINT:  # as a terminal does: to everyone in the group
        os.killpg(parent.pid, send)
    else:
        parent.send_signal(send)
    _, spoken = parent.communicate(timeout=30)
    assert parent.returncode == code
    assert spoken.count("Traceback") == (1 if send is signal.SIGINT else 0), spoken
    assert "SpawnProcess" not in spoken
    assert_gone([int(path.name) for path in folder.iterdir()])


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace('__name__ == "__main__"', "True"))
    paths = os.pathsep.join(str(REPOSITORY / part) for part in ("src", "tests"))
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "A worker process died before its first item." in done.stderr


@pytest.mark.parametrize(("needed", "times"), [(True, 2), (False, 1)])
def test_workers_run_the_script_of_the_caller_only_where_it_is_needed(
    tmp_path: Path, needed: bool, times: int
) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"""\
from math import sqrt

from lydite.engines import Processes, Work

print("here", flush=True)
if __name__ == "__main__":
    print([result.value for result in Processes(1).do(Work(sqrt, needs_script={needed}), [4, 9])])
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("here") == times
    assert "[2.0, 3.0]" in done.stdout


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_no_engine(workers: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        build_engine(workers)
    assert str(caught.value) == f"The number of workers must be 1 or more. Seen: {workers}"


def test_one_worker_works_here() -> None:
    assert isinstance(build_engine(1), Serial)
    assert build_engine(3).workers == 3


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("waited for 30 seconds in vain")


def assert_gone(pids: list[int]) -> None:
    assert pids
    wait_until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
