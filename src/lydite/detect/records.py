"""Records of many pictures: read as often as wanted, and not held in memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Protocol

from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.detect.store import ImageRecord


class Records(Protocol):
    """What became of the pictures of a run, in their order; a list will do."""

    def __len__(self) -> int:
        """How many."""
        ...

    def __iter__(self) -> Iterator[ImageRecord]:
        """From the first; may be asked for again."""
        ...


class RecordFile:
    """Records in a file without a name, a line each, gone when the block ends or the process dies.

    Args:
        folder: Where there is room for it: the run's own folder.

    Raises:
        OutputError: If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        with os_errors_as_output_errors(folder):
            self._file = tempfile.TemporaryFile("w+", encoding="ascii", prefix=TEMPORARY, dir=folder)  # noqa: SIM115

    def __enter__(self) -> RecordFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def append(self, record: ImageRecord) -> None:
        """One more, at the end."""
        with os_errors_as_output_errors(self._folder):
            self._file.seek(0, 2)
            self._file.write(json.dumps(asdict(record)) + "\n")
            self._file.flush()
        self._count += 1

    def __iter__(self) -> Iterator[ImageRecord]:
        """From the first; several may read in turns."""
        place = 0
        while True:
            self._file.seek(place)
            line = self._file.readline()
            if not line:
                return
            place = self._file.tell()
            yield ImageRecord.of_json(json.loads(line))
