"""The training pictures as two arrays in memory, decoded once, with a list that names and hashes them."""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

NATURAL_SIDE, TINY_SIDE = 256, 64
HELD_OUT_EVERY = 20
"""Every twentieth picture, by name, is never trained on: the log's held-out losses are measured on it."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Square pictures of two sizes.

    Args:
        natural: ``(n, 256, 256, 3)`` uint8 RGB: photographs, centre square.
        tiny: ``(n, 64, 64, 3)`` uint8 RGB.
        digest: SHA-256 over the names and bytes of the files, in order.
    """

    natural: Pixels
    tiny: Pixels
    digest: str

    def training(self) -> Pictures:
        """All but the held-out pictures."""
        return Pictures(_without(self.natural), _without(self.tiny), self.digest)

    def held_out(self) -> Pictures:
        """Only the held-out pictures."""
        return Pictures(self.natural[::HELD_OUT_EVERY], self.tiny[::HELD_OUT_EVERY], self.digest)


def load_pictures(source: Path, work: Path) -> Pictures:
    """The pictures of ``natural-256.tar`` and ``tiny-64.tar``, kept decoded in ``work``."""
    cache = work / "pictures.npz"
    if not cache.is_file():
        natural, first = _read(source / "natural-256.tar", NATURAL_SIDE)
        tiny, second = _read(source / "tiny-64.tar", TINY_SIDE)
        digest = hashlib.sha256((first + second).encode()).hexdigest()
        part = cache.with_suffix(".part.npz")
        np.savez(part, natural=natural, tiny=tiny, digest=np.array(digest))
        part.replace(cache)
    with np.load(cache) as stored:
        return Pictures(stored["natural"], stored["tiny"], str(stored["digest"]))


def _read(archive: Path, side: int) -> tuple[Pixels, str]:
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.lower().endswith((".jpg", ".jpeg", ".png")):
                stream = tar.extractfile(member)
                if stream is not None:
                    found[member.name] = stream.read()
    names = sorted(found)
    listing = [[name, hashlib.sha256(found[name]).hexdigest()] for name in names]
    squares = np.empty((len(names), side, side, 3), np.uint8)
    for row, name in enumerate(names):
        picture = cv2.imdecode(np.frombuffer(found[name], np.uint8), cv2.IMREAD_COLOR_RGB)
        squares[row] = _square(np.asarray(picture, np.uint8), side)
    return squares, json.dumps(listing)


def _square(picture: Pixels, side: int) -> Pixels:
    height, width = picture.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    crop = picture[top : top + short, left : left + short]
    if short == side:
        return crop
    way = cv2.INTER_AREA if short > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (side, side), interpolation=way), np.uint8)


def _without(pixels: Pixels) -> Pixels:
    return pixels[np.arange(len(pixels)) % HELD_OUT_EVERY != 0]
