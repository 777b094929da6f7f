"""Printed and cut things: price tags, stickers, cardboard, slats."""

from __future__ import annotations

import cv2
import numpy as np

from lydite.data.shelf.ground import planks
from lydite.data.shelf.light import Light, to_linear
from lydite.data.shelf.noise import fractal
from lydite.data.shelf.sprite import Sprite
from lydite.data.shelf.things.print import write_digits, write_words
from lydite.data.shelf.things.sheet import cut_card, light_sheet


def draw_price_tag(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A card with a price, small print and a bar code."""
    width = int(unit * rng.uniform(1.9, 2.3))
    height = int(width * rng.uniform(0.5, 0.56))
    colour = ((0.96, 0.95, 0.91), (0.98, 0.86, 0.22), (0.93, 0.94, 0.95), (0.16, 0.17, 0.17))[
        int(rng.integers(4))
    ]
    albedo, cover = cut_card(rng, width, height, colour, int(unit * 0.08))
    light_ink = sum(colour) < 1
    ink = to_linear((0.92, 0.92, 0.88) if light_ink else (0.10, 0.10, 0.12))
    if not light_ink and rng.random() < 0.6:
        band = to_linear(((0.10, 0.42, 0.22), (0.72, 0.10, 0.10), (0.12, 0.25, 0.50))[int(rng.integers(3))])
        albedo[: int(height * 0.27)] = band
        box = (int(width * 0.08), int(height * 0.05), int(width * 0.8), int(height * 0.24))
        write_words(albedo, rng, box, 1, to_linear((0.95, 0.95, 0.92)))
    cell = height * 0.115
    price = f"{rng.integers(0, 10)}.{rng.integers(1, 10)}9"
    write_digits(albedo, rng, (int(width * 0.1), int(height * 0.37)), cell, price, ink)
    write_words(
        albedo, rng, (int(width * 0.73), int(height * 0.36), int(width * 0.93), int(height * 0.62)), 3, ink
    )
    x = int(width * 0.73)
    while x < width * 0.92:
        bar = int(rng.integers(1, 4))
        cv2.rectangle(albedo, (x, int(height * 0.68)), (x + bar - 1, int(height * 0.88)), ink.tolist(), -1)
        x += bar + int(rng.integers(2, 5))
    return light_sheet(albedo, cover, light, unit * 0.12)


def draw_sticker(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A round label with a product number."""
    side = int(unit * rng.uniform(0.85, 1.1))
    hue = ((0.80, 0.12, 0.12), (0.10, 0.36, 0.62), (0.13, 0.48, 0.24), (0.95, 0.72, 0.10))[
        int(rng.integers(4))
    ]
    albedo = np.broadcast_to(to_linear(hue), (side, side, 3)).copy()
    cover = np.zeros((side, side), np.uint8)
    half = side // 2
    axes = (int(half * 0.95), int(half * rng.uniform(0.7, 0.95)))
    cv2.ellipse(cover, (half, half), axes, 0, 0, 360, 1, -1)
    white = to_linear((0.96, 0.96, 0.93))
    cv2.ellipse(
        albedo,
        (half, half),
        (int(axes[0] * 0.84), int(axes[1] * 0.84)),
        0,
        0,
        360,
        white.tolist(),
        2,
        cv2.LINE_AA,
    )
    cell = side * 0.06
    write_digits(
        albedo, rng, (int(side * 0.16), int(half - 2 * cell)), cell, f"{rng.integers(3000, 4999)}", white
    )
    return light_sheet(albedo, cover, light, unit * 0.05)


def draw_cardboard(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A piece of a box: fold, tape, print."""
    width, height = int(unit * rng.uniform(2.2, 3.0)), int(unit * rng.uniform(1.4, 2.0))
    albedo, cover = cut_card(rng, width, height, (0.70, 0.54, 0.36), 2)
    ribs = 0.04 * np.sin(np.arange(width, dtype=np.float32) * 0.8)
    albedo *= (1 + ribs[None, :] + 0.05 * fractal(rng, (height, width), 50, 4))[..., None]
    fold = int(height * rng.uniform(0.28, 0.4))
    albedo[:fold] *= np.float32(0.78)
    albedo[max(fold - 2, 0) : fold + 1] *= np.float32(0.6)
    tape = int(width * rng.uniform(0.3, 0.6))
    albedo[:, tape : tape + int(unit * 0.28)] *= np.array([0.86, 0.74, 0.52], np.float32)
    ink = to_linear((0.28, 0.19, 0.12))
    write_words(
        albedo, rng, (int(width * 0.08), int(height * 0.55), int(width * 0.4), int(height * 0.85)), 3, ink
    )
    return light_sheet(albedo, cover, light, unit * 0.4)


def draw_crate_slat(rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """A slat with its nails."""
    width, height = int(unit * rng.uniform(3.4, 4.6)), int(unit * rng.uniform(0.55, 0.8))
    albedo = planks(rng, (height, width), height * 4.0, (0.74, 0.58, 0.38))
    cover = np.zeros((height, width), np.uint8)
    cover[3:-3, 3:-3] = 1
    for x in (0.06, 0.94):
        for y in (0.3, 0.7):
            cv2.circle(
                albedo,
                (int(width * x), int(height * y)),
                max(int(unit * 0.05), 2),
                (0.1, 0.1, 0.11),
                -1,
                cv2.LINE_AA,
            )
    return light_sheet(albedo, cover, light, unit * 0.22)
