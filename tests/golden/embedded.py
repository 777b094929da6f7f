"""What the embedded encoder said of a drawn picture when it was made.

Run as a program after a new file of weights was exported: it writes the numbers down again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WRITTEN = Path(__file__).with_name("embedded.json")
SIDE_HW = (128, 192)
EVERY = 7
"""Channels that are kept: every seventh."""


def drawn_picture() -> npt.NDArray[np.uint8]:
    """Two striped discs and a plain one before a slope of grey: integers only, the same everywhere."""
    y, x = np.indices(SIDE_HW)
    picture = np.repeat((110 + (x + y) // 6)[:, :, None], 3, axis=2).astype(np.uint8)
    for centre, colour, stripe in ((32, (200, 40, 30), 4), (96, (40, 160, 60), 0), (160, (30, 60, 190), 7)):
        disc = (x - centre) ** 2 + (y - 64) ** 2 < 26**2
        picture[disc] = colour
        if stripe:
            picture[disc & ((x + y) // stripe % 2 == 0)] = (230, 220, 90)
    return picture


def sampled(cells: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Part of a map, ``(rows, columns, dim)``, that is worth writing down."""
    return cells[::3, ::4, ::EVERY]


def written() -> dict[str, Any]:
    """The numbers and the SHA-256 of the file that made them."""
    found: dict[str, Any] = json.loads(WRITTEN.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the numbers down."""
    from lydite.features import EncoderSettings, build_encoder

    encoder = build_encoder(EncoderSettings(encoder="embedded", short_side=SIDE_HW[0]))
    cells = sampled(encoder.encode(drawn_picture()).cells)
    rounded = [[[round(float(v), 5) for v in cell] for cell in row] for row in cells]
    WRITTEN.write_text(json.dumps({"weights": encoder.space.weights, "cells": rounded}), encoding="utf-8")


if __name__ == "__main__":
    main()
