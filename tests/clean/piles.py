"""Pictures, piles and workspaces for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.clean import Pile
from lydite.data.dataset import DatasetVersion, Intake

Pixels = npt.NDArray[np.uint8]


def scenery(seed: int, size_hw: tuple[int, int] = (120, 160)) -> Pixels:
    """A picture of many discs: detailed, sharp, of middling light, and unlike that of another seed."""
    random = np.random.default_rng(seed)
    pixels = np.full((*size_hw, 3), 120, np.uint8)
    for _ in range(40):
        centre = (int(random.integers(size_hw[1])), int(random.integers(size_hw[0])))
        colour = tuple(map(int, random.integers(20, 235, 3)))
        cv2.circle(pixels, centre, int(random.integers(4, 24)), colour, -1)
    noise = random.integers(-6, 7, pixels.shape)
    return np.asarray(np.clip(pixels + noise, 0, 255), np.uint8)


def write(path: Path, pixels: Pixels) -> Path:
    """Save without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def thumb(pixels: Pixels) -> Pixels:
    """What near duplicates are found by."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA), np.uint8)


def pile(pictures: Sequence[Pixels], **columns: Any) -> Pile:
    """A pile of pictures in memory; columns that are not given are empty."""
    count = len(pictures)
    nothing = (None,) * count
    return Pile(
        tuple(f"t:{row}" for row in range(count)),
        tuple(columns.get("images", (f"{row:064x}" for row in range(count)))),
        tuple(columns.get("labels", nothing)),
        tuple(columns.get("groups", nothing)),
        tuple(columns.get("splits", nothing)),
        np.array([p.shape[0] * p.shape[1] for p in pictures], np.int64),
        np.stack([thumb(p) for p in pictures]),
        columns.get("vectors"),
    )


def version_of(root: Path, rows: Sequence[dict[str, Any]]) -> DatasetVersion:
    """A first version of the pictures below a folder; rows hold ``path`` and maybe ``label``, ``split``..."""
    items = [{"item": f"shop:{row['path']}", "source": "shop", **row} for row in rows]
    return DatasetVersion.begin(Intake.of(items, roots={"shop": root}), "anna", "first")
