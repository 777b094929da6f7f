"""Pictures with known instances, and detectors that err in known ways."""

from __future__ import annotations

import numpy as np

from lydite.core import Boxes, ClassMap, Masks
from lydite.metrics import ImageResult, ImageTruth

CLASSES = ClassMap(("apple", "pear", "plum"))
SIZE_HW = (60, 80)


def boxes_at(*rows: tuple[float, float, float, float]) -> Boxes:
    return Boxes(np.array(rows, np.float32).reshape(-1, 4))


def truth_of(image: str, boxes: Boxes, labels: list[int]) -> ImageTruth:
    return ImageTruth(image, boxes, Masks.from_boxes(boxes, SIZE_HW), np.array(labels, np.int64))


def result_of(image: str, boxes: Boxes, labels: list[int], scores: list[float]) -> ImageResult:
    masks = Masks.from_boxes(boxes, SIZE_HW)
    return ImageResult(image, boxes, masks, np.array(labels, np.int64), np.array(scores, np.float32))


def perfect(truth: ImageTruth) -> ImageResult:
    return ImageResult(truth.image, truth.boxes, truth.masks, truth.labels, np.ones(len(truth), np.float32))


def random_scene(seed: int, images: int = 8, classes: int = 3) -> tuple[list[ImageTruth], list[ImageResult]]:
    """Truth, and a detector that shifts boxes, confuses classes, misses and invents."""
    random = np.random.default_rng(seed)
    truth, results = [], []
    for image in range(images):
        count = int(random.integers(0, 7))
        corners = random.integers(0, 40, (count, 2))
        boxes = np.concatenate([corners, corners + random.integers(5, 20, (count, 2))], axis=1)
        labels = random.integers(0, classes, count)
        found = np.concatenate([boxes + random.integers(-2, 3, boxes.shape)] * 2)
        keep = random.random(len(found)) < 0.6
        wrong = random.random(len(found)) < 0.2
        guessed = np.where(wrong, random.integers(0, classes, len(found)), np.concatenate([labels] * 2))
        scores = random.permutation(len(found)) / 100 + image / 10_000
        truth.append(truth_of(f"picture {image}", Boxes(boxes), labels.tolist()))
        clipped = Boxes(found[keep]).clip(SIZE_HW)
        results.append(result_of(f"picture {image}", clipped, guessed[keep].tolist(), scores[keep].tolist()))
    return truth, results
