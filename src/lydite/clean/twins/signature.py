"""A short vector of what a picture shows at low frequencies, for the whole and for windows of it.

The signature of a mirrored picture is that of the picture with signs changed, and a window of one picture
is compared with the whole of another, so flips and crops are found by matrix products alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.clean.view import THUMB_SIDE

Signatures = npt.NDArray[np.float32]
_SIDE = 32
_KEPT = 8
_WINDOW_SIDES = (58, 51)
_PLACES = 3


@dataclass(frozen=True, slots=True)
class Window:
    """A square part of a thumbnail, mirrored or not, in its pixels."""

    top: int
    left: int
    side: int
    mirrored: bool


def windows() -> tuple[Window, ...]:
    """The whole picture first, then parts of about 90 and 80 % of the side; each also mirrored."""
    found = [(0, 0, THUMB_SIDE)]
    for side in _WINDOW_SIDES:
        places = np.linspace(0, THUMB_SIDE - side, _PLACES).round().astype(int).tolist()
        found += [(top, left, side) for top in places for left in places]
    return tuple(Window(*part, mirrored) for part in found for mirrored in (False, True))


def signatures(thumbs: npt.NDArray[np.uint8], window: Window) -> Signatures:
    """``(n, 63)`` float32 unit vectors: low cosine coefficients without the mean.

    Args:
        thumbs: ``(n, THUMB_SIDE, THUMB_SIDE)``.
        window: Which part is looked at; a flat part gives a vector near 0.
    """
    top, left, side = window.top, window.left, window.side
    parts = np.empty((len(thumbs), _SIDE, _SIDE), np.float32)
    for row, thumb in enumerate(thumbs):
        part = np.ascontiguousarray(thumb[top : top + side, left : left + side])
        parts[row] = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    coefficients = _BASIS @ parts @ _BASIS.T
    if window.mirrored:
        coefficients *= _SIGNS
    flat = (coefficients * _WEIGHTS).reshape(len(thumbs), -1)[:, 1:]
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(norms, 1.0), np.float32)


def _basis() -> npt.NDArray[np.float32]:
    """The first rows of the orthonormal cosine transform (type II)."""
    order, place = np.arange(_KEPT)[:, None], np.arange(_SIDE)[None]
    basis = np.sqrt(2 / _SIDE) * np.cos(np.pi * order * (2 * place + 1) / (2 * _SIDE))
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float32)


_BASIS = _basis()
_SIGNS = np.asarray((-1.0) ** np.arange(_KEPT), np.float32)
_FREQUENCIES = np.hypot(*np.mgrid[:_KEPT, :_KEPT])
_WEIGHTS = np.asarray(_FREQUENCIES / (1 + (_FREQUENCIES / 3) ** 2), np.float32)
