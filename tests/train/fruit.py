"""A small folder of pictures whose class can be seen: coloured shapes, several products a class."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lydite.train.tasks import ImageTask, open_version

COLOURS = {"apple": (200, 40, 40), "lime": (60, 180, 60), "plum": (110, 50, 130)}


def draw(folder: Path, each: int = 6, classes: tuple[str, ...] = tuple(COLOURS), seed: int = 0) -> Path:
    """``folder/class/product/number.png``: discs of the class's colour on noise, two products a class."""
    random = np.random.default_rng(seed)
    for name in classes:
        for number in range(each):
            pixels = random.integers(150, 255, (48, 40, 3)).astype(np.uint8)
            centre = (int(random.integers(15, 25)), int(random.integers(15, 33)))
            shade = random.normal(0, 15, 3) + (10 if number % 2 else -10)
            colour = np.clip(np.array(COLOURS[name]) + shade, 0, 255)
            cv2.circle(pixels, centre, int(random.integers(8, 13)), colour.tolist(), -1)
            place = folder / name / f"{name}-{'ab'[number % 2]}"
            place.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place / f"{number}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return folder


def task_of(folder: Path, layout: str = "label/group") -> ImageTask:
    return ImageTask.of_version(open_version(folder, layout=layout))
