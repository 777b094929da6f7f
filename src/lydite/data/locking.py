"""One process at a time: a lock on a file that the system lets go of when the process dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lydite.data.files import os_errors_as_output_errors

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, wait: bool) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock, hold it for the block.

    The file stays behind, empty; it is the lock on it that counts.

    Raises:
        OutputError: If the file cannot be made or locked.
    """
    with os_errors_as_output_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with os_errors_as_output_errors(path):
            _lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


@contextmanager
def try_lock_file(path: Path) -> Iterator[bool]:
    """Hold the lock for the block if no other process does; says whether it is held.

    Raises:
        OutputError: If the file cannot be made.
    """
    with os_errors_as_output_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(handle, wait=False)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
