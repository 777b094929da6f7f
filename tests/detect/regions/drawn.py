"""Drawn pictures with known truth, for the tests of regions and proposers."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def disc(size_hw: tuple[int, int], centre_xy: tuple[int, int], radius: float) -> Mask:
    y, x = np.mgrid[: size_hw[0], : size_hw[1]]
    return np.asarray(np.hypot(x - centre_xy[0], y - centre_xy[1]) <= radius, np.bool_)


def square(size_hw: tuple[int, int], corner_xy: tuple[int, int], side: int) -> Mask:
    mask = np.zeros(size_hw, np.bool_)
    mask[corner_xy[1] : corner_xy[1] + side, corner_xy[0] : corner_xy[0] + side] = True
    return mask


def paint(size_hw: tuple[int, int], things: list[tuple[Mask, tuple[int, int, int]]], seed: int = 0) -> Pixels:
    """Things over grey, later ones on top, softened by a lens and speckled by a sensor."""
    canvas = np.full((*size_hw, 3), 128, np.float64)
    for mask, colour in things:
        canvas[mask] = colour
    soft = cv2.GaussianBlur(canvas, (0, 0), 0.8)
    noisy = soft + np.random.default_rng(seed).normal(0, 4, soft.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def noise(size_hw: tuple[int, int], seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*size_hw, 3), dtype=np.uint8)


def iou(one: Mask, other: Mask) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))
