"""Grounds: wood, slate, steel, paper and cloth, as lit textures."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from lydite.core.errors import UnknownName
from lydite.data.shelf.channels import between, filtered, in_colour, thrice
from lydite.data.shelf.light import UP, Light, to_linear
from lydite.data.shelf.noise import Float, fractal

_WOODS = ((0.70, 0.52, 0.34), (0.56, 0.38, 0.23), (0.78, 0.64, 0.46), (0.42, 0.29, 0.19))


def lay_ground(name: str, rng: np.random.Generator, size_hw: tuple[int, int], light: Light) -> Float:
    """A ground in the light of a scene.

    Args:
        name: One of :data:`GROUNDS`.
        rng: Decides grain and colour.
        size_hw: Height and width in canvas pixels.
        light: The light.

    Returns:
        ``(h, w, 3)`` float32 linear.

    Raises:
        UnknownName: If there is no such ground.
    """
    if name not in GROUNDS:
        raise UnknownName("ground", name, GROUNDS)
    return light_flat(GROUNDS[name](rng, size_hw), light)


def light_flat(albedo: Float, light: Light) -> Float:
    """Light on a level, matt sheet of linear albedo."""
    facing = max(float(np.dot(light.direction, UP)), 0.2)
    incoming = facing * np.array(light.key, np.float32) + np.array(light.sky, np.float32)
    return filtered(albedo, incoming * np.float32(0.86))


def planks(
    rng: np.random.Generator, size_hw: tuple[int, int], plank: float, colour: tuple[float, float, float]
) -> Float:
    """Boards that run along x, ``plank`` pixels high, with grain, knots of shade and dark gaps."""
    height = size_hw[0]
    grain = fractal(rng, size_hw, 26, 4, stretch=14)
    bow = fractal(rng, size_hw, 150, 2, stretch=5)
    rows = np.arange(height, dtype=np.float32)[:, None] + bow * 9
    offset = rng.uniform(0, plank)
    board = np.floor((np.arange(height) + offset) / plank).astype(int)
    tone = rng.normal(0, 0.075, board.max() + 1).astype(np.float32)[board]
    shift = rng.uniform(0, 60, board.max() + 1).astype(np.float32)[board]
    rings = np.sin((rows + shift[:, None]) * 0.23 + grain * 1.6)
    value = 1 + 0.09 * grain + 0.055 * rings + tone[:, None]
    within = (np.arange(height) + offset) % plank
    edge = np.minimum(within, plank - within)
    value *= (1 - 0.75 * np.exp(-((edge / 2.2) ** 2)) - 0.1 * np.exp(-edge / 9.0)).astype(np.float32)[:, None]
    warm = to_linear(colour)
    deep = warm * np.array([0.72, 0.62, 0.5], np.float32)
    share = np.clip(0.35 + 0.22 * grain, 0, 1)
    return between(share, warm, deep) * thrice(np.clip(value, 0.08, 1.6))


def _wood(rng: np.random.Generator, size_hw: tuple[int, int]) -> Float:
    colour = _WOODS[int(rng.integers(len(_WOODS)))]
    plank = size_hw[0] * rng.uniform(0.16, 0.3)
    if rng.random() < 0.35:
        return np.ascontiguousarray(planks(rng, (size_hw[1], size_hw[0]), plank, colour).transpose(1, 0, 2))
    return planks(rng, size_hw, plank, colour)


def _slate(rng: np.random.Generator, size_hw: tuple[int, int]) -> Float:
    cloud = fractal(rng, size_hw, 240, 5, stretch=1.6)
    vein = np.exp(-((fractal(rng, size_hw, 330, 4, stretch=2.2) / 0.035) ** 2))
    chip = fractal(rng, size_hw, 9, 2)
    value = 1 + 0.2 * cloud + 0.09 * chip + 0.3 * vein
    return in_colour(np.clip(value, 0.3, 2), to_linear((0.30, 0.32, 0.345)))


def _steel(rng: np.random.Generator, size_hw: tuple[int, int]) -> Float:
    brushed = fractal(rng, size_hw, 3, 2, stretch=120)
    sheen = fractal(rng, size_hw, size_hw[0] * 0.8, 1, stretch=3)
    value = 1 + 0.055 * brushed + 0.16 * sheen
    return in_colour(np.clip(value, 0.4, 1.5), to_linear((0.66, 0.68, 0.70)))


def _paper(rng: np.random.Generator, size_hw: tuple[int, int]) -> Float:
    fibre = fractal(rng, size_hw, 6, 2)
    cloud = fractal(rng, size_hw, 260, 3)
    colour = ((0.86, 0.85, 0.82), (0.80, 0.72, 0.60), (0.76, 0.79, 0.80))[int(rng.integers(3))]
    return in_colour(1 + 0.02 * fibre + 0.025 * cloud, to_linear(colour))


def _cloth(rng: np.random.Generator, size_hw: tuple[int, int]) -> Float:
    y, x = np.mgrid[: size_hw[0], : size_hw[1]].astype(np.float32)
    sway = fractal(rng, size_hw, 90, 2)
    weave = np.sin(x * 0.95 + sway) * np.sin(y * 0.95 - sway)
    fold = cv2.GaussianBlur(fractal(rng, size_hw, 330, 2, stretch=0.5), (0, 0), 6)
    colour = ((0.22, 0.34, 0.20), (0.66, 0.60, 0.50), (0.24, 0.29, 0.36))[int(rng.integers(3))]
    value = 1 + 0.15 * weave + 0.09 * fold + 0.05 * fractal(rng, size_hw, 5, 1)
    return in_colour(np.clip(value, 0.3, 1.6), to_linear(colour))


GROUNDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Float]] = {
    "wood": _wood,
    "slate": _slate,
    "steel": _steel,
    "paper": _paper,
    "cloth": _cloth,
}
