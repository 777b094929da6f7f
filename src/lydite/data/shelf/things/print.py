"""Marks that read as print: digits from strokes, and rows of small words."""

from __future__ import annotations

import cv2
import numpy as np

from lydite.data.shelf.noise import Float

# Strokes of the digits 0 to 9 on a cell 2 wide and 4 high.
_DIGITS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((0, 0), (2, 0), (2, 4), (0, 4), (0, 0)),
    ((0, 1), (1, 0), (1, 4)),
    ((0, 0), (2, 0), (2, 2), (0, 4), (2, 4)),
    ((0, 0), (2, 0), (1, 2), (2, 2), (2, 4), (0, 4)),
    ((2, 3), (0, 3), (1, 0), (1, 4)),
    ((2, 0), (0, 0), (0, 2), (2, 2), (2, 4), (0, 4)),
    ((2, 0), (0, 1), (0, 4), (2, 4), (2, 2), (0, 2)),
    ((0, 0), (2, 0), (0, 4)),
    ((0, 0), (2, 0), (0, 4), (2, 4), (0, 0)),
    ((2, 2), (0, 2), (0, 0), (2, 0), (2, 2), (1, 4)),
)


def write_digits(
    albedo: Float, rng: np.random.Generator, at_xy: tuple[int, int], cell: float, text: str, ink: Float
) -> None:
    """Draw digits (and points) into a linear picture, ``cell`` pixels a stroke unit."""
    x0, y0 = at_xy
    for character in text:
        if character == ".":
            cv2.circle(
                albedo, (int(x0), int(y0 + 4 * cell)), max(int(cell * 0.4), 1), ink.tolist(), -1, cv2.LINE_AA
            )
            x0 += int(1.2 * cell)
            continue
        strokes = np.array(_DIGITS[int(character)], np.float64) * cell + rng.normal(0, cell * 0.05, 2)
        points = np.rint(strokes + np.array([x0, y0])).astype(np.int32)
        cv2.polylines(albedo, [points], False, ink.tolist(), max(int(cell * 0.62), 1), cv2.LINE_AA)
        x0 += int(3.1 * cell)


def write_words(
    albedo: Float, rng: np.random.Generator, box: tuple[int, int, int, int], rows: int, ink: Float
) -> None:
    """Rows of marks that read as small print."""
    x0, y0, x1, y1 = box
    pitch = (y1 - y0) / max(rows, 1)
    for row in range(rows):
        x, y = float(x0), int(y0 + pitch * (row + 0.5))
        end = x0 + (x1 - x0) * rng.uniform(0.6, 1.0)
        while x < end:
            length = rng.uniform(0.5, 2.6) * pitch
            cv2.line(
                albedo, (int(x), y), (int(min(x + length, end)), y), ink.tolist(), max(int(pitch * 0.4), 1)
            )
            x += length + pitch * 0.5
