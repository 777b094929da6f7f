"""A picture as training sees it: cropped, turned, coloured, degraded, covered. All in 8 bits, by OpenCV.

Everything random comes from one generator that the caller seeds from run, epoch and place, so a view is the
same in every process, with any number of workers, and after a resume. One resize and at most one rotation
interpolate; the rest are look-up tables.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from lydite.train.profiles import Profile

Pixels: TypeAlias = npt.NDArray[np.uint8]

_TRIES = 10


def augment(pixels: Pixels, size: int, profile: Profile, rng: np.random.Generator) -> Pixels:
    """One random view.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1; not changed.
        size: Side of the view in pixels.
        profile: How strongly.
        rng: All that is random.

    Returns:
        ``(size, size, 3)`` uint8 RGB, contiguous.
    """
    view = _crop(pixels, size, profile, rng)
    view = _turn(view, profile, rng)
    if profile.colour:
        view = _recolour(view, profile, rng)
    if rng.random() < profile.degrade:
        view = _degrade(view, rng)
    if rng.random() < profile.erase:
        view = _erase(view, rng)
    return np.ascontiguousarray(view)


def plain_view(pixels: Pixels, size: int) -> Pixels:
    """The view that predictions are made from: the centre square, without chance.

    Where a square cannot lie in the middle by whole pixels, what is taken is longer by one: so a mirrored or
    turned picture has the mirrored or turned view, but for the rounding of a resize.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB.
        size: Side of the view in pixels.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(resized(pixels[top : height - top, left : width - left], (size, size)))


def resized(pixels: Pixels, size_hw: tuple[int, int]) -> Pixels:
    """At another size: means over areas where it shrinks, bilinear where it grows."""
    height, width = size_hw
    if pixels.shape[:2] == size_hw:
        return pixels
    shrinks = height * width < pixels.shape[0] * pixels.shape[1]
    filter_ = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=filter_), np.uint8
    )


def _crop(pixels: Pixels, size: int, profile: Profile, rng: np.random.Generator) -> Pixels:
    """A random part of random area and ratio (Szegedy et al., 2015), at the size of the view."""
    if profile.smallest == 1:
        return plain_view(pixels, size)
    height, width = pixels.shape[:2]
    for _ in range(_TRIES):
        area = height * width * rng.uniform(profile.smallest, 1.0)
        ratio = np.exp(rng.uniform(-np.log(profile.stretch), np.log(profile.stretch)))
        h, w = max(1, round(np.sqrt(area / ratio))), max(1, round(np.sqrt(area * ratio)))
        if h <= height and w <= width:
            top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            return resized(pixels[top : top + h, left : left + w], (size, size))
    return plain_view(pixels, size)


def _turn(view: Pixels, profile: Profile, rng: np.random.Generator) -> Pixels:
    if rng.random() < profile.flip:
        view = view[:, ::-1]
    if rng.random() < profile.upend:
        view = view[::-1]
    if rng.random() < profile.quarter:
        view = np.rot90(view, int(rng.integers(1, 4)))
    if not profile.turn_deg:
        return view
    angle = rng.uniform(-profile.turn_deg, profile.turn_deg)
    size = view.shape[0]
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, 1.0)
    turned = cv2.warpAffine(
        np.ascontiguousarray(view),
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(turned, np.uint8)


def _recolour(view: Pixels, profile: Profile, rng: np.random.Generator) -> Pixels:
    """Brightness and contrast by one table, then saturation and hue, then perhaps no colour at all."""
    if profile.light:
        gain, lift = 1 + rng.uniform(-1, 1, 2) * profile.light
        level = float(view.mean())
        table = (np.arange(256) - level) * gain + level * lift
        view = np.asarray(
            cv2.LUT(np.ascontiguousarray(view), np.clip(table, 0, 255).astype(np.uint8)), np.uint8
        )
    if profile.saturation or profile.hue_deg:
        view = _reshade(view, profile, rng)
    if rng.random() < profile.grey:
        grey = cv2.cvtColor(np.ascontiguousarray(view), cv2.COLOR_RGB2GRAY)
        view = np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2)
    return view


def _reshade(view: Pixels, profile: Profile, rng: np.random.Generator) -> Pixels:
    gain = 1 + rng.uniform(-1, 1) * profile.saturation
    shift = rng.uniform(-1, 1) * profile.hue_deg / 2  # OpenCV counts hue in units of two degrees
    levels = np.arange(256)
    tables = np.stack(
        [
            ((levels + round(shift)) % 180).astype(np.uint8),
            np.clip(levels * gain, 0, 255).astype(np.uint8),
            levels.astype(np.uint8),
        ],
        axis=-1,
    )[None]
    shades = cv2.cvtColor(np.ascontiguousarray(view), cv2.COLOR_RGB2HSV)
    return np.asarray(cv2.cvtColor(cv2.LUT(shades, tables), cv2.COLOR_HSV2RGB), np.uint8)


def _degrade(view: Pixels, rng: np.random.Generator) -> Pixels:
    """What cameras and networks do: one of blur, JPEG, noise, fewer pixels."""
    view = np.ascontiguousarray(view)
    kind = int(rng.integers(4))
    if kind == 0:
        return np.asarray(cv2.GaussianBlur(view, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    if kind == 1:
        _, data = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 70))])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if kind == 2:
        noise = rng.normal(0, rng.uniform(2, 10), view.shape)
        return np.clip(view + noise, 0, 255).astype(np.uint8)
    size = view.shape[0]
    small = resized(view, (max(1, int(size * rng.uniform(0.4, 0.8))),) * 2)
    return resized(small, (size, size))


def _erase(view: Pixels, rng: np.random.Generator) -> Pixels:
    """A box of noise over 2 to 20 % (Zhong et al., 2020)."""
    size = view.shape[0]
    area = rng.uniform(0.02, 0.2) * size * size
    ratio = np.exp(rng.uniform(-1, 1))
    h, w = (min(size, max(1, round(float(side)))) for side in (np.sqrt(area / ratio), np.sqrt(area * ratio)))
    top, left = int(rng.integers(size - h + 1)), int(rng.integers(size - w + 1))
    covered = view.copy()
    covered[top : top + h, left : left + w] = rng.integers(0, 256, (h, w, 3), np.uint8)
    return covered
