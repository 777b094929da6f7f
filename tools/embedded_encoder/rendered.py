"""Rendered scenes: drawn shapes filled with pieces of pictures, so that no two scenes are the same.

A thousand photographs are soon learned by heart. A scene of dozens of overlapping shapes, each filled with
another piece at another scale and colour (dead leaves: Lee, Mumford and Huang, "Occlusion models for natural
images", 2001; as training pictures: Baradad et al., "Learning to see by looking at noise", 2021), is new each
time, and it is full of what small objects look like: outlines, blobs, and many of one kind side by side.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

SMALLEST, LARGEST = 5.0, 90.0
"""Radius of a shape in pixels."""
ALIKE = 0.4
"""Share of scenes whose shapes are of a few kinds: cells, fruit on a shelf."""
PLAIN = 0.25
"""Share of fills that are drawn and not taken from a picture."""
_FRACTION_BITS = 4


def render_scene(photographs: Pixels, tiny: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    """A scene.

    Args:
        photographs: ``(n, height, width, 3)`` uint8 RGB, the larger pictures to take pieces from.
        tiny: ``(m, height, width, 3)`` uint8 RGB, the smaller ones.
        side: Pixels of the scene along each axis.
        rng: Decides everything.

    Returns:
        ``(side, side, 3)`` uint8 RGB.
    """
    scene = _fill(photographs, tiny, side, rng)
    if rng.random() < 0.5:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(1, 12)), np.uint8)
    alike = rng.random() < ALIKE
    kinds = [_fill(photographs, tiny, 64, rng) for _ in range(int(rng.integers(1, 4)))] if alike else []
    typical = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST / 2))))
    covered, wanted = 0.0, rng.uniform(0.2, 1.3) * side * side
    while covered < wanted:
        if alike:
            radius = typical * rng.uniform(0.8, 1.25)
            fill = kinds[int(rng.integers(len(kinds)))]
        else:
            radius = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
            fill = _fill(photographs, tiny, max(8, int(2 * radius)), rng)
        _paste(scene, fill, radius, rng)
        covered += 3 * radius * radius + 60
    return scene


def _fill(photographs: Pixels, tiny: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    """``(side, side, 3)``: a piece of a picture at a random scale, or a drawn pattern."""
    if rng.random() < PLAIN:
        return _pattern(side, rng)
    source = photographs if rng.random() < 0.6 else tiny
    picture = source[int(rng.integers(len(source)))]
    full = picture.shape[0]
    cut = int(full * np.exp(rng.uniform(np.log(0.15), 0)))
    top, left = rng.integers(full - cut + 1, size=2)
    piece = picture[top : top + cut, left : left + cut]
    way = cv2.INTER_AREA if cut > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(piece, (side, side), interpolation=way), np.uint8)


def _pattern(side: int, rng: np.random.Generator) -> Pixels:
    """A slope between two colours, with noise of one scale or with waves."""
    first, second = rng.uniform(0, 255, (2, 3))
    across = np.linspace(-1, 1, side, dtype=np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * across[None] + np.sin(angle) * across[:, None]
    kind = rng.random()
    if kind < 0.4:
        cells = int(rng.integers(2, max(3, side // 2) + 1))
        noise = rng.normal(size=(cells, cells)).astype(np.float32)
        slope = slope + rng.uniform(0.2, 1.5) * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    elif kind < 0.6:
        slope = np.sin(slope * rng.uniform(3, 3 + side / 4))
    mix = np.clip(slope * rng.uniform(0.05, 0.7) + 0.5, 0, 1)[:, :, None]
    return (first + (second - first) * mix).astype(np.uint8)


def _paste(scene: Pixels, fill: Pixels, radius: float, rng: np.random.Generator) -> None:
    """One shape somewhere in the scene, in place; it may reach over the border."""
    side = scene.shape[0]
    box = 2 * int(np.ceil(radius)) + 2
    left, top = (int(v) for v in rng.integers(-box // 2, side - box // 2, 2))
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + box, side), min(top + box, side)
    if x1 <= x0 or y1 <= y0:
        return
    mask = _shape(box, radius, rng)[y0 - top : y1 - top, x0 - left : x1 - left]
    turned = np.rot90(fill, int(rng.integers(4)))
    piece = cv2.resize(turned, (box, box), interpolation=cv2.INTER_LINEAR)
    shade = rng.uniform(0.75, 1.25) * np.linspace(*rng.uniform(0.75, 1.25, 2), box)[:, None, None]
    lit = np.clip(piece * shade, 0, 255)[y0 - top : y1 - top, x0 - left : x1 - left]
    under = scene[y0:y1, x0:x1]
    alpha = mask[:, :, None] * np.float32((1.0 if rng.random() < 0.8 else rng.uniform(0.4, 1.0)) / 255)
    scene[y0:y1, x0:x1] = (under + (lit - under) * alpha).astype(np.uint8)


def _shape(box: int, radius: float, rng: np.random.Generator) -> Pixels:
    """``(box, box)`` coverage from 0 to 255: an ellipse, a polygon, a rectangle or a wavy blob."""
    mask = np.zeros((box, box), np.uint8)
    count = int(rng.choice((0, 3, 4, 5, 6))) if rng.random() < 0.5 else 0
    angles = np.sort(rng.uniform(0, 2 * np.pi, count)) if count else np.linspace(0, 2 * np.pi, 40)[:-1]
    reach = np.full(len(angles), radius)
    if not count and rng.random() < 0.5:
        for waves in range(2, 6):
            reach *= 1 + rng.uniform(-0.15, 0.15) * np.cos(waves * angles + rng.uniform(0, 2 * np.pi))
    points = np.stack([np.cos(angles), np.sin(angles) * rng.uniform(0.4, 1.0)]) * np.minimum(reach, radius)
    turn = rng.uniform(0, np.pi)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = ((spin @ points).T + box / 2) * (1 << _FRACTION_BITS)
    cv2.fillPoly(mask, [np.round(places).astype(np.int32)], 255, cv2.LINE_AA, _FRACTION_BITS)
    soft = rng.uniform(0, 0.12) * radius
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.uint8) if soft > 0.4 else mask
