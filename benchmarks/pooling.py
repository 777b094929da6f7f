"""Coverage pooling against the loop "decode, resize nearest, boolean mean", and scoring and deciding
against the bare matrix product, as ratios.

    python benchmarks/pooling.py [--masks 1000] [--repeats 5] [--part all|pooling|scoring]

Both sides run in one process with the library's own threads, in turns; times are medians. The peer loop
looks at 0.4 % of the pixels, ours at all of them. Scoring and deciding includes every rule, duplicates and
suppression; the overlaps between candidates are measured beforehand, for they depend on masks only.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from lydite.core import Candidates, ClassMap, FeatureMap, Features, FeatureSpace, ItemId, Masks, Outcome
from lydite.detect import Bank, DetectSettings, Verdicts, decide, gather_evidence, score
from lydite.detect.shape import MEASURES
from lydite.features.overlap import coverage, coverage_dense
from lydite.features.pooling import pool, pool_weighted

SIDE, GRID, DIM = 1024, 64, 1024
CANDIDATES, POSITIVES, NEGATIVES, CLASSES = 1000, 500, 500, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--masks", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--part", choices=("all", "pooling", "scoring"), default="all")
    options = parser.parse_args()
    packages = ("numpy", "scipy", "opencv-python-headless", "pycocotools")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    if options.part != "scoring":
        measure_pooling(options.masks, options.repeats)
    if options.part != "pooling":
        measure_scoring(max(options.repeats, 21))


def measure_pooling(count: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    dense = draw_masks(count, rng)
    masks = Masks.from_dense(dense)
    feature_map = draw_map(rng)
    ids = [str(row) for row in range(count)]
    rles = coco.encode(np.asfortranarray(dense.transpose(1, 2, 0).view(np.uint8)))
    shares = dense.mean(axis=(1, 2))
    print(
        f"{count} masks of {SIDE}x{SIDE} onto {GRID}x{GRID}x{DIM} float32; share of the picture: "
        f"min {shares.min():.5f}, median {np.median(shares):.5f}, max {shares.max():.3f}"
    )

    ours, peer, own_decode = median_times(
        [
            lambda: pool(feature_map, masks, ids),
            lambda: peer_pool(feature_map.cells, (coco.decode(rle) for rle in rles)),
            lambda: peer_pool(feature_map.cells, (masks.decode(row) for row in range(count))),
        ],
        repeats,
    )
    print(f"(a) RLE masks: ours {ours:.3f} s")
    report("loop over pycocotools-decode, cv2 nearest, boolean mean", peer, peer / ours, "at least 3")
    report("same loop over our own decode", own_decode, own_decode / ours, "for information")

    full, loop = median_times(
        [
            lambda: pool_weighted(feature_map, coverage_dense(dense, (GRID, GRID)), ids),
            lambda: peer_pool(feature_map.cells, dense),
        ],
        repeats,
    )
    print(f"(b) dense masks: loop {loop:.3f} s")
    report("ours, every pixel looked at", full, full / loop, "at most 2")

    print("(c) largest difference of a weight from exact areas (target: at most 1e-5)")
    some = slice(0, min(count, 200))
    for grid in ((GRID, GRID), (37, 73)):
        exact = exact_coverage(dense[some], grid)
        from_runs = np.abs(coverage(masks[some], grid).toarray() - exact).max()
        from_dense = np.abs(coverage_dense(dense[some], grid).toarray() - exact).max()
        print(f"    grid {grid[0]}x{grid[1]}: runs {from_runs:.1e}, dense {from_dense:.1e}")
    vectors = pool(feature_map, masks[some], ids[some]).vectors
    exact_sums = exact_coverage(dense[some], (GRID, GRID)) @ feature_map.cells.reshape(-1, DIM)
    exact_sums /= np.linalg.norm(exact_sums, axis=1, keepdims=True)
    print(f"    unit vectors: {np.abs(vectors - exact_sums).max():.1e}")
    empty = sum(1 for mask in dense if not nearest(mask).any())
    print(f"    masks that the loop loses (no cell centre hit): {empty} of {count}; ours: 0")


def measure_scoring(repeats: int) -> None:
    rng = np.random.default_rng(1)
    candidates = draw_vectors(rng.integers(0, 2 * CLASSES, CANDIDATES), "candidate", rng)
    bank = draw_bank(rng)
    assert bank.negatives is not None
    exemplars = np.concatenate([bank.positives.vectors, bank.negatives.vectors])
    boxes = rng.integers(0, 200, (CANDIDATES, 2))
    dense = np.zeros((CANDIDATES, 256, 256), np.bool_)
    for mask, (y, x), (height, width) in zip(dense, boxes, rng.integers(8, 56, (CANDIDATES, 2)), strict=True):
        mask[y : y + height, x : x + width] = True
    proposed = Candidates.born(
        ItemId("drawn", "picture"), Masks.from_dense(dense), rng.random(CANDIDATES), "drawn"
    )
    settings = DetectSettings()
    surround = rng.uniform(-0.5, 0.9, CANDIDATES).astype(np.float32)
    measured = gather_evidence(
        proposed,
        score(candidates, bank, settings.scoring),
        surround,
        bank.shapes,
        bank.labels,
        settings.suppression.nms_iou,
        settings.suppression.nested_ios,
    )

    def score_and_decide() -> Verdicts:
        scores = score(candidates, bank, settings.scoring)
        return decide(replace(measured, scores=scores), settings.decision)

    bare, ours, only_score = median_times(
        [
            lambda: candidates.vectors @ exemplars.T,
            score_and_decide,
            lambda: score(candidates, bank, settings.scoring),
        ],
        repeats,
    )
    outcomes = score_and_decide().outcomes
    counts = ", ".join(f"{kind.value} {outcomes.count(kind)}" for kind in Outcome)
    print(
        f"(d) {CANDIDATES} candidates, {len(exemplars)} exemplars ({len(bank.positives)} positives of "
        f"{len(bank.class_map)} classes, {len(bank.negatives)} negatives), {DIM}-d, "
        f"{len(measured.overlaps)} overlapping pairs; {counts}"
    )
    print(f"    bare matrix product: {bare:.4f} s, median of {repeats}")
    report("score and decide", ours, ours / bare, "at most 2")
    report("score alone", only_score, only_score / bare, "for information")


def draw_bank(rng: np.random.Generator) -> Bank:
    labels = rng.permutation(np.arange(POSITIVES) % CLASSES)
    return Bank(
        ClassMap(tuple(f"class {label}" for label in range(CLASSES))),
        draw_vectors(labels, "positive", rng),
        labels,
        np.full((POSITIVES, MEASURES), np.nan, np.float32),
        draw_vectors(np.full(NEGATIVES, CLASSES), "negative", rng),
    )


def draw_vectors(labels: npt.NDArray[np.int64], name: str, rng: np.random.Generator) -> Features:
    """Unit vectors around one direction for each label, so that rules have something to decide."""
    vectors = rng.standard_normal((len(labels), DIM), dtype=np.float32)
    vectors[np.arange(len(labels)), labels] += 24
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Features(vectors, tuple(f"{name} {row}" for row in range(len(labels))), draw_space())


def peer_pool(
    cells: npt.NDArray[np.float32], masks: Iterable[npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float32]:
    """The loop: nearest neighbour to the grid, then the mean of the chosen cells."""
    rows = []
    for mask in masks:
        chosen = nearest(mask)
        rows.append(cells[chosen].mean(axis=0) if chosen.any() else np.zeros(DIM, np.float32))
    vectors = np.stack(rows)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def nearest(mask: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Decoders give column-major arrays: resized as they lie, or OpenCV would first copy each one."""
    lying = mask.flags.f_contiguous
    stored = (mask.T if lying else mask).view(np.uint8)
    small = np.asarray(cv2.resize(stored, (GRID, GRID), interpolation=cv2.INTER_NEAREST)) > 0
    return small.T if lying else small


def exact_coverage(dense: npt.NDArray[np.bool_], grid_hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Areas by explicit overlap of every pixel with every cell, in float64."""
    down, across = overlaps(dense.shape[1], grid_hw[0]), overlaps(dense.shape[2], grid_hw[1])
    areas = np.stack([down @ mask.astype(np.float64) @ across.T for mask in dense])
    flat = areas.reshape(len(dense), -1)
    shares: npt.NDArray[np.float64] = flat / flat.sum(axis=1, keepdims=True)
    return shares


def overlaps(pixels: int, cells: int) -> npt.NDArray[np.float64]:
    edges = np.arange(cells + 1) * pixels / cells
    starts = np.arange(pixels)
    low = np.maximum(edges[:-1, None], starts)
    high = np.minimum(edges[1:, None], starts + 1)
    return np.maximum(high - low, 0.0)


def draw_masks(count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Wobbly blobs, from 12 pixels across to half the picture, log-uniform in size."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    masks = np.zeros((count, SIDE, SIDE), np.bool_)
    largest = SIDE * np.sqrt(2 / np.pi)
    for mask in masks:
        radius = float(np.exp(rng.uniform(np.log(12), np.log(largest)))) / 2
        centre = rng.uniform(min(radius, SIDE / 2), SIDE - min(radius, SIDE / 2), 2)
        low = np.maximum(centre - 1.8 * radius, 0).astype(int)
        high = np.minimum(centre + 1.8 * radius + 1, SIDE).astype(int)
        window = (slice(low[0], high[0]), slice(low[1], high[1]))
        dy, dx = y[window] - centre[0], x[window] - centre[1]
        angle = np.arctan2(dy, dx)
        lobes, phase, squash = int(rng.integers(2, 7)), rng.uniform(0, 6), rng.uniform(0.6, 1.0)
        edge = radius * (1 + 0.25 * np.sin(lobes * angle + phase))
        mask[window] = np.hypot(dy / squash, dx) <= edge
    return masks


def draw_map(rng: np.random.Generator) -> FeatureMap:
    cells = rng.standard_normal((GRID, GRID, DIM), dtype=np.float32)
    return FeatureMap(cells, (SIDE, SIDE), draw_space(), (SIDE, SIDE))


def draw_space() -> FeatureSpace:
    return FeatureSpace(
        "drawn", "0" * 64, "last", "none", "RGB", (0,) * 3, (1,) * 3, "coverage-mean, L2", DIM
    )


def median_times(works: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """Seconds of each, after one run to warm up; taken in turns, so that noise strikes all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats + 1):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in times]


def report(what: str, seconds: float, ratio: float, target: str) -> None:
    print(f"    {what}: {seconds:.3f} s, ratio {ratio:.2f} (target: {target})")


if __name__ == "__main__":
    main()
