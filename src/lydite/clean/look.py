"""One reading of a picture, and everything that is measured on it alone.

Workers import this module and little else, so that they are at work at once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from lydite.clean.checks import CHECKS, Needs
from lydite.clean.view import DECODED_SIDE, View
from lydite.core import CollapsedFeatures, ImageError, ImageId, LyditeError, MissingExtra
from lydite.data.image import ImageLimits, read_picture_bytes
from lydite.data.luma import decode_luma
from lydite.data.quiet import quiet_decoders

WHOLE = hashlib.sha256(b"the whole picture").hexdigest()
"""Stands for the candidates in a cache key whose vector is that of the whole picture."""
VECTOR = "vector"
"""What a crash of the encoder is called."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the items.

    Args:
        number: Its place, from 0.
        items: Their ids.
        paths: Their files.
    """

    number: int
    items: tuple[str, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at a picture came to.

    Args:
        image: Hash of the file; ``None`` if it cannot be read as a picture.
        error: Why not; empty if it could be.
        size_hw: Height and width in pixels, zeros if unknown.
        scores: Score of each check of single pictures; NaN where it crashed or there is no picture.
        crashed: Check to what it raised.
        thumb: The grey thumbnail's bytes; empty if there is no picture.
        vector: The picture's vector as float32 bytes; empty if there is none.
    """

    image: str | None = None
    error: str = ""
    size_hw: tuple[int, int] = (0, 0)
    scores: dict[str, float] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    thumb: bytes = b""
    vector: bytes = b""


@dataclass(frozen=True, eq=False)
class Looker:
    """What a worker prepares once.

    Args:
        encode: From bytes and hash of a file to its vector; ``None`` without semantic checks.
    """

    encode: Callable[[bytes, ImageId], npt.NDArray[np.float32]] | None = None

    def look(self, path: Path) -> Sighting:
        """Read a file once and measure its picture. Whatever goes wrong is told, not raised."""
        limits = ImageLimits()
        try:
            data = read_picture_bytes(path, limits)
            luma = decode_luma(data, path, DECODED_SIDE, limits)
        except (ImageError, MissingExtra) as error:
            return Sighting(error=error.reason if isinstance(error, ImageError) else str(error))
        view = View.of_luma(luma)
        scores, crashed = _measure(view)
        vector = b""
        if self.encode is not None:
            try:
                vector = self.encode(data, luma.image_id).astype("<f4").tobytes()
            except Exception as error:  # noqa: BLE001 - a crash is a finding
                crashed[VECTOR] = _told(error)
        return Sighting(str(luma.image_id), "", luma.size_hw, scores, crashed, view.thumb.tobytes(), vector)


def look_at_part(looker: Looker, part: Part) -> list[tuple[str, Sighting]]:
    """The stamp of each file, and what the look at it came to."""
    with quiet_decoders, _one_thread():  # once for all of them
        return [(stamp_of(path), looker.look(path)) for path in part.paths]


@contextmanager
def _one_thread() -> Iterator[None]:
    """OpenCV works in the calling thread: to wake others for so small pictures costs more than it saves."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def stamp_of(path: Path) -> str:
    """Size and time of a file: what says that it is as it was."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _measure(view: View) -> tuple[dict[str, float], dict[str, str]]:
    scores, crashed = {}, {}
    for name, check in CHECKS.items():
        if check.needs is not Needs.PICTURE or check.of_picture is None:
            continue
        try:
            scores[name] = float(check.of_picture(view))
        except Exception as error:  # noqa: BLE001 - a crash is a finding
            scores[name], crashed[name] = math.nan, _told(error)
    return scores, crashed


def _told(error: Exception) -> str:
    known = isinstance(error, LyditeError | CollapsedFeatures)
    return str(error) if known else f"{type(error).__name__}: {error}"
