"""The camera: how a sensor turns light into a photograph."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.channels import thrice
from lydite.data.shelf.light import Light
from lydite.data.shelf.noise import Float


def photograph(linear: Float, light: Light, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Develop linear light into an 8-bit sRGB picture: fall-off, lens blur, tone curve, grain.

    Args:
        linear: ``(h, w, 3)`` float32, 1.0 is a white sheet in full light.
        light: Its camera settings are used.
        rng: Source of the grain.

    Returns:
        ``(h, w, 3)`` uint8 RGB.
    """
    height, width = linear.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    fall = 1 - np.float32(light.vignette) * (x * x + y * y) / 2
    fall *= 1 + np.float32(light.slope) * (
        x * np.float32(light.direction[0]) - y * np.float32(light.direction[1])
    )
    exposed = cv2.GaussianBlur(linear, (0, 0), light.blur) * thrice(fall * np.float32(light.exposure))
    toned = _tone(exposed) * np.float32(255)
    coarse = rng.standard_normal((height, width, 3), np.float32)
    grain = cv2.GaussianBlur(coarse, (0, 0), 0.6) * np.float32(1.7) * np.float32(light.grain)
    return np.clip(np.rint(toned + grain), 0, 255).astype(np.uint8)


def _tone(exposed: Float) -> Float:
    """A shoulder for the highlights, then the display's gamma."""
    knee = np.float32(0.7)
    over = np.maximum(exposed - knee, 0)
    shoulder = np.minimum(exposed, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    return np.asarray(np.maximum(shoulder, 0) ** np.float32(1 / 2.2), np.float32)
