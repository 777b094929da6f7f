"""A lit thing on transparent ground, ready to be laid on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.channels import thrice
from lydite.data.shelf.noise import Float


@dataclass(frozen=True, eq=False)
class Sprite:
    """A lit thing on transparent ground.

    Args:
        colour: ``(h, w, 3)`` float32 linear light.
        cover: ``(h, w)`` float32 opacity.
        origin_yx: Place in the window that lands on the asked position.
        height: Height above the ground in pixels: how far and how soft its shadow falls.
    """

    colour: Float
    cover: Float
    origin_yx: tuple[int, int]
    height: float


def soften(cover: npt.NDArray[np.generic]) -> Float:
    """The opacity of a silhouette, with a soft edge."""
    return np.asarray(cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.7), np.float32)


def bleed(colour: Float, cover: npt.NDArray[np.bool_]) -> Float:
    """Colours continued beyond the silhouette, so that a soft edge shows no dark fringe."""
    solid = cover.astype(np.float32)
    near = np.maximum(cv2.GaussianBlur(solid, (0, 0), 1.6), np.float32(1e-3))
    beyond = cv2.GaussianBlur(colour * thrice(solid), (0, 0), 1.6) / thrice(near)
    return np.asarray(cv2.copyTo(colour, solid.astype(np.uint8), beyond), np.float32)


def turned(sprite: Sprite, degrees: float) -> Sprite:
    """A sprite turned counter-clockwise around its middle."""
    height, width = sprite.cover.shape
    side = int(np.ceil(np.hypot(height, width))) + 4
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    # Opacity weighs the colours, so that what is outside does not bleed in.
    weighted = sprite.colour * thrice(sprite.cover)
    solid = np.asarray(cv2.warpAffine(sprite.cover, turn, (side, side)), np.float32)
    mixed = np.asarray(cv2.warpAffine(weighted, turn, (side, side)), np.float32)
    colour = mixed / thrice(np.maximum(solid, np.float32(1e-3)))
    return Sprite(np.asarray(colour, np.float32), solid, (side // 2, side // 2), sprite.height)
