"""Light: what shines on a shelf, and how skins answer it.

All light is linear; colours of the tables are sRGB and converted once.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.noise import Float

Colour = tuple[float, float, float]

UP = np.array([0.0, 0.62, 0.785], np.float32)  # the sky, for a camera that looks down at the shelf


@dataclass(frozen=True)
class Light:
    """The light over a shelf.

    Args:
        direction: Unit vector to the key light: x right, y up, z to the camera.
        key: Linear colour of the key light.
        sky: Linear colour of light from above.
        bounce: Linear colour of light from below.
        vignette: Darkening of the corners, 0 to 1.
        slope: Brightness gained over the picture along ``direction``'s x and y.
        exposure: Gain of the camera.
        grain: Standard deviation of the noise, in grey levels.
        blur: Standard deviation of the lens blur in pixels.
    """

    direction: Colour
    key: Colour
    sky: Colour
    bounce: Colour
    vignette: float
    slope: float
    exposure: float
    grain: float
    blur: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Light:
        """A believable shop or kitchen light."""
        azimuth = np.deg2rad(rng.uniform(40, 140))
        height = np.deg2rad(rng.uniform(38, 58))
        direction = (np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height))
        warm = rng.uniform(-0.6, 1.0)  # daylight to warm lamp
        key = np.array([1.0 + 0.09 * warm, 1.0, 1.0 - 0.17 * warm]) * rng.uniform(1.25, 1.6)
        sky = np.array([0.92, 0.98, 1.06]) * rng.uniform(0.42, 0.56)
        bounce = np.array([1.0, 0.86, 0.7]) * rng.uniform(0.1, 0.17)
        return cls(
            _triple(direction),
            _triple(key),
            _triple(sky),
            _triple(bounce),
            vignette=rng.uniform(0.1, 0.32),
            slope=rng.uniform(0.0, 0.16),
            exposure=rng.uniform(0.92, 1.1),
            grain=rng.uniform(1.2, 2.6),
            blur=rng.uniform(0.35, 0.6),
        )


def _triple(values: npt.ArrayLike) -> Colour:
    x, y, z = np.asarray(values, np.float64).tolist()
    return (x, y, z)


def to_linear(colour: npt.ArrayLike) -> Float:
    """SRGB in [0, 1] to linear light."""
    value = np.asarray(colour, np.float32)
    return (np.clip(value, 0, 1) ** np.float32(2.2)).astype(np.float32)


def shade(
    albedo: Float, normal: Float, open_sky: Float, gloss: float, sharpness: float, light: Light
) -> Float:
    """Light leaving one material towards the camera.

    Lambert with a soft terminator, a sky hemisphere with a warm bounce from below, Blinn's highlight plus the
    reflection of a lamp, and a Fresnel rim.

    Args:
        albedo: ``(n, 3)`` linear.
        normal: ``(n, 3)`` unit.
        open_sky: ``(n,)`` share of light that reaches the place, from :func:`find_open_sky`.
        gloss: Strength of reflections, 0 to 1.
        sharpness: Exponent of the highlight.
        light: The light.

    Returns:
        ``(n, 3)`` float32 linear.
    """
    to_light = np.array(light.direction, np.float32)
    key, sky, bounce = (np.array(colour, np.float32) for colour in (light.key, light.sky, light.bounce))
    wrapped = np.maximum((normal @ to_light + np.float32(0.22)) / np.float32(1.22), 0)
    diffuse = wrapped * np.sqrt(np.sqrt(wrapped))
    above = np.float32(0.5) + np.float32(0.5) * (normal @ UP)
    lit = albedo * (diffuse[:, None] * key + bounce + above[:, None] * (sky - bounce))
    edge = np.clip(1 - normal[:, 2], 0, 1)
    edge_cubed = edge * edge * edge
    lit *= (1 - np.float32(0.35) * edge_cubed)[:, None]
    half = to_light + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    # exp(n (c - 1)) is Blinn's cosine power near its peak, at a third of the cost.
    spark = np.exp(np.float32(sharpness) * (normal @ half - 1)) + np.float32(0.55) * _lamp(normal, to_light)
    rim = edge_cubed * edge * above * np.float32(0.45 * gloss)
    lit += (spark * np.float32(0.62 * gloss))[:, None] * key + rim[:, None] * sky
    shaded: Float = lit * open_sky[:, None]
    return shaded


def find_open_sky(depth: Float, cover: npt.NDArray[np.bool_]) -> Float:
    """How much light reaches each place of a thing: hollows, which lie below their surroundings, get less.

    Args:
        depth: ``(h, w)`` pixels towards the camera.
        cover: ``(h, w)`` silhouette.

    Returns:
        ``(h, w)`` float32 from 0.28 to 1.
    """
    sigma = max(depth.shape) / 22
    weight = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), sigma)
    around = cv2.GaussianBlur(depth * cover, (0, 0), sigma) / np.maximum(weight, np.float32(1e-3))
    sunk = np.maximum(around - depth, 0) / np.float32(sigma)
    inside = np.clip((weight - np.float32(0.8)) * 5, 0, 1)  # silhouettes fall away without being hollows
    share = np.float32(1) - np.minimum(sunk * np.float32(0.75), np.float32(0.72)) * inside
    return np.asarray(share, np.float32)


def _lamp(normal: Float, to_light: Float) -> Float:
    """The blurred reflection of an oblong lamp."""
    reflected = 2 * normal[:, 2:] * normal - np.array([0, 0, 1], np.float32)
    side = np.cross(to_light, np.array([0, 1, 0], np.float32))
    side /= np.linalg.norm(side)
    u, v = np.abs(reflected @ side), np.abs(reflected @ np.cross(side, to_light))
    wide = np.clip((np.float32(0.42) - u) / np.float32(0.22), 0, 1)
    high = np.clip((np.float32(0.26) - v) / np.float32(0.16), 0, 1)
    return np.asarray(wide * high * ((reflected @ to_light) > 0), np.float32)
