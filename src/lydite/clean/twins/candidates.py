"""Which pictures might show the same: nearest signatures, window against whole, in blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.clean.twins.signature import Window, signatures, windows

LEAST = 0.70
"""Cosine of signatures below which two pictures are not compared closer."""
NEAREST = 4
"""How many others a picture is compared with closer, at most on its own account."""
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Candidate:
    """A window of one picture that resembles the whole of another.

    Args:
        part: Row of the picture that the window is of.
        whole: Row of the other.
        window: The window.
        cosine: Of the two signatures.
    """

    part: int
    whole: int
    window: Window
    cosine: float


def find_candidates(thumbs: npt.NDArray[np.uint8]) -> tuple[Candidate, ...]:
    """Pairs to compare closer, each pair of rows once, with its best window.

    Time grows with the square of the number of pictures (one small matrix product a window), memory
    linearly: 250 bytes a picture and one block.

    Args:
        thumbs: ``(n, 64, 64)`` uint8; may be mapped from disk.
    """
    best: dict[tuple[int, int], Candidate] = {}
    wholes = np.concatenate([*_signed(thumbs, windows()[0])] or [np.zeros((0, 63), np.float32)])
    for window in windows():
        for start, block in zip(range(0, len(thumbs), _BLOCK), _signed(thumbs, window), strict=True):
            for part, whole, cosine in _nearest(block, wholes, start):
                pair = (min(part, whole), max(part, whole))
                if pair not in best or best[pair].cosine < cosine:
                    best[pair] = Candidate(part, whole, window, cosine)
    return _few(best)


def _few(best: dict[tuple[int, int], Candidate]) -> tuple[Candidate, ...]:
    """Pairs that are among the nearest of one of their two pictures at least."""
    taken: Counter[int] = Counter()
    kept = []
    for pair in sorted(best, key=lambda pair: (-best[pair].cosine, pair)):
        if min(taken[row] for row in pair) < NEAREST:
            kept.append(pair)
        taken.update(pair)
    return tuple(best[pair] for pair in sorted(kept))


def _signed(thumbs: npt.NDArray[np.uint8], window: Window) -> Iterator[npt.NDArray[np.float32]]:
    for start in range(0, len(thumbs), _BLOCK):
        yield signatures(thumbs[start : start + _BLOCK], window)


def _nearest(
    block: npt.NDArray[np.float32], wholes: npt.NDArray[np.float32], start: int
) -> Iterator[tuple[int, int, float]]:
    cosines = block @ wholes.T
    rows = np.arange(len(block))
    cosines[rows, start + rows] = -1
    reached = cosines >= LEAST
    crowded = reached.sum(axis=1) > NEAREST
    if crowded.any():
        chosen = np.argpartition(-cosines[crowded], NEAREST, axis=1)[:, :NEAREST]
        few = np.zeros((int(crowded.sum()), cosines.shape[1]), np.bool_)
        np.put_along_axis(few, chosen, True, axis=1)
        reached[crowded] &= few
    for row, whole in np.argwhere(reached).tolist():
        yield start + row, whole, float(cosines[row, whole])
