"""Close-ups, put where things will be searched for.

A close-up has nothing around it to search in. Cut out along its mask, made as small as what ranks highest in
the pile, and put into pictures of the pile, it can be searched for like anything else. (Pasting what is known
into scenes that are not: Dwibedi, Misra and Hebert, "Cut, Paste and Learn", 2017.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Masks
from lydite.data import Picture

Pixels = npt.NDArray[np.uint8]

PLACED = 5
"""At most so many close-ups in one picture, each of another class."""
SHORTEST = 20
"""Pixels of the side of the square that is as large as the object: smaller ones say little."""
LONGEST = 0.4
"""The longest side of its bounding box, as a share of the picture's shorter side."""
TRIES = 40


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """What is cut out of an example's picture.

    Args:
        row: Of the example in the bank.
        label: Its class.
        pixels: ``(height, width, 3)`` uint8 of its bounding box.
        cover: ``(height, width)`` bool, the object.
        boxed: Whether only its box is known.
    """

    row: int
    label: int
    pixels: Pixels
    cover: npt.NDArray[np.bool_]
    boxed: bool

    @classmethod
    def of(cls, row: int, label: int, picture: Picture, mask: Masks, *, boxed: bool) -> CloseUp:
        """The object of a picture, cut to its bounding box."""
        x0, y0, x1, y1 = (int(v) for v in mask.boxes.xyxy[0].round())
        dense = mask.to_dense()[0]
        return cls(row, label, picture.pixels[y0:y1, x0:x1], dense[y0:y1, x0:x1], boxed)


def batches(close_ups: Sequence[CloseUp]) -> Iterator[list[CloseUp]]:
    """Close-ups by the picture that they are put into together, each of another class."""
    waiting = list(close_ups)
    while waiting:
        chosen: dict[int, CloseUp] = {}
        for each in waiting:
            if len(chosen) < PLACED:
                chosen.setdefault(each.label, each)
        waiting = [each for each in waiting if chosen.get(each.label) is not each]
        yield list(chosen.values())


def place(
    close_ups: Sequence[CloseUp], host: Pixels, sides: Sequence[float], rng: np.random.Generator
) -> tuple[Pixels, list[tuple[CloseUp, Masks]]]:
    """Put close-ups into a picture, apart from each other.

    Args:
        close_ups: What to put in.
        host: ``(height, width, 3)`` uint8; it is not changed.
        sides: For each, the root of the area in pixels that its object should have.
        rng: Where to put them.

    Returns:
        The new picture, and each close-up that found a place with its mask there.
    """
    pixels = host.copy()
    taken = np.zeros(host.shape[:2], np.bool_)
    placed = []
    for close_up, side in zip(close_ups, sides, strict=True):
        small, cover = _resized(close_up, side, min(taken.shape))
        at = _free(taken, cover.shape, rng)
        if at is None:
            continue
        window = tuple(slice(start, start + length) for start, length in zip(at, cover.shape, strict=True))
        share = cover[..., None]
        pixels[window] = np.round(share * small + (1 - share) * pixels[window]).astype(np.uint8)
        taken[window] = True
        dense = np.zeros((1, *taken.shape), np.bool_)
        dense[0][window] = cover >= 0.5
        placed.append((close_up, Masks.from_dense(dense)))
    return pixels, placed


def _resized(
    close_up: CloseUp, side: float, shorter: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    height, width = close_up.cover.shape
    times = max(side, SHORTEST) / np.sqrt(max(1, int(close_up.cover.sum())))
    times = min(times, LONGEST * shorter / max(height, width))
    size = (max(2, round(width * times)), max(2, round(height * times)))
    how = cv2.INTER_AREA if times < 1 else cv2.INTER_LINEAR
    small = cv2.resize(close_up.pixels, size, interpolation=how).astype(np.float32)
    cover = cv2.resize(close_up.cover.astype(np.float32), size, interpolation=how).astype(np.float32)
    return small, cover


def _free(
    taken: npt.NDArray[np.bool_], size_hw: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int] | None:
    """Where a window of this size covers nothing that was put in before."""
    room = (taken.shape[0] - size_hw[0], taken.shape[1] - size_hw[1])
    if min(room) < 0:
        return None
    for _ in range(TRIES):
        y, x = (int(rng.integers(each + 1)) for each in room)
        if not taken[y : y + size_hw[0], x : x + size_hw[1]].any():
            return y, x
    return None
