"""A lock keeps others out, and the system lets go of it when its holder is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lydite.core import OutputError
from lydite.data.locking import lock_file

_HOLD = """
import sys
from pathlib import Path
from lydite.data.locking import lock_file
with lock_file(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _holder(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    first = _holder(tmp_path / "lock")
    assert _read(first) == "held\n"
    second = _holder(tmp_path / "lock")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1.5)
    first.kill()
    assert _read(second) == "held\n"
    second.communicate("\n")
    first.communicate()
    assert second.returncode == 0
    with lock_file(tmp_path / "lock"):
        pass


def test_a_place_where_nothing_can_be_made_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="Create the folder first"),
        lock_file(tmp_path / "nowhere" / "lock"),
    ):
        pass
