"""What a worker says, wherever it runs; everything that is said travels as bytes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeAlias

from lydite import __version__
from lydite.core import LyditeError
from lydite.engines.base import Work, format_trace


@dataclass(frozen=True, slots=True)
class Ready:
    """The setup is done.

    Args:
        version: The version of Lydite that will work.
    """

    version: str = __version__


@dataclass(frozen=True, slots=True)
class SetupFailed:
    """The setup raised."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Done:
    """An item's value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """An item's error."""

    error: Exception
    trace: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The work raised ``KeyboardInterrupt``."""


Message: TypeAlias = Ready | SetupFailed | Done | Failed | Interrupted


def begin(work: Work[Any]) -> tuple[Callable[[Any], Any] | None, bytes]:
    """Run the setup: what takes one item from now on (``None`` if the setup failed), and what to say."""
    try:
        call = work.prepare()
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        return None, encode(SetupFailed(_portable(error)))
    return call, encode(Ready())


def answer(call: Callable[[Any], Any], data: bytes) -> bytes:
    """Work on a pickled item; a failure is an answer too."""
    try:
        return encode(Done(call(pickle.loads(data))))  # noqa: S301 - from our own parent
    except Exception as error:  # noqa: BLE001 - a failure is a value
        return encode(Failed(_portable(error), format_trace(error)))


def encode(value: object) -> bytes:
    """Pickle an item or a message."""
    return bytes(ForkingPickler.dumps(value))


def decode(data: bytes) -> Message:
    """Read a message; a value that falls apart on the way is a failure."""
    try:
        message: Message = pickle.loads(data)  # noqa: S301 - from our own worker
    except Exception as error:  # noqa: BLE001 - unpickling runs the value's own code
        return Failed(error, format_trace(error))
    return message


def _portable(error: Exception) -> Exception:
    """The error itself if it survives pickling, else its text."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - pickling runs the error's own code
        return LyditeError(f"{type(error).__name__}: {error}")
    return error
