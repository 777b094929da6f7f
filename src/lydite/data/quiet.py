"""Silence for decoders that warn about things which this package reports itself."""

from __future__ import annotations

import threading
import warnings
from types import TracebackType


class QuietDecoders:
    """Ignore warnings that Pillow raises, safely from several threads.

    ``warnings.catch_warnings`` swaps a list that the whole process shares: two threads that leave in
    the order in which they came would restore each other's. Here the first to come silences, the
    last to go restores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                # Pillow attributes some of its warnings to the caller, hence the second room.
                warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|lydite\.data)\b")
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(kind, error, trace)


quiet_decoders = QuietDecoders()
