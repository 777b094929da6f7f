"""Every script of ``examples/`` runs as it is typed: without arguments, and with ``--help``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import REPOSITORY

SCRIPTS = sorted((REPOSITORY / "examples").glob("*.py"))


def run(script: Path, folder: Path, *arguments: str) -> str:
    told = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return ended.stdout


def test_there_are_examples() -> None:
    assert SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_says_how_it_is_used(script: Path, tmp_path: Path) -> None:
    assert f"python examples/{script.name}" in run(script, tmp_path, "--help")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_runs_without_arguments(script: Path, tmp_path: Path) -> None:
    told = run(script, tmp_path)
    assert list(tmp_path.rglob("index.html"))
    if script.stem == "import_and_clean":
        found_what_was_spoiled(told)


def found_what_was_spoiled(told: str) -> None:
    lines = told.splitlines()
    (spoiled,) = (line.partition("spoiled: ")[2].split(", ") for line in lines if "spoiled: " in line)
    assert set(spoiled) <= {line.split()[-1] for line in lines if line.startswith("found ")}
    assert "refused" not in told
