"""Whether candidates show the same: one is laid on the other, then compared pixel by pixel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from lydite.clean.stack import Tall
from lydite.clean.twins.align import SIDE, align, inverted, shrink, to_pixels
from lydite.clean.twins.candidates import Candidates
from lydite.clean.twins.correlation import are_flat, correlation
from lydite.clean.twins.signature import windows
from lydite.clean.view import THUMB_SIDE

_CHUNK = 256
_SURE = 0.97
"""Correlation that needs no better alignment."""
_NEARLY = 0.93
"""Cosine of signatures from which on the window itself may be where it lies."""
_UNLIKE = 0.8
"""Correlation of the aligned pictures, shrunk, below which their details are not compared."""
_PLAIN = 0.9
"""Correlation of details below which the alignment is tried the other way round too: an edge that only one of
the two has (the corners of a turned picture) misleads the steps that are taken on that one."""


def similarities(thumbs: Tall, candidates: Candidates) -> npt.NDArray[np.float64]:
    """Correlation of the details of each pair after alignment, in [0, 1]; 0 without one.

    Args:
        thumbs: ``(n, 64, 64)`` uint8, an array or a stack on disk.
        candidates: ``m`` pairs.
    """
    chunks = [
        candidates.take(np.arange(start, min(start + _CHUNK, len(candidates))))
        for start in range(0, len(candidates), _CHUNK)
    ]
    with ThreadPoolExecutor() as threads:  # most of it runs outside Python
        found = list(threads.map(lambda chunk: _similarities(thumbs, chunk), chunks))
    return np.concatenate([np.empty(0), *found])


def _similarities(thumbs: Tall, pairs: Candidates) -> npt.NDArray[np.float64]:
    grounds, wholes = thumbs[pairs.part], thumbs[pairs.whole]
    grounds[pairs.mirrored] = grounds[pairs.mirrored][:, :, ::-1]
    starts = _starts(pairs)
    found = np.zeros(len(pairs))
    flat = are_flat(grounds) | are_flat(wholes)
    near = np.flatnonzero(~flat & (pairs.cosine >= _NEARLY))
    found[near] = _correlations(grounds, wholes, starts, near)
    rest = np.flatnonzero(~flat & (found < _SURE))
    if not len(rest):
        return found
    small = np.zeros((2, len(pairs), SIDE, SIDE), np.float32)
    small[:, rest] = [[shrink(thumb) for thumb in side[rest]] for side in (grounds, wholes)]
    maps = starts
    maps[rest], likeness = align(small[0, rest], small[1, rest], starts[rest])
    alike = rest[likeness >= _UNLIKE]
    found[rest] = 0
    found[alike] = _correlations(grounds, wholes, maps, alike)
    doubtful = alike[found[alike] < _PLAIN]
    backwards, _ = align(small[1, doubtful], small[0, doubtful], inverted(maps[doubtful]))
    maps[doubtful] = inverted(backwards)
    found[doubtful] = np.maximum(found[doubtful], _correlations(grounds, wholes, maps, doubtful))
    return found


def _starts(pairs: Candidates) -> npt.NDArray[np.float32]:
    """The map from the whole to each window, ``(m, 2, 3)``, places from -1 to 1."""
    table = np.array([[w.top, w.left, w.side] for w in windows()], np.float32)
    top, left, side = table[pairs.window].T
    left = np.where(pairs.mirrored, THUMB_SIDE - side - left, left)
    scale, zero = side / THUMB_SIDE, np.zeros_like(side)
    x, y = ((start + side / 2) * 2 / THUMB_SIDE - 1 for start in (left, top))
    rows = [np.stack([scale, zero, x], axis=1), np.stack([zero, scale, y], axis=1)]
    return np.stack(rows, axis=1).astype(np.float32)


def _correlations(
    grounds: npt.NDArray[np.uint8],
    wholes: npt.NDArray[np.uint8],
    maps: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
) -> list[float]:
    in_pixels = to_pixels(maps[rows], THUMB_SIDE)
    return [correlation(grounds[row], wholes[row], warp) for row, warp in zip(rows, in_pixels, strict=True)]
