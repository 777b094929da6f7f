"""Furniture of the shelf: dividers, crate walls and the front lip, drawn as lit boards."""

from __future__ import annotations

import numpy as np

from lydite.data.shelf.canvas import Canvas
from lydite.data.shelf.channels import thrice
from lydite.data.shelf.ground import light_flat, planks
from lydite.data.shelf.layout import Bay
from lydite.data.shelf.light import Light
from lydite.data.shelf.noise import Float
from lydite.data.shelf.sprite import Sprite

_TIMBERS = ((0.70, 0.54, 0.35), (0.55, 0.37, 0.22), (0.30, 0.21, 0.15), (0.80, 0.70, 0.55))


def draw_timber(rng: np.random.Generator) -> tuple[float, float, float]:
    """One timber for all boards of a scene."""
    return _TIMBERS[int(rng.integers(len(_TIMBERS)))]


def board(
    rng: np.random.Generator,
    height: int,
    width: int,
    thickness: float,
    timber: tuple[float, float, float],
    light: Light,
) -> Sprite:
    """A board of ``height`` times ``width`` canvas pixels with rounded edges."""
    if height > width:
        albedo: Float = planks(rng, (width, height), width * 3.0, timber).transpose(1, 0, 2)
    else:
        albedo = planks(rng, (height, width), height * 3.0, timber)
    y = np.minimum(np.arange(height), np.arange(height)[::-1])[:, None]
    x = np.minimum(np.arange(width), np.arange(width)[::-1])[None, :]
    round_off = 1 - 0.45 * np.exp(-np.minimum(y, x) / 2.5)
    top_edge = 1 + 0.35 * np.exp(-np.arange(height)[:, None] / 4.0)
    lit = light_flat(albedo, light) * thrice((round_off * top_edge).astype(np.float32))
    cover = np.ones((height, width), np.float32)
    return Sprite(lit.astype(np.float32), cover, (height // 2, width // 2), thickness)


def sink_bay(canvas: Canvas, bay: Bay, unit: float) -> None:
    """Darken a bay towards its walls: it is a box, not a plane."""
    y0, x0, y1, x1 = (round(v * unit) for v in (bay.y0, bay.x0, bay.y1, bay.x1))
    window = canvas.colour[max(y0, 0) : y1, max(x0, 0) : x1]
    height, width = window.shape[:2]
    y = np.arange(height, dtype=np.float32)[:, None] / np.float32(unit)
    x = np.arange(width, dtype=np.float32)[None, :] / np.float32(unit)
    wall = np.minimum(x, x[:, ::-1])
    shade = 0.74 - 0.3 * np.exp(-wall / 0.5) - 0.22 * np.exp(-y / 0.6)
    window *= thrice(np.clip(shade, 0.1, 1).astype(np.float32))


def walls(bay: Bay, thickness: float) -> list[tuple[float, float, float, float]]:
    """The four boards of a bay as centre ``y x`` and size ``h w``, in units; the front one last."""
    cy, cx = (bay.y0 + bay.y1) / 2, (bay.x0 + bay.x1) / 2
    height, width = bay.y1 - bay.y0, bay.x1 - bay.x0
    return [
        (bay.y0, cx, thickness, width + thickness),
        (cy, bay.x0, height, thickness),
        (cy, bay.x1, height, thickness),
        (bay.y1, cx, thickness * 1.5, width + thickness),
    ]
