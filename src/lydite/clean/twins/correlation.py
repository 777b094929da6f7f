"""How alike two thumbnails are once one lies on the other: correlation of what remains without a local mean.

A bright sky over dark ground alone resembles any other, its details do not.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.clean.view import THUMB_SIDE

_LEAST_OVERLAP = 0.5
_DETAIL = 3.0
"""Standard deviation, in pixels of a thumbnail, of the local mean that is taken away."""
_FLAT = 2.0
"""Standard deviation of grey levels below which there is nothing to compare."""
_ONES = np.ones((THUMB_SIDE, THUMB_SIDE), np.float32)
Grey = npt.NDArray[np.uint8]
Warp = npt.NDArray[np.float32]
Details = npt.NDArray[np.float32]


def are_flat(thumbs: Grey) -> npt.NDArray[np.bool_]:
    """``(n,)``: whether there is nothing to compare, of ``(n, 64, 64)``."""
    return np.asarray(thumbs.reshape(len(thumbs), -1).astype(np.float32).std(axis=1) < _FLAT)


def correlation(ground: Grey, whole: Grey, warp: Warp) -> float:
    """Correlation of details where the two overlap, in [0, 1]; 0 where they hardly do.

    Args:
        ground: ``(64, 64)``: what is laid on the other.
        whole: ``(64, 64)``: the other.
        warp: ``(2, 3)``: from a pixel of the whole to its place in the ground.
    """
    if not 1 / 3 <= abs(float(warp[0, 0] * warp[1, 1] - warp[0, 1] * warp[1, 0])) <= 3:
        return 0.0
    size = (THUMB_SIDE, THUMB_SIDE)
    laid = cv2.warpAffine(ground, warp, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    over = cv2.warpAffine(_ONES, warp, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    if cv2.mean(over)[0] < _LEAST_OVERLAP:
        return 0.0
    weight = np.maximum(np.asarray(cv2.GaussianBlur(over, (0, 0), _DETAIL), np.float32), np.float32(1e-3))
    one, other = (_details(grey, over, weight) for grey in (laid, whole))
    length = float(np.sqrt(np.vdot(one, one) * np.vdot(other, other)))
    return max(0.0, min(1.0, float(np.vdot(one, other)) / length)) if length else 0.0


def _details(grey: cv2.typing.MatLike, over: cv2.typing.MatLike, weight: cv2.typing.MatLike) -> Details:
    seen = cv2.multiply(grey, over, dtype=cv2.CV_32F)
    mean = cv2.divide(cv2.GaussianBlur(seen, (0, 0), _DETAIL), weight)
    return np.asarray(cv2.multiply(cv2.subtract(seen, mean), over), np.float32)
