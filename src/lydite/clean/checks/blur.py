"""Blur: how little a picture loses when it is blurred once more.

A sharp picture loses most of the differences between neighbouring pixels, a blurred one hardly any. Source:
Crete, Dolmiere, Ladret and Nicolas, "The blur effect", 2007.
"""

from __future__ import annotations

import cv2

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View

_LENGTH = 9


def sharpness(view: View) -> float:
    """Share of neighbour differences that a further blur removes, in [0, 1]; 1 is sharp.

    The lower one of the two directions counts, so motion in one direction is seen. A flat picture is 0.
    """
    grey = view.grey
    shares = []
    for axis, size in ((0, (1, _LENGTH)), (1, (_LENGTH, 1))):
        if grey.shape[axis] < 2:
            continue
        own = _differences(grey, axis)
        lost = cv2.subtract(own, _differences(cv2.blur(grey, size), axis))  # never below 0
        total = cv2.sumElems(own)[0]
        shares.append(cv2.sumElems(lost)[0] / total if total else 0.0)
    return min(shares, default=0.0)


def _differences(grey: cv2.typing.MatLike, axis: int) -> cv2.typing.MatLike:
    return cv2.absdiff(grey[1:], grey[:-1]) if axis == 0 else cv2.absdiff(grey[:, 1:], grey[:, :-1])


CHECK = Check(
    "share of differences that a further blur removes, 0 to 1",
    Worse.LOW,
    0.35,
    of_picture=sharpness,
)
