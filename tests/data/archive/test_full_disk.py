"""A disk that takes no more bytes, as the system says it: by a limit on the size of files."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from data.archive.packing import tar_of

CODE = """
import resource, signal, sys
from pathlib import Path
from lydite.core import OutputError
from lydite.data.dataset import Wanted
from lydite.data.sources import read_any
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    read_any(sys.argv[1], Wanted("s", workspace=Path(sys.argv[2])))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
def test_what_does_not_fit_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    archive = tar_of(
        tmp_path / "a.tar", {"small": b"1", "cat/large.bmp": random.Random(1).randbytes(300_000)}
    )
    found = subprocess.run(
        [sys.executable, "-c", CODE, str(archive), str(tmp_path / "w")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (
        "cannot be written: File too large. Write to a file system that takes larger files." in found.stdout
    )
    assert [path.name for path in (tmp_path / "w" / "unpacked").iterdir()] == [".lock"]
