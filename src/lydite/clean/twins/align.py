"""Whether two pictures show the same: one is laid on the other, then compared pixel by pixel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lydite.clean.twins.signature import Window
from lydite.clean.view import THUMB_SIDE

_STEPS, _STOP, _SOFTNESS = 20, 1e-3, 5
_SURE = 0.97
"""Correlation that needs no better alignment."""
_LEAST_OVERLAP = 0.5
_DETAIL = 3.0
"""Standard deviation, in pixels of a thumbnail, of the local mean that is taken away."""
_FLAT = 2.0
"""Standard deviation of grey levels below which there is nothing to compare."""
Grey = npt.NDArray[np.uint8]


def similarity(part: Grey, whole: Grey, window: Window) -> float:
    """Correlation of the details of two thumbnails after the best affine alignment, in [0, 1]; 0 without one.

    Source of the alignment: Evangelidis and Psarakis, "Parametric image alignment using enhanced
    correlation coefficient maximization", 2008.

    Args:
        part: ``(64, 64)``: the picture that the window is of.
        whole: ``(64, 64)``: what the window is laid on.
        window: Where the alignment starts.
    """
    ground = np.ascontiguousarray(part[:, ::-1] if window.mirrored else part)
    if min(float(ground.std()), float(whole.std())) < _FLAT:
        return 0.0
    left = THUMB_SIDE - window.side - window.left if window.mirrored else window.left
    scale = window.side / THUMB_SIDE
    start = np.array([[scale, 0, left], [0, scale, window.top]], np.float32)
    already = _correlation(ground, np.ascontiguousarray(whole), start)
    if already >= _SURE:
        return already
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, _STOP)
    try:
        _, warp = cv2.findTransformECC(
            np.ascontiguousarray(whole),
            ground,
            start,
            cv2.MOTION_AFFINE,
            stop,
            np.full(ground.shape, 255, np.uint8),
            _SOFTNESS,
        )
    except cv2.error:  # it says so when the two cannot be aligned
        return 0.0
    return _correlation(ground, whole, np.asarray(warp, np.float32))


def _correlation(ground: Grey, whole: Grey, warp: npt.NDArray[np.float32]) -> float:
    """Correlation of details where the two overlap; 0 where they hardly do.

    Details are what remains without a local mean: a bright sky over dark ground alone resembles any other.
    """
    size = (THUMB_SIDE, THUMB_SIDE)
    laid = cv2.warpAffine(ground, warp, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    ones = np.ones_like(ground)
    over = cv2.warpAffine(ones, warp, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP).astype(np.float32)
    if over.mean() < _LEAST_OVERLAP or not 1 / 3 <= abs(float(np.linalg.det(warp[:, :2]))) <= 3:
        return 0.0
    weight = np.maximum(np.asarray(cv2.GaussianBlur(over, (0, 0), _DETAIL), np.float32), np.float32(1e-3))
    one, other = (_details(np.asarray(grey), over, weight) for grey in (laid, whole))
    length = float(np.sqrt(np.vdot(one, one) * np.vdot(other, other)))
    return max(0.0, min(1.0, float(np.vdot(one, other)) / length)) if length else 0.0


def _details(
    grey: npt.NDArray[Any], over: npt.NDArray[np.float32], weight: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    seen = grey.astype(np.float32) * over
    mean = np.asarray(cv2.GaussianBlur(seen, (0, 0), _DETAIL), np.float32) / weight
    return np.asarray((seen - mean) * over, np.float32)
