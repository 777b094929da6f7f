"""Rods of varying thickness: cable ties and scoops."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.light import Light, find_open_sky, shade, to_linear
from lydite.data.shelf.noise import Float, fractal
from lydite.data.shelf.sprite import Sprite, soften


def _round_rod(
    rng: np.random.Generator,
    light: Light,
    points: npt.NDArray[np.floating],
    radii: Float,
    colour: tuple[float, float, float],
    gloss: float,
    size_hw: tuple[int, int],
) -> Sprite:
    """A bent rod of varying thickness through ``(n, 2)`` xy points: tools, handles, ties."""
    depth = np.zeros(size_hw, np.float32)
    nearest = np.full(size_hw, 1.0, np.float32)
    y, x = np.mgrid[: size_hw[0], : size_hw[1]].astype(np.float32)
    for (px, py), radius in zip(points, radii, strict=True):
        x0, x1 = max(int(px - radius) - 1, 0), int(px + radius) + 2
        y0, y1 = max(int(py - radius) - 1, 0), int(py + radius) + 2
        window = (slice(y0, y1), slice(x0, x1))
        away = ((x[window] - px) ** 2 + (y[window] - py) ** 2) / np.float32(radius**2)
        rise = radius * np.sqrt(np.maximum(1 - away, 0))
        depth[window] = np.maximum(depth[window], rise)
        nearest[window] = np.minimum(nearest[window], away)
    cover = nearest < 1
    down, right = np.gradient(cv2.GaussianBlur(depth, (0, 0), 1.0))
    normal = np.stack([-right, down, np.ones_like(down)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    albedo = to_linear(colour) * (1 + 0.06 * fractal(rng, size_hw, 30, 3))[..., None]
    open_sky = find_open_sky(depth, cover)
    lit = shade(
        albedo.reshape(-1, 3).T.astype(np.float32, order="C"),
        normal.reshape(-1, 3).T.astype(np.float32, order="C"),
        open_sky.ravel(),
        gloss,
        40.0,
        light,
    )
    lit = np.ascontiguousarray(lit.T).reshape(*size_hw, 3)
    return Sprite(lit, soften(cover), (size_hw[0] // 2, size_hw[1] // 2), float(radii.max()))


def draw_cable_tie(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A thin loop with its lock."""
    side = int(unit * 2.2)
    turn = np.linspace(0, rng.uniform(4.6, 6.1), 260)
    radius = unit * (0.62 + 0.12 * np.sin(turn * 1.3 + rng.uniform(0, 6)) + 0.05 * turn)
    points = np.stack(
        [side / 2 + radius * np.cos(turn) * 0.9, side / 2 + radius * np.sin(turn) * 0.75], axis=1
    )
    radii = np.full(len(turn), unit * 0.045, np.float32)
    radii[:9] = unit * 0.1
    colour = ((0.08, 0.08, 0.09), (0.84, 0.85, 0.84), (0.12, 0.34, 0.62))[int(rng.integers(3))]
    return _round_rod(rng, light, points, radii, colour, 0.4, (side, side))


def draw_hand_tool(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A scoop: a handle that widens into a bowl."""
    width, height = int(unit * 4.4), int(unit * 1.7)
    step = np.linspace(0, 1, 420)
    bowl = np.clip((step - 0.55) / 0.16, 0, 1)
    bowl = bowl * bowl * (3 - 2 * bowl)
    radii = unit * (0.14 + 0.05 * np.cos(step * 9) * (1 - bowl) + 0.5 * bowl)
    x = unit * 0.3 + step * (width - unit * 1.15)
    y = height / 2 + unit * 0.12 * np.sin(step * 3)
    points = np.stack([x, y], axis=1)
    grip = ((0.62, 0.43, 0.25), (0.14, 0.14, 0.15), (0.66, 0.14, 0.10))[int(rng.integers(3))]
    metal = _round_rod(
        rng, light, points, radii.astype(np.float32), (0.66, 0.68, 0.70), 0.85, (height, width)
    )
    handle = _round_rod(
        rng, light, points[:215], radii[:215].astype(np.float32) * 1.1, grip, 0.3, (height, width)
    )
    colour = metal.colour + (handle.colour - metal.colour) * handle.cover[..., None]
    inner = np.zeros((height, width), np.float32)
    centre = (int(x[-1] - unit * 0.3), int(y[-1]))
    cv2.ellipse(inner, centre, (int(unit * 0.62), int(unit * 0.46)), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    hollow = cv2.GaussianBlur(inner, (0, 0), unit * 0.05)
    colour = colour * (1 - 0.55 * hollow)[..., None]
    cover = np.maximum(metal.cover, handle.cover)
    return Sprite(colour.astype(np.float32), cover, metal.origin_yx, unit * 0.4)
