"""Drawn pictures of three classes as a training wants them: rows with ids and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, ImageId
from lydite.data import load_image
from pictures import BLUE, GREEN, RED, disc, ground, save

CLASSES = ClassMap(("blue", "green", "red"))
COLOURS = (BLUE, GREEN, RED)


@dataclass(frozen=True)
class Drawn:
    """Pictures on the disk."""

    paths: tuple[Path, ...]
    labels: npt.NDArray[np.int64]

    @cached_property
    def pictures(self) -> Sequence[ImageId]:
        return [ImageId.of_bytes(path.read_bytes()) for path in self.paths]

    def load(self, row: int) -> npt.NDArray[np.uint8]:
        return load_image(self.paths[row]).pixels


def draw(folder: Path, count: int = 24) -> Drawn:
    """``count`` pictures, classes in turn, discs of different places and sizes."""
    rng = np.random.default_rng(0)
    paths = []
    for k in range(count):
        place = (int(rng.integers(25, 70)), int(rng.integers(20, 50)))
        pixels = disc(ground((70, 90), k), place, int(rng.integers(8, 20)), COLOURS[k % 3])
        paths.append(save(pixels, folder / f"{k:03d}.png"))
    return Drawn(tuple(paths), np.arange(count, dtype=np.int64) % 3)
