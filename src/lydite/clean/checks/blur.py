"""Blur: how little a picture loses when it is blurred once more.

A sharp picture loses most of the differences between neighbouring pixels, a blurred one hardly any. Source:
Crete, Dolmiere, Ladret and Nicolas, "The blur effect", 2007.
"""

from __future__ import annotations

import cv2
import numpy as np

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View

_LENGTH = 9


def sharpness(view: View) -> float:
    """Share of neighbour differences that a further blur removes, in [0, 1]; 1 is sharp.

    The lower one of the two directions counts, so motion in one direction is seen. A flat picture is 0.
    """
    grey = view.grey.astype(np.int16)
    found = []
    for axis, size in ((0, (1, _LENGTH)), (1, (_LENGTH, 1))):
        if view.grey.shape[axis] < 2:
            continue
        again = cv2.blur(view.grey, size).astype(np.int16)
        own = np.abs(np.diff(grey, axis=axis))
        lost = own - np.abs(np.diff(again, axis=axis))
        total = int(own.sum(dtype=np.int64))
        found.append(int(np.maximum(lost, 0).sum(dtype=np.int64)) / total if total else 0.0)
    return min(found, default=0.0)


CHECK = Check(
    "share of differences that a further blur removes, 0 to 1",
    Worse.LOW,
    0.35,
    of_picture=sharpness,
)
