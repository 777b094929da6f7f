"""Masks as polygons that run along the edges of pixels, exactly, holes included.

A corner of the outline is a lattice point whose four pixels are not split by a straight line: one or three
of them are inside, or two that touch only there. Along a row or a column of the lattice the corners pair
up, first with second, third with fourth: each pair is one side. Walking side by side, across and down in
turn, closes ring after ring. Pixels that touch only at a corner belong to different rings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lydite.core import Masks

if TYPE_CHECKING:
    from scipy.spatial import KDTree

Points = npt.NDArray[np.float64]

_RISING = 0b0110
"""Code of a lattice point whose upper right and lower left pixels are inside, the other two outside."""


def trace(masks: Masks, row: int) -> list[Points]:
    """The outlines of one mask: outer ones and those of holes, longest first.

    Filled together by the even-odd rule they give the mask back, pixel by pixel.

    Args:
        masks: Masks of one picture.
        row: Which one.

    Returns:
        Rings of ``(k, 2)`` x y in pixels, each corner once, the last side leads back to the first corner;
        none if the mask is empty.
    """
    top, left, piece = masks.crop(row)
    if not piece.size:
        return []
    y, x, rising = _corners(piece)
    across = _pair(np.lexsort((x, y)))
    # Where two pixels touch at a corner, the point stands twice; the order of the two decides who is linked.
    place = np.arange(len(x))
    place[rising] = place[rising].reshape(-1, 2)[:, ::-1].ravel()
    down = _pair(np.lexsort((place, y, x)))
    rings = _walk(across, down)
    points = np.stack([x + left, y + top], axis=1).astype(np.float64)
    return sorted((points[ring] for ring in rings), key=len, reverse=True)


def join(rings: list[Points]) -> Points:
    """One closed polygon out of several, by bridges that are walked there and back.

    A bridge encloses nothing, so the even-odd rule fills the same pixels. It begins and ends where a ring
    comes closest to those before it: programs that draw a line along the edge show a short one.

    Args:
        rings: At least one ring of ``(k, 2)`` points.
    """
    points = np.concatenate(rings)
    first = np.cumsum([0, *(len(ring) for ring in rings)]).tolist()
    before = _Nearest()
    before.add(rings[0], first[0])
    detours: dict[int, list[list[int]]] = {}
    for ring, start, stop in zip(rings[1:], first[1:], first[2:], strict=False):
        at, own = before.find(ring)
        before.add(ring, start)
        detours.setdefault(at, []).append([*range(start + own, stop), *range(start, start + own + 1), at])
    order: list[int] = []
    waiting = list(range(first[1]))[::-1]
    while waiting:
        at = waiting.pop()
        order.append(at)
        for detour in detours.pop(at, []):
            waiting += detour[::-1]
    return points[order]


class _Nearest:
    """The nearest of points that grow in number: trees whose sizes double, as digits of a counter."""

    def __init__(self) -> None:
        self._parts: list[tuple[Points, npt.NDArray[np.int64], KDTree]] = []

    def add(self, points: Points, start: int) -> None:
        """Points that are numbered from ``start`` on."""
        numbers = np.arange(start, start + len(points))
        while self._parts and len(self._parts[-1][0]) <= len(points):
            others, their_numbers, _ = self._parts.pop()
            points, numbers = np.concatenate([others, points]), np.concatenate([their_numbers, numbers])
        from scipy.spatial import KDTree  # costs more than all else here, and few need it

        self._parts.append((points, numbers, KDTree(points)))

    def find(self, points: Points) -> tuple[int, int]:
        """The number of the point that comes closest to any of ``points``, and the place of that one."""
        best, found = np.inf, (0, 0)
        for _, numbers, tree in self._parts:
            distances, places = map(np.asarray, tree.query(points))
            own = int(distances.argmin())
            if distances[own] < best:
                best, found = float(distances[own]), (int(numbers[places[own]]), own)
        return found


def _corners(
    piece: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Rows and columns of corners in reading order; true where two pixels touch in the rising direction."""
    padded = np.pad(piece, 1).astype(np.uint8)
    codes = padded[:-1, :-1] << 3 | padded[:-1, 1:] << 2 | padded[1:, :-1] << 1 | padded[1:, 1:]
    times = np.array([0, 1, 1, 0, 1, 0, 2, 1, 1, 2, 0, 1, 0, 1, 1, 0])[codes]
    y, x = np.nonzero(times)
    repeats = times[y, x]
    return np.repeat(y, repeats), np.repeat(x, repeats), np.repeat(codes[y, x] == _RISING, repeats)


def _pair(order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each corner the one at the other end of its side, given corners in order along the lattice."""
    other = np.empty_like(order)
    other[order[0::2]], other[order[1::2]] = order[1::2], order[0::2]
    return other


def _walk(across: npt.NDArray[np.int64], down: npt.NDArray[np.int64]) -> list[list[int]]:
    sideways, upright = across.tolist(), down.tolist()
    rings: list[list[int]] = []
    left = [True] * len(sideways)
    for start in range(len(sideways)):
        if not left[start]:
            continue
        ring, at = [], start
        while left[at]:
            turn = sideways[at]
            ring += [at, turn]
            left[at] = left[turn] = False
            at = upright[turn]
        rings.append(ring)
    return rings
