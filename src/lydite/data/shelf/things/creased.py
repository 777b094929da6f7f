"""Leaves, paper and plastic: sheets with relief."""

from __future__ import annotations

import cv2
import numpy as np

from lydite.data.shelf.light import Light, to_linear
from lydite.data.shelf.noise import Float, fractal
from lydite.data.shelf.sprite import Sprite
from lydite.data.shelf.things.sheet import light_sheet


def _crumpled(
    rng: np.random.Generator, unit: float, colour: tuple[float, float, float], size: float
) -> tuple[Float, Float, Float]:
    """Albedo, outline and relief of a crumpled sheet: creases are the folds of noise around 0."""
    side = int(unit * size)
    relief = np.zeros((side, side), np.float32)
    for scale in (0.6, 0.33, 0.18):
        relief += np.abs(fractal(rng, (side, side), unit * scale, 1)) * np.float32(unit * scale * 0.17)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    angle = np.arctan2(y, x)
    ragged = 0.72 + sum(
        rng.normal(0, 0.09 / k**0.6) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 9)
    )
    cover = (np.hypot(x, y * rng.uniform(1.0, 1.4)) < ragged).astype(np.float32)
    albedo = np.broadcast_to(to_linear(colour), (side, side, 3)).copy()
    return albedo, cover, relief


def draw_leaf(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A leaf with its veins, fallen off."""
    length, breadth = int(unit * rng.uniform(1.5, 2.1)), int(unit * rng.uniform(0.7, 0.95))
    y, x = np.mgrid[:breadth, :length].astype(np.float32)
    along = x / length
    sway = 0.12 * np.sin(along * np.pi * 1.2 + rng.uniform(0, 6))
    across = (y / breadth - 0.5 - sway * 0.4) * 2
    outline = 0.92 * np.sin(np.pi * np.clip(along, 0, 1) ** 0.8) ** 0.9 * (1 - 0.25 * along)
    cover = (np.abs(across) < outline) | ((np.abs(across) < 0.05) & (along > 0.02) & (along < 0.2))
    veins = np.exp(-((across / 0.05) ** 2)) + 0.28 * np.exp(
        -((np.sin((along * 7 - np.abs(across) * 1.6) * np.pi) / 0.22) ** 2)
    ) * (np.abs(across) > 0.04)
    green = to_linear(((0.20, 0.38, 0.11), (0.33, 0.45, 0.15), (0.48, 0.42, 0.15))[int(rng.integers(3))])
    pale = to_linear((0.50, 0.60, 0.30))
    albedo = green + (pale - green) * np.clip(veins * 0.5, 0, 1)[..., None]
    albedo = albedo * (1 + 0.12 * fractal(rng, (breadth, length), 40, 3))[..., None]
    bumps = (
        -np.abs(across) * breadth * 0.16
        - veins * unit * 0.018
        + unit * 0.05 * fractal(rng, (breadth, length), 70, 2)
    )
    return light_sheet(albedo.astype(np.float32), cover, light, unit * 0.16, bumps)


def draw_paper(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A crumpled sheet."""
    colour = ((0.88, 0.86, 0.80), (0.66, 0.52, 0.36), (0.48, 0.56, 0.62))[int(rng.integers(3))]
    albedo, cover, relief = _crumpled(rng, unit, colour, rng.uniform(2.0, 2.6))
    return light_sheet(albedo, cover, light, unit * 0.3, relief)


def draw_plastic_bag(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A thin bag: creased, shiny, half transparent."""
    albedo, cover, relief = _crumpled(rng, unit, (0.82, 0.86, 0.88), rng.uniform(2.6, 3.2))
    down, right = np.gradient(cv2.GaussianBlur(relief, (0, 0), 1.2))
    slope = np.hypot(down, right)
    sheen = np.clip((-right * light.direction[0] + down * light.direction[1]) * 2.2 - 0.25, 0, 1)
    sprite = light_sheet(albedo, cover, light, unit * 0.35, relief * 0.8)
    colour = sprite.colour + sheen[..., None] * np.array(light.key, np.float32) * np.float32(0.6)
    veil = np.clip(0.5 + 0.5 * slope + 0.6 * sheen, 0, 0.95).astype(np.float32)
    return Sprite(colour.astype(np.float32), sprite.cover * veil, sprite.origin_yx, sprite.height)
