"""Dense maps: labels of one picture's cells carried to another picture by nearest neighbour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from detect import picture_in
from encoders_rows.compare import Outcome, best, ratio
from encoders_rows.contenders import Contender
from encoders_rows.contests import nuclei_folders, nuclei_masks
from encoders_rows.vectors import tick
from lydite.core import FeatureMap
from lydite.data import load_image
from lydite.features import Encoder

SHORT_SIDE = 512

Bools = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]


def propagation(
    contenders: Sequence[Contender], root: Path, sources: int, limit: int | None
) -> Iterator[tuple[str, list[Outcome]]]:
    """Nuclei: mean IoU of the foreground over all pairs of a source and another picture."""
    folders = nuclei_folders(root)[:limit]
    truths = [np.logical_or.reduce(list(nuclei_masks(folder))) for folder in folders]
    pictures = [load_image(picture_in(folder)).pixels for folder in folders]
    chosen = np.random.default_rng(0).permutation(len(folders))[:sources].tolist()
    outcomes = []
    for contender in contenders:
        layers = [
            _outcome(contender.name, layer, _ious(encoder, pictures, truths, chosen))
            for layer, encoder in contender.at(SHORT_SIDE).items()
        ]
        outcomes.append(best(layers))
    yield "nuclei propagation, IoU", outcomes


def _outcome(name: str, layer: str, ious: npt.NDArray[np.float64]) -> Outcome:
    return ratio(name, layer, np.nansum(ious, axis=0), np.isfinite(ious).sum(axis=0).astype(np.float64))


def _ious(
    encoder: Encoder,
    pictures: Sequence[Pixels],
    truths: Sequence[Bools],
    sources: Sequence[int],
) -> npt.NDArray[np.float64]:
    """``(sources, pictures)``, NaN where a picture would be its own source."""
    maps = [encoder.encode(pixels) for pixels in pictures]
    cells = [_unit_cells(one) for one in maps]
    labels = [_cell_labels(truth, one.grid_hw) for truth, one in zip(truths, maps, strict=True)]
    ious = np.full((len(sources), len(maps)), np.nan)
    for row, source in enumerate(sources):
        for target, truth in enumerate(truths):
            if target != source:
                nearest = (cells[target] @ cells[source].T).argmax(axis=1)
                carried = labels[source].ravel()[nearest].reshape(maps[target].grid_hw)
                ious[row, target] = _iou(_to_pixels(carried, labels[source].max(), truth.shape), truth)
        tick(f"propagation {encoder.space.encoder} {encoder.space.layer} {row + 1}/{len(sources)}")
    return ious


def _unit_cells(feature_map: FeatureMap) -> Array:
    cells = feature_map.cells.reshape(-1, feature_map.space.dim)
    norms = np.linalg.norm(cells, axis=1, keepdims=True)
    unit: Array = cells / np.maximum(norms, np.finfo(np.float32).tiny)
    return unit


def _cell_labels(truth: Bools, grid_hw: tuple[int, int]) -> Array:
    """1 for cells more than half covered; in a picture without such a cell, how much each is covered."""
    size_wh = (grid_hw[1], grid_hw[0])
    covered = cv2.resize(truth.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA).astype(np.float32)
    hard = (covered > 0.5).astype(np.float32)
    return hard if hard.any() else covered


def _to_pixels(labels: Array, largest: np.float32, size_hw: tuple[int, ...]) -> Bools:
    """More than half of the largest label of the source: half of 1 unless its labels are coverages."""
    height, width = size_hw
    smooth = cv2.resize(labels, (width, height), interpolation=cv2.INTER_LINEAR)
    foreground: Bools = smooth > 0.5 * largest
    return foreground


def _iou(found: Bools, truth: Bools) -> float:
    return float(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))
