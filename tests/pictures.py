"""Small drawn pictures and example folders for tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
RED, GREEN, BLUE, YELLOW = (200, 40, 40), (50, 160, 60), (50, 70, 190), (230, 200, 50)


def ground(size_hw: tuple[int, int] = (120, 160), seed: int = 0) -> Pixels:
    """A grey ground with a little noise."""
    noise = np.random.default_rng(seed).normal(0, 4, (*size_hw, 3))
    return np.clip(np.full((*size_hw, 3), 190.0) + noise, 0, 255).astype(np.uint8)


def disc(pixels: Pixels, xy: tuple[int, int], radius: int, colour: tuple[int, int, int]) -> Pixels:
    """The picture with a disc drawn on it."""
    drawn = pixels.copy()
    cv2.circle(drawn, xy, radius, colour, -1, cv2.LINE_AA)
    return drawn


def square(pixels: Pixels, xy: tuple[int, int], side: int, colour: tuple[int, int, int]) -> Pixels:
    """The picture with a square drawn on it."""
    drawn = pixels.copy()
    x, y = xy
    drawn[y : y + side, x : x + side] = colour
    return drawn


def save(pixels: Pixels, path: Path) -> Path:
    """Write a picture, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def example(colour: tuple[int, int, int], seed: int) -> tuple[Pixels, Pixels]:
    """A disc on a ground, and its mask."""
    pixels = disc(ground((64, 64), seed), (32, 32), 20, colour)
    mask = np.zeros((64, 64), np.uint8)
    cv2.circle(mask, (32, 32), 20, 255, -1)
    return pixels, mask


def write_examples(
    folder: Path, colours: dict[str, tuple[int, int, int]], count: int = 3, masks: bool = True
) -> Path:
    """``folder/<class>/<k>.jpg`` with a mask PNG of the same stem each."""
    for name, colour in colours.items():
        for k in range(count):
            pixels, mask = example(colour, k)
            save(pixels, folder / name / f"{k}.jpg")
            if masks:
                save(mask, folder / name / f"{k}.png")
    return folder


def write_placed_examples(folder: Path, colours: dict[str, tuple[int, int, int]], count: int = 4) -> Path:
    """``folder/<class>/<k>.jpg`` with masks: each a small disc in a wide picture, not a close-up."""
    for name, colour in colours.items():
        for k in range(count):
            centre = (40 + 20 * k, 50 + 5 * k)
            mask = np.zeros((120, 160), np.uint8)
            cv2.circle(mask, centre, 17, 255, -1)
            save(disc(ground((120, 160), k), centre, 17, colour), folder / name / f"{k}.jpg")
            save(mask, folder / name / f"{k}.png")
    return folder


def write_scene(path: Path, seed: int = 0, things: bool = True) -> Path:
    """A picture with two red discs, one green disc, and a blue square as clutter."""
    pixels = ground((120, 160), seed)
    if things:
        pixels = disc(disc(pixels, (35, 35), 16, RED), (110, 80), 20, RED)
        pixels = disc(pixels, (50, 90), 14, GREEN)
    pixels = square(pixels, (120, 10), 26, BLUE)
    return save(pixels, path)
