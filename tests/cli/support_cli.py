"""Run the command line in this process, as a person would from a shell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from lydite.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@contextmanager
def _argv(arguments: list[str]) -> Iterator[None]:
    before = sys.argv
    sys.argv = ["lydite", *arguments]
    try:
        yield
    finally:
        sys.argv = before


def lydite(*arguments: object) -> Outcome:
    """``lydite ARGUMENTS``: exit code and both outputs."""
    out, err = StringIO(), StringIO()
    code = 0
    with _argv([str(a) for a in arguments]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return Outcome(code, out.getvalue(), err.getvalue())


def words(text: str) -> str:
    """Text without line breaks and frames, for messages that a terminal folds."""
    return " ".join(text.replace("│", " ").split())


SMALL = ("--long-side", 160, "--superpixels", 200, "--short-side", 128)
"""Drawn pictures are small: looking at them at full size would only take time."""


def detect(scene: Path, examples: Path, out: Path, *more: object) -> Outcome:
    """``lydite detect run SCENE --positive EXAMPLES --out OUT ...``."""
    return lydite("detect", "run", scene, "--positive", examples, "--out", out, *SMALL, *more)
