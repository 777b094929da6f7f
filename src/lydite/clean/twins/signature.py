"""A short vector of what a picture shows at low frequencies, for the whole and for windows of it.

The signature of a mirrored picture is that of the picture with signs changed, and a window of one picture
is compared with the whole of another, so flips and crops are found by matrix products alone. So are the
signatures themselves: cutting, shrinking by areas and transforming a row of pixels is one linear map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.clean.view import THUMB_SIDE

Signatures = npt.NDArray[np.float32]
DIM = 63
_SIDE = 32
_KEPT = 8
_WINDOW_SIDES = (58, 51)
_PLACES = 3


@dataclass(frozen=True, slots=True)
class Window:
    """A square part of a thumbnail in its pixels."""

    top: int
    left: int
    side: int


def windows() -> tuple[Window, ...]:
    """The whole picture first, then parts of about 90 and 80 % of the side."""
    found = [Window(0, 0, THUMB_SIDE)]
    for side in _WINDOW_SIDES:
        places = np.linspace(0, THUMB_SIDE - side, _PLACES).round().astype(int).tolist()
        found += [Window(top, left, side) for top in places for left in places]
    return tuple(found)


def signatures(thumbs: npt.NDArray[np.uint8], looked_at: tuple[Window, ...]) -> Signatures:
    """``(windows, n, DIM)`` float32 unit vectors: low cosine coefficients without the mean.

    Args:
        thumbs: ``(n, THUMB_SIDE, THUMB_SIDE)``.
        looked_at: Which parts; a flat part gives a vector near 0.
    """
    strips = sorted({(w.top, w.side) for w in looked_at})
    upright = np.concatenate([_map(*strip) for strip in strips] or [np.zeros((0, THUMB_SIDE), np.float32)])
    rows = (upright @ thumbs.astype(np.float32)).reshape(len(thumbs), len(strips), _KEPT, THUMB_SIDE)
    found = np.empty((len(looked_at), len(thumbs), DIM), np.float32)
    for place, window in enumerate(looked_at):
        strip = rows[:, strips.index((window.top, window.side))]
        coefficients = strip @ _map(window.left, window.side).T * _WEIGHTS
        found[place] = coefficients.reshape(len(thumbs), -1)[:, 1:]
    found /= np.maximum(np.linalg.norm(found, axis=2, keepdims=True), 1.0)
    return found


def _map(start: int, side: int) -> npt.NDArray[np.float32]:
    """``(_KEPT, THUMB_SIDE)``: from a line of pixels to coefficients of its part, shrunk by areas."""
    edges = np.linspace(start, start + side, _SIDE + 1)
    pixels = np.arange(THUMB_SIDE)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(_BASIS @ (np.maximum(shared, 0) * _SIDE / side), np.float32)


def _basis() -> npt.NDArray[np.float32]:
    """The first rows of the orthonormal cosine transform (type II)."""
    order, place = np.arange(_KEPT)[:, None], np.arange(_SIDE)[None]
    basis = np.sqrt(2 / _SIDE) * np.cos(np.pi * order * (2 * place + 1) / (2 * _SIDE))
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float32)


_BASIS = _basis()
_FREQUENCIES = np.hypot(*np.mgrid[:_KEPT, :_KEPT])
_WEIGHTS = np.asarray(_FREQUENCIES / (1 + (_FREQUENCIES / 3) ** 2), np.float32)
TURNED = np.tile(np.arange(_KEPT) % 2 == 1, _KEPT)[1:]
"""``(DIM,)`` bool: numbers of a signature whose sign changes when the picture is mirrored."""
