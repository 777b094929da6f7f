"""A real process that is stopped at a chosen call, as by a person or by the system, wherever it then is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

Call = tuple[str, int]
"""``module:qualified.name`` and how often it must have been entered."""

_FORKSERVER = multiprocessing.get_context("forkserver")
multiprocessing.set_forkserver_preload(["lydite.cli.main", "lydite.cli.commands.detect", "onnxruntime"])
# What the command under test imports, so that it is not imported once for each process that is stopped. The
# server computes nothing, so no pool of threads is alive in it when it forks.


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a command ended that was to be stopped.

    Args:
        code: Exit code, negative for a signal.
        said: What it wrote to both outputs.
    """

    code: int
    said: str


def run_until(calls: Sequence[Call], send: signal.Signals, arguments: Sequence[object], log: Path) -> Stopped:
    """``lydite ARGUMENTS`` in a process of its own that gets a signal at the last of the calls.

    Args:
        calls: One after the other; each is waited for when the one before has come.
        send: The signal.
        arguments: Of the command line.
        log: A file for what it says.
    """
    told = [str(argument) for argument in arguments]
    process = _FORKSERVER.Process(target=_run, args=(list(calls), send, told, log))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "still running after two minutes"
    return Stopped(process.exitcode, log.read_text())


def _run(calls: list[Call], send: signal.Signals, arguments: list[str], log: Path) -> None:
    from lydite.cli.main import main

    with log.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["lydite", *arguments]
    sys.settrace(_Tripwire(calls, send))
    main()


class _Tripwire:
    """Watches calls of Python functions and sends its own process a signal at the last one."""

    def __init__(self, calls: list[Call], send: signal.Signals) -> None:
        self._calls = calls
        self._send = send
        self._await_first()

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or frame.f_code.co_qualname != self._name or not self._calls:
            return
        if frame.f_globals.get("__name__") != self._module:
            return
        self._left -= 1
        if self._left:
            return
        del self._calls[0]
        if self._calls:
            self._await_first()
        else:
            sys.settrace(None)
            os.kill(os.getpid(), self._send)

    def _await_first(self) -> None:
        place, self._left = self._calls[0]
        self._module, _, self._name = place.partition(":")
