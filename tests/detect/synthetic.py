"""Evidence out of thin air, for laws about rules."""

from __future__ import annotations

import numpy as np

from lydite.core import Candidates, ClassMap, ItemId, Masks
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.scoring import NEAREST_KEPT, Scores

BANK_SHAPES = np.array([[0.97, 0.6, 0.97, 0.98], [0.9, 0.9, 0.95, 0.95], [0.99, 0.3, 1, 1]], np.float32)
ITEM = ItemId("test", "picture.png")


def random_case(
    seed: int, count: int = 24, classes: int = 2, negatives: bool = True, size: int = 48
) -> tuple[Candidates, Evidence]:
    """Overlapping rectangles with random scores that are spread around the usual thresholds."""
    rng = np.random.default_rng(seed)
    dense = np.zeros((count, size, size), bool)
    for mask in dense:
        y, x = rng.integers(0, size - 4, 2)
        height, width = rng.integers(3, size // 2, 2)
        mask[y : y + height, x : x + width] = True
    copies = rng.integers(0, count, count // 6)
    dense[rng.integers(0, count, count // 6)] = dense[copies]
    candidates = Candidates.born(ITEM, Masks.from_dense(dense), rng.random(count), "random")
    by_class = rng.uniform(-0.2, 0.7, (count, classes)).astype(np.float32)
    labels = by_class.argmax(axis=1).astype(np.int64)
    nearest = np.sort(by_class.max(axis=1, keepdims=True) + rng.uniform(-0.2, 0.2, (count, NEAREST_KEPT)))
    nothing = np.full(count, np.nan, np.float32)
    negative = rng.uniform(-0.3, 0.5, count).astype(np.float32) if negatives else nothing
    scores = Scores(
        ClassMap(tuple(f"class {k}" for k in range(classes))),
        by_class,
        labels,
        negative,
        nearest[:, ::-1].astype(np.float32),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64) if negatives else np.full(count, -1, np.int64),
        np.minimum(negative + np.float32(0.05), 1),
        ("positive/a.png",),
        ("negative/b.png",),
        rng.uniform(1, 4, classes).astype(np.float32)[labels],
    )
    surround = rng.uniform(-0.2, 1, count).astype(np.float32)
    return candidates, gather_evidence(candidates, scores, surround, BANK_SHAPES, np.arange(3))


def squares(*corners_yx: tuple[int, int], side: int = 8, size: int = 64) -> Masks:
    """Filled squares by their top left corners."""
    dense = np.zeros((len(corners_yx), size, size), bool)
    for mask, (y, x) in zip(dense, corners_yx, strict=True):
        mask[y : y + side, x : x + side] = True
    return Masks.from_dense(dense)


def scores_of(positive: list[float], negative: list[float | None], second: float = -0.5) -> Scores:
    """Scores of two classes: every row is of class 0, with a second class and a few nearest cosines."""
    n = len(positive)
    best = np.array(positive, np.float32)
    nearest = np.full((n, NEAREST_KEPT), np.nan, np.float32)
    nearest[:, :3] = best[:, None] + np.array([0.125, 0, -0.125], np.float32)
    against = np.array([np.nan if value is None else value for value in negative], np.float32)
    return Scores(
        ClassMap(("apple", "pear")),
        np.stack([best, np.full(n, second, np.float32)], axis=1),
        np.zeros(n, np.int64),
        against,
        nearest,
        np.zeros(n, np.int64),
        np.where(np.isnan(against), -1, 0),
        against + np.float32(0.125),
        ("positive/a.png",),
        ("negative/b.png",),
        np.ones(n, np.float32),
    )
