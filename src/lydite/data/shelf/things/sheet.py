"""A flat or creased sheet in the light: what most clutter is made of."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.channels import thrice
from lydite.data.shelf.ground import light_flat
from lydite.data.shelf.light import Light, to_linear
from lydite.data.shelf.noise import Float, fractal
from lydite.data.shelf.sprite import Sprite, soften


def light_sheet(
    albedo: Float, cover: npt.NDArray[np.generic], light: Light, height: float, bumps: Float | None = None
) -> Sprite:
    """A sheet; ``bumps`` is its relief in pixels."""
    lit = light_flat(albedo, light)
    if bumps is not None:
        down, right = np.gradient(bumps)
        x, y, z = light.direction
        slope = np.asarray(np.clip(1 + (-right * x + down * y) / z, 0.35, 1.6), np.float32)
        lit = lit * thrice(slope)
    return Sprite(lit, soften(cover), (cover.shape[0] // 2, cover.shape[1] // 2), height)


def cut_card(
    rng: np.random.Generator, width: int, height: int, colour: tuple[float, float, float], corner: int
) -> tuple[Float, npt.NDArray[np.uint8]]:
    """Colour and silhouette of a card with rounded corners."""
    albedo = np.broadcast_to(to_linear(colour), (height, width, 3)).copy()
    albedo *= (1 + 0.02 * fractal(rng, (height, width), 40, 3))[..., None]
    cover = np.zeros((height, width), np.uint8)
    cv2.rectangle(cover, (2 + corner, 2), (width - 3 - corner, height - 3), 1, -1)
    cv2.rectangle(cover, (2, 2 + corner), (width - 3, height - 3 - corner), 1, -1)
    for y in (2 + corner, height - 3 - corner):
        for x in (2 + corner, width - 3 - corner):
            cv2.circle(cover, (x, y), corner, 1, -1, cv2.LINE_8)
    return albedo, cover
