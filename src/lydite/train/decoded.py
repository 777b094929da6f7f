"""Pictures that were decoded once, kept on the disk up to a limit.

One small file a picture, named by the hash of the picture's own bytes: other runs find it, a changed picture
does not. Nothing is held in memory. When the limit is reached the rest is decoded anew each time: an epoch
visits every picture once, and throwing out the oldest would throw out what comes next.
"""

from __future__ import annotations

import errno
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import ImageId, InvalidValue
from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.train.augment import resized

Pixels: TypeAlias = npt.NDArray[np.uint8]

_HEAD = 12
_SUFFIX = ".rgb"


def shrunk(pixels: Pixels, short_side: int) -> Pixels:
    """The picture with its short side at most ``short_side``; what is smaller stays as it is."""
    height, width = pixels.shape[:2]
    shortest = min(height, width)
    if shortest <= short_side:
        return pixels
    scale = short_side / shortest
    return resized(pixels, (max(1, round(height * scale)), max(1, round(width * scale))))


@dataclass(slots=True)
class Decoded:
    """A part of the disk for decoded pictures; each process has its own object with its own limit.

    Args:
        folder: Where the files are; made when the first is kept.
        limit_bytes: How much this object may add.

    Raises:
        InvalidValue: If the limit is negative.
    """

    folder: Path
    limit_bytes: int
    added_bytes: int = 0

    def __post_init__(self) -> None:
        if self.limit_bytes < 0:
            raise InvalidValue("Decoded.limit_bytes", "from 0", self.limit_bytes)

    def find(self, image: ImageId) -> Pixels | None:
        """The picture as it was kept, or ``None``."""
        try:
            data = np.fromfile(self._path(image), np.uint8)
        except OSError:
            return None
        if len(data) < _HEAD:
            return None
        height, width, checksum = (int(number) for number in data[:_HEAD].view("<u4"))
        body = data[_HEAD:]
        if len(body) != height * width * 3 or zlib.crc32(body.data) != checksum:
            return None
        return body.reshape(height, width, 3)

    def keep(self, image: ImageId, pixels: Pixels) -> bool:
        """Write a picture, whole or not at all; ``False`` if the limit is reached or the disk is full.

        It is not flushed to the disk, which would take longer than decoding: what a power cut leaves is told
        by its checksum.

        Raises:
            OutputError: If the folder cannot be written for another reason than a full disk.
        """
        size = _HEAD + pixels.nbytes
        if self.added_bytes + size > self.limit_bytes:
            return False
        body = np.ascontiguousarray(pixels)
        head = np.array([*pixels.shape[:2], zlib.crc32(body.data)], "<u4")
        path = self._path(image)
        with os_errors_as_output_errors(path):
            try:
                _write(path, head.tobytes(), body)
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise
                self.limit_bytes = self.added_bytes
                return False
        self.added_bytes += size
        return True

    def _path(self, image: ImageId) -> Path:
        name = str(image)
        return self.folder / name[:2] / f"{name}{_SUFFIX}"


def _write(path: Path, head: bytes, body: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            file.write(head)
            file.write(body.data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def used_bytes(folder: Path) -> int:
    """Bytes of all pictures kept in a folder."""
    return sum(path.stat().st_size for path in folder.glob(f"*/*{_SUFFIX}"))
