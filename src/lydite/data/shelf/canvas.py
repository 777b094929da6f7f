"""The picture in the making: things are laid on it one by one, each with its shadow, and who owns which
pixel is remembered.

Everything happens at twice the final size; :meth:`Canvas.develop` averages down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.channels import in_colour, thrice
from lydite.data.shelf.light import Light
from lydite.data.shelf.noise import Float
from lydite.data.shelf.sprite import Sprite

SUPERSAMPLE = 2
_SHADOW_SCALE = 4  # shadows are soft: they are computed on a coarser grid


@dataclass(eq=False)
class Canvas:
    """A picture to which sprites are added from the ground up.

    Args:
        light: Where shadows fall.
        colour: ``(h, w, 3)`` float32 linear light so far.
        owner: ``(h, w)`` int32, number of the thing on top, -1 for the ground.
    """

    light: Light
    colour: Float
    owner: npt.NDArray[np.int32]

    @classmethod
    def on(cls, ground: Float, light: Light) -> Canvas:
        """A canvas with nothing on a lit ground."""
        return cls(light, ground.copy(), np.full(ground.shape[:2], -1, np.int32))

    def lay(self, sprite: Sprite, at_yx: tuple[float, float], number: int) -> float:
        """Put a sprite, with its shadow, on everything that is there.

        Args:
            sprite: What to lay.
            at_yx: Place of its origin, in canvas pixels; may be outside.
            number: Owner number, higher than all before.

        Returns:
            The sprite's own area in canvas pixels, hidden and outside parts included.
        """
        top = round(at_yx[0]) - sprite.origin_yx[0]
        left = round(at_yx[1]) - sprite.origin_yx[1]
        if sprite.height > 0:
            self._cast_shadow(sprite, top, left)
        window, part = self._meet(top, left, sprite.cover.shape)
        ground, cover = self.colour[window], sprite.cover[part]
        if ground.size:
            ground += (sprite.colour[part] - ground) * thrice(cover)
            self.owner[window][cover >= 0.5] = number
        return float((sprite.cover >= 0.5).sum())

    def _cast_shadow(self, sprite: Sprite, top: int, left: int) -> None:
        """A tight dark contact, and a wide one thrown away from the light."""
        x, y, z = self.light.direction
        reach = sprite.height * 0.55
        margin = int(sprite.height * 1.5) + 8
        size_hw = tuple(side + 2 * margin for side in sprite.cover.shape)
        window, part = self._meet(top - margin, left - margin, size_hw)
        ground = self.colour[window]
        if not ground.size:
            return
        cover = cv2.copyMakeBorder(sprite.cover, *(margin,) * 4, cv2.BORDER_CONSTANT, value=0.0)
        small_wh = (-(-cover.shape[1] // _SHADOW_SCALE), -(-cover.shape[0] // _SHADOW_SCALE))
        small = cv2.resize(cover, small_wh, interpolation=cv2.INTER_AREA)
        dark = np.zeros_like(small)
        for strength, throw, sigma in ((0.62, 0.75, 0.30), (0.6, 0.2, 0.1), (0.35, 0.08, 0.045)):
            shift = np.array(
                [
                    [1, 0, -x / z * reach * throw / _SHADOW_SCALE],
                    [0, 1, y / z * reach * throw / _SHADOW_SCALE],
                ]
            )
            moved = cv2.warpAffine(small, shift, small_wh, flags=cv2.INTER_LINEAR)
            soft = cv2.GaussianBlur(moved, (0, 0), max(sprite.height * sigma / _SHADOW_SCALE, 0.5))
            dark = 1 - (1 - dark) * (1 - np.float32(strength) * soft)
        size_wh = (cover.shape[1], cover.shape[0])
        shadow = np.asarray(cv2.resize(dark, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)
        # Shadows keep some of the bounced warmth.
        tint = np.array([0.93, 0.97, 1.0], np.float32)
        ground *= 1 - in_colour(shadow[part], tint)

    def _meet(
        self, top: int, left: int, size_hw: tuple[int, ...]
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Slices of the canvas and of a piece where they overlap."""
        height, width = self.owner.shape
        y0, x0 = min(max(top, 0), height), min(max(left, 0), width)
        y1, x1 = max(min(top + size_hw[0], height), y0), max(min(left + size_hw[1], width), x0)
        return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))

    def develop(self) -> tuple[Float, npt.NDArray[np.int32]]:
        """The linear picture and its owners at final size.

        A final pixel belongs to the thing that owns most of its four parts; of two equal halves, to
        the upper one.
        """
        height, width = self.owner.shape
        size_wh = (width // SUPERSAMPLE, height // SUPERSAMPLE)
        linear = cv2.resize(self.colour, size_wh, interpolation=cv2.INTER_AREA)
        a, b, c, d = (self.owner[y::SUPERSAMPLE, x::SUPERSAMPLE] for y in (0, 1) for x in (0, 1))
        # Third of four in order: the majority where three agree, the upper one of two pairs.
        higher = np.minimum(np.maximum(a, b), np.maximum(c, d))
        owner = np.maximum(higher, np.maximum(np.minimum(a, b), np.minimum(c, d)))
        return linear.astype(np.float32), owner
