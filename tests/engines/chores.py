"""What the workers of these tests do; importable, as other processes need it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path


class Touchy(Exception):
    """An error that cannot be built again from its message."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what} {how}")


class Sour:
    """A value that falls apart on arrival."""

    def __reduce__(self) -> tuple[object, ...]:
        return (fall_apart, ())


def fall_apart() -> None:
    raise RuntimeError("fell apart")


def square(number: int) -> int:
    return number * number


def square_slowly_if_even(number: int) -> int:
    time.sleep(0.05 if number % 2 == 0 else 0)
    return number * number


def square_slowly(number: int) -> int:
    time.sleep(0.05)
    return number * number


def where(number: int) -> Path:
    return Path.cwd()


def refuse_odd(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


def raise_touchy(number: int) -> int:
    raise Touchy("too", "touchy")


def make_lock(number: int) -> object:
    return threading.Lock()


def make_sour(number: int) -> object:
    return Sour()


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def interrupt(number: int) -> int:
    raise KeyboardInterrupt


def sign_in(folder: Path) -> Path:
    """Setup: one file for each time that it is called."""
    (folder / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    return folder


def add_pid(state: Path, number: int) -> tuple[int, int]:
    return number, os.getpid()


def fail_to_set_up() -> None:
    raise ValueError("no model here")


def die_in_setup() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def with_state(state: object, number: int) -> int:
    return number


def report_and_sleep(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def report_and_rest(task: tuple[Path, float]) -> int:
    """Leave a file, and take so many seconds; the number of this process."""
    path, seconds = task
    path.touch()
    time.sleep(seconds)
    return os.getpid()


def is_deaf_to_interrupts(number: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())
