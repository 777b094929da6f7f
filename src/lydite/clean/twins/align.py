"""One picture is laid on another: the affine map under which the two correlate best, for many pairs at once.

Gauss-Newton steps on thumbnails of half the side. The steps are taken on the picture that stays where it is,
so that its gradients are computed once; contrast and brightness are free.
Sources: Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation coefficient
maximization", 2008; Baker and Matthews, "Lucas-Kanade 20 years on", 2004 (the inverse composition).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 32
"""Side of the pictures that are laid on one another."""
_STOP = 0.02
"""Movement of a corner, in pixels, below which a pair is done."""
_HOPES = (-0.5, -0.5, 0.0, 0.5, 0.55, 0.6, 0.65, *[0.7] * 6)
"""How much a pair must correlate before each step to go on."""
_HIGH, _CLIMB = 0.75, 0.01
"""A pair that correlates less must gain at least this much by a step."""
_WORSE = 0.02
"""How far a pair may fall behind the best that it reached."""
_SOFTNESS = 5
_OUTSIDE = -1e6
_LEAST_SEEN = SIDE * SIDE / 4
Floats = npt.NDArray[np.float32]


def shrink(thumb: npt.NDArray[np.uint8]) -> Floats:
    """``(SIDE, SIDE)`` float32 of a thumbnail, softened."""
    soft = cv2.GaussianBlur(thumb.astype(np.float32), (_SOFTNESS, _SOFTNESS), 0)
    return np.asarray(cv2.resize(soft, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)


def align(grounds: Floats, wholes: Floats, starts: Floats) -> tuple[Floats, Floats]:
    """The maps of pairs, and how well the pairs correlate under them.

    Args:
        grounds: ``(n, SIDE, SIDE)``: what is laid on the others.
        wholes: ``(n, SIDE, SIDE)``: the others.
        starts: ``(n, 2, 3)``: from a place of the whole to one of the ground, both from -1 to 1.

    Returns:
        ``(n, 2, 3)`` maps as ``starts``, and ``(n,)`` correlations, -1 where nothing is left in common.
    """
    best, correlations = starts.copy(), np.full(len(starts), -1, np.float32)
    going, maps = np.arange(len(starts)), starts
    ways, curvatures = _steepest(wholes)
    before = np.full(len(starts), -1, np.float32)
    for hope in _HOPES:
        seen = _lay(grounds, maps)
        moves, found = _step(seen, wholes, ways, curvatures)
        better = found > correlations[going]
        correlations[going[better]], best[going[better]] = found[better], maps[better]
        moved = np.abs(moves).reshape(len(going), 2, 3).sum(axis=2).max(axis=1) * (SIDE / 2) > _STOP
        climbs = (found > _HIGH) | (found > before + _CLIMB)
        on = moved & climbs & (found > hope) & (found > correlations[going] - _WORSE)
        if not on.any():
            break
        maps, before = _compose(maps, moves), found
        if not on.all():
            going, maps, grounds, wholes = going[on], maps[on], grounds[on], wholes[on]
            ways, curvatures, before = ways[on], curvatures[on], before[on]
    return best, correlations


def _steepest(wholes: Floats) -> tuple[Floats, Floats]:
    """How each pixel answers to each number of a map: ``(n, 6, pixels)``, and inverse curvatures."""
    down, across = np.gradient(wholes, 2 / SIDE, axis=(1, 2))
    places = _places()
    ways = np.stack(
        [across * places[0], across * places[1], across, down * places[0], down * places[1], down], axis=1
    ).reshape(len(wholes), 6, SIDE * SIDE)
    ways -= ways.mean(axis=2, keepdims=True)
    curvatures = ways @ ways.transpose(0, 2, 1)
    ridge = np.einsum("nii->n", curvatures) * 1e-6 + 1e-3
    inverse = np.linalg.inv(curvatures.astype(np.float64) + ridge[:, None, None] * np.eye(6))
    return ways, inverse.astype(np.float32)


def _places() -> Floats:
    """``(2, SIDE, SIDE)``: x and y of the centres of pixels, from -1 to 1."""
    line = (np.arange(SIDE, dtype=np.float32) + 0.5) * np.float32(2 / SIDE) - 1
    return np.stack(np.meshgrid(line, line))


def _lay(grounds: Floats, maps: Floats) -> Floats:
    """Grounds as the maps lay them, ``(n, pixels)``; far below 0 where there is nothing."""
    in_pixels = to_pixels(maps, SIDE)
    laid = np.empty((len(grounds), SIDE, SIDE), np.float32)
    for row, ground in enumerate(grounds):
        cv2.warpAffine(
            ground,
            in_pixels[row],
            (SIDE, SIDE),
            laid[row],
            cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            cv2.BORDER_CONSTANT,
            _OUTSIDE,
        )
    return laid.reshape(len(grounds), SIDE * SIDE)


def to_pixels(maps: Floats, side: int) -> Floats:
    """Maps between places from -1 to 1 as maps between pixels of pictures with a side."""
    half = np.float32(side / 2)
    found = maps.copy()
    middle = np.float32((side - 1) / 2)
    found[:, :, 2] = maps[:, :, 2] * half + middle - maps[:, :, :2].sum(axis=2) * middle
    return found


def _step(laid: Floats, wholes: Floats, ways: Floats, curvatures: Floats) -> tuple[Floats, Floats]:
    """The movement of each whole that explains best what differs, ``(n, 6)``, and correlations before it."""
    seen = laid > -1
    count = np.maximum(seen.sum(axis=1, dtype=np.float32), 1)[:, None]
    one = np.where(seen, laid, 0)
    other = wholes.reshape(len(laid), SIDE * SIDE) * seen
    one -= one.sum(axis=1, keepdims=True) / count
    other = other - other.sum(axis=1, keepdims=True) / count
    one *= seen
    other *= seen
    pulls = ways @ np.stack([one, other], axis=2)
    answers = curvatures @ pulls
    both = np.einsum("np,np->n", one, other)
    own, its = np.einsum("np,np->n", one, one), np.einsum("np,np->n", other, other)
    gain = (both - np.einsum("nd,nd->n", pulls[:, :, 0], answers[:, :, 1])) / np.maximum(
        own - np.einsum("nd,nd->n", pulls[:, :, 0], answers[:, :, 0]), 1e-3
    )
    gain = np.where(gain > 0, gain, np.maximum(both, 0) / np.maximum(own, 1e-3))
    moves = gain[:, None] * answers[:, :, 0] - answers[:, :, 1]
    correlations = both / np.sqrt(np.maximum(own * its, 1e-3))
    correlations[count[:, 0] < _LEAST_SEEN] = -1
    return moves, correlations


def _compose(maps: Floats, moves: Floats) -> Floats:
    """Maps after the inverse of a small movement."""
    steps = moves.reshape(-1, 2, 3) + np.eye(2, 3, dtype=np.float32)
    return np.asarray((_squared(maps) @ np.linalg.inv(_squared(steps)))[:, :2], np.float32)


def inverted(maps: Floats) -> Floats:
    """``(n, 2, 3)`` maps the other way."""
    return np.asarray(np.linalg.inv(_squared(maps))[:, :2], np.float32)


def _squared(maps: Floats) -> Floats:
    """With the row 0, 0, 1; what hardly has an area is replaced by a map that changes nothing."""
    found = np.tile(np.eye(3, dtype=np.float32), (len(maps), 1, 1))
    areas = maps[:, 0, 0] * maps[:, 1, 1] - maps[:, 0, 1] * maps[:, 1, 0]
    sound = np.isfinite(maps).all(axis=(1, 2)) & (np.abs(areas) > 0.1)
    found[sound, :2] = maps[sound]
    return found
