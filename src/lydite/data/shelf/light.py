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
        albedo: ``(3, n)`` linear.
        normal: ``(3, n)`` unit.
        open_sky: ``(n,)`` share of light that reaches the place, from :func:`find_open_sky`.
        gloss: Strength of reflections, 0 to 1.
        sharpness: Exponent of the highlight.
        light: The light.

    Returns:
        ``(3, n)`` float32 linear.
    """
    to_light = np.array(light.direction, np.float32)
    key, sky, bounce = (
        np.array(colour, np.float32)[:, None] for colour in (light.key, light.sky, light.bounce)
    )
    wrapped = np.maximum((to_light @ normal + np.float32(0.22)) / np.float32(1.22), 0)
    diffuse = wrapped * np.sqrt(np.sqrt(wrapped))
    above = np.float32(0.5) + np.float32(0.5) * (UP @ normal)
    lit = albedo * (diffuse * key + bounce + above * (sky - bounce))
    edge = np.clip(1 - normal[2], 0, 1)
    edge_cubed = edge * edge * edge
    lit *= 1 - np.float32(0.35) * edge_cubed
    half = to_light + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    # exp(n (c - 1)) is Blinn's cosine power near its peak, at a third of the cost.
    spark = np.exp(np.float32(sharpness) * (half @ normal - 1)) + np.float32(0.55) * _lamp(normal, to_light)
    rim = edge_cubed * edge * above * np.float32(0.45 * gloss)
    lit += (spark * np.float32(0.62 * gloss)) * key + rim * sky
    shaded: Float = lit * open_sky
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
    weight = _blur_wide(cover.astype(np.float32), sigma)
    around = _blur_wide(depth * cover, sigma) / np.maximum(weight, np.float32(1e-3))
    sunk = np.maximum(around - depth, 0) / np.float32(sigma)
    inside = np.clip((weight - np.float32(0.8)) * 5, 0, 1)  # silhouettes fall away without being hollows
    share = np.float32(1) - np.minimum(sunk * np.float32(0.75), np.float32(0.72)) * inside
    return np.asarray(share, np.float32)


def _blur_wide(plane: Float, sigma: float) -> Float:
    """A Gaussian blur, on a coarser grid as far as its width allows."""
    shrink = int(sigma / 3)
    if shrink < 2:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
    height, width = plane.shape
    # Whole cells, so that the coarse grid lies exactly on the fine one.
    padded = cv2.copyMakeBorder(plane, 0, -height % shrink, 0, -width % shrink, cv2.BORDER_REFLECT_101)
    wide_wh = (padded.shape[1], padded.shape[0])
    small_wh = (wide_wh[0] // shrink, wide_wh[1] // shrink)
    small = cv2.resize(padded, small_wh, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    wide = cv2.resize(blurred, wide_wh, interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide[:height, :width], np.float32)


def _lamp(normal: Float, to_light: Float) -> Float:
    """The blurred reflection of an oblong lamp."""
    reflected = 2 * normal[2] * normal - np.array([[0], [0], [1]], np.float32)
    side = np.cross(to_light, np.array([0, 1, 0], np.float32))
    side /= np.linalg.norm(side)
    u, v = np.abs(side @ reflected), np.abs(np.cross(side, to_light) @ reflected)
    wide = np.clip((np.float32(0.42) - u) / np.float32(0.22), 0, 1)
    high = np.clip((np.float32(0.26) - v) / np.float32(0.16), 0, 1)
    return np.asarray(wide * high * ((to_light @ reflected) > 0), np.float32)
