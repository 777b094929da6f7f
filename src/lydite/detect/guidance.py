"""Where a picture looks like the examples, before anyone has cut it: a map of likeness, its peaks, and boxes.

The map is the scores of all windows of the picture's own feature map: the mean of the cells of a window is
the vector that a mask over it would have, so it is scored exactly as a candidate is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, uniform_filter1d

from lydite.core import FeatureMap, Features
from lydite.detect.bank import Bank
from lydite.detect.proposal_settings import SimilaritySettings
from lydite.detect.scoring import score
from lydite.detect.settings import ScoringSettings

Float = npt.NDArray[np.float32]
_BASE_QUANTILE = 0.1
"""What is surely not like the examples; not the median, since things may fill most of a picture."""
_APART = 0.1
"""How far peaks should be apart, as a share of the short side: nearer ones are taken later."""


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What a proposer may know of a picture beyond its pixels.

    Args:
        feature_map: The encoder's map of the picture; the candidates will be pooled from the same one.
        bank: The examples.
        scoring: How cosines become scores.
    """

    feature_map: FeatureMap
    bank: Bank
    scoring: ScoringSettings

    def likeness(self, vectors: Features) -> Float:
        """``(n,)`` positive minus negative cosine, aggregated; without negatives the positive alone."""
        # Windows come in several sizes themselves; examples at more of them would only blur the map.
        # They are no candidates either, so nothing of them is background.
        plain = self.scoring.model_copy(update={"background_share": 0.0})
        scores = score(vectors, self.bank.at_own_size(), plain)
        return np.asarray(scores.positive - np.nan_to_num(scores.negative, nan=0.0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LikenessMap:
    """Likeness of the windows of one size around every cell.

    Args:
        values: ``(rows, columns)`` float32.
        window: Cells along each side of a window, odd.
        size_hw: Height and width of the picture.
    """

    values: Float
    window: int
    size_hw: tuple[int, int]

    @property
    def base(self) -> float:
        """The likeness of what is not meant."""
        return float(np.quantile(self.values, _BASE_QUANTILE))


@dataclass(frozen=True, slots=True)
class Peak:
    """A place that looks more like the examples than all around it.

    Args:
        x, y: In pixels of the picture.
        value: Likeness there.
        rise: The same as a share of the way from the map's base to its maximum, in [0, 1].
        map_row: Which map it is a peak of.
    """

    x: float
    y: float
    value: float
    rise: float
    map_row: int


def measure_likeness(guide: Guide, scales: Sequence[float]) -> tuple[LikenessMap, ...]:
    """One map for each window size, smallest first; sizes that come to the same window come once.

    Args:
        guide: Feature map and examples.
        scales: Window sides as shares of the picture's short side.
    """
    cells = guide.feature_map.cells
    rows, columns, dim = cells.shape
    ids = tuple(str(k) for k in range(rows * columns))
    maps = []
    for window in sorted({_odd(scale * min(rows, columns)) for scale in scales}):
        vectors = _window_means(cells, window).reshape(-1, dim)
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        nowhere = norms <= 1e-9
        vectors[nowhere] = cells.mean(axis=(0, 1))
        norms[nowhere] = np.linalg.norm(vectors[nowhere], axis=1)
        vectors /= norms[:, None]
        values = guide.likeness(Features(vectors, ids, guide.bank.space))
        maps.append(LikenessMap(values.reshape(rows, columns), window, guide.feature_map.size_hw))
    return tuple(maps)


def _window_means(cells: Float, window: int) -> Float:
    """``(rows, columns, dim)`` mean of the cells around each one; beyond the frame its cells go on.

    A filter along an axis is a product with a matrix, and that of the unit matrix is this matrix.
    """
    down, across = (
        uniform_filter1d(np.eye(length, dtype=np.float32), window, axis=0, mode="nearest")
        for length in cells.shape[:2]
    )
    return np.asarray(across @ np.tensordot(down, cells, axes=1), np.float32)


def _odd(length: float) -> int:
    """The nearest odd number of cells, at least one."""
    return max(1, 2 * round((length - 1) / 2) + 1)


def find_peaks(maps: Sequence[LikenessMap], most: int) -> list[Peak]:
    """Peaks of all maps, at most one in a cell: high ones first, and first those far from the ones before.

    A peak's rise is discounted by its nearness to earlier ones (maximal marginal relevance, Carbonell and
    Goldstein 1998): ten peaks on one thing would say little more than one.

    Args:
        maps: Of one picture.
        most: How many are kept.
    """
    found = [peak for row, one in enumerate(maps) for peak in _peaks_of(one, row)]
    if not found:
        return []
    reach = _APART * min(maps[0].size_hw)
    places = np.array([(peak.x, peak.y) for peak in found])
    rise = np.array([peak.rise for peak in found])
    crowded = np.zeros(len(found))
    chosen: list[Peak] = []
    taken: set[tuple[float, float]] = set()
    for _ in found:
        best = int((rise * (1 - crowded)).argmax())
        peak = found[best]
        rise[best] = -1.0
        apart = np.square(places - places[best]).sum(axis=1)
        np.maximum(crowded, np.exp(-apart / reach**2), out=crowded)
        crowded[best] = 0.0
        if (peak.x, peak.y) not in taken:
            taken.add((peak.x, peak.y))
            chosen.append(peak)
        if len(chosen) == most:
            break
    return chosen


def _peaks_of(one: LikenessMap, map_row: int) -> Iterator[Peak]:
    values = one.values
    reach = max(3, one.window)
    base, span = one.base, float(values.max()) - one.base
    summits = (values == maximum_filter(values, reach, mode="nearest")) & (values > base)
    cell_h, cell_w = one.size_hw[0] / values.shape[0], one.size_hw[1] / values.shape[1]
    for row, column in np.argwhere(summits).tolist():
        value = float(values[row, column])
        yield Peak((column + 0.5) * cell_w, (row + 0.5) * cell_h, value, (value - base) / span, map_row)


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """The connected part of a map around a peak that is above a level.

    Args:
        peak: The peak that it was grown from.
        top, left: Where its tight crop lies, in pixels of the map's canvas.
        mask: ``(rows, columns)`` bool on the canvas.
        canvas_hw: Size of the canvas.
        contrast: Mean likeness inside minus around, as a share of the map's range, in [0, 1].
    """

    peak: Peak
    top: int
    left: int
    mask: npt.NDArray[np.bool_]
    canvas_hw: tuple[int, int]
    contrast: float


def grow_components(
    maps: Sequence[LikenessMap], peaks: Sequence[Peak], levels: Sequence[float], long_side: int = 256
) -> Iterator[Component]:
    """Around each peak the component at each level.

    Args:
        maps: Of one picture.
        peaks: Of these maps.
        levels: Shares of the way from the map's base up to the peak.
        long_side: Of the canvas on which maps are drawn; components are smooth at its scale.
    """
    height, width = maps[0].size_hw if maps else (1, 1)
    scale = min(1.0, long_side / max(height, width))
    canvas_hw = (max(1, round(height * scale)), max(1, round(width * scale)))
    drawn = [np.asarray(cv2.resize(one.values, canvas_hw[::-1]), np.float32) for one in maps]
    bases = [one.base for one in maps]
    spans = [float(canvas.max() - canvas.min()) for canvas in drawn]
    for peak in peaks:
        canvas, base, span = drawn[peak.map_row], bases[peak.map_row], spans[peak.map_row]
        y = min(int(peak.y * canvas_hw[0] / height), canvas_hw[0] - 1)
        x = min(int(peak.x * canvas_hw[1] / width), canvas_hw[1] - 1)
        for level in levels:
            threshold = min(base + level * (peak.value - base), float(canvas[y, x]))
            above = (canvas >= threshold).view(np.uint8)
            _, flooded, _, (left, top, columns, rows) = cv2.floodFill(above, None, (x, y), 2, flags=4)
            mask = flooded[top : top + rows, left : left + columns] == 2
            yield Component(peak, top, left, mask, canvas_hw, _contrast(canvas, span, top, left, mask))


def _contrast(canvas: Float, span: float, top: int, left: int, mask: npt.NDArray[np.bool_]) -> float:
    rows, columns = mask.shape
    y0, x0 = max(0, top - rows // 2 - 1), max(0, left - columns // 2 - 1)
    y1, x1 = top + rows + rows // 2 + 1, left + columns + columns // 2 + 1
    wide = canvas[y0:y1, x0:x1]
    area = np.count_nonzero(mask)
    if area == wide.size or span <= 0:
        return 0.0
    within = float(canvas[top : top + rows, left : left + columns].sum(where=mask, dtype=np.float64))
    around = float(wide.sum(dtype=np.float64)) - within
    return float(np.clip((within / area - around / (wide.size - area)) / span, 0, 1))


def find_prompts(guide: Guide, settings: SimilaritySettings, *, boxes: bool) -> Float:
    """Where to point: the peaks, or the boxes of their components at the middle level, highest first.

    Args:
        guide: Feature map and examples.
        settings: Scales, levels and how many.
        boxes: Boxes instead of points.

    Returns:
        ``(n, 2)`` ``x y`` or ``(n, 4)`` ``x0 y0 x1 y1``, distinct, float32, in pixels of the picture.
    """
    maps = measure_likeness(guide, settings.similarity_scales)
    peaks = find_peaks(maps, settings.similarity_peaks)
    if not boxes:
        return np.array([(peak.x, peak.y) for peak in peaks], np.float32).reshape(-1, 2)
    levels = sorted(settings.similarity_levels)
    found = dict.fromkeys(
        _box(one, guide) for one in grow_components(maps, peaks, [levels[len(levels) // 2]])
    )
    return np.array(list(found), np.float32).reshape(-1, 4)


def _box(one: Component, guide: Guide) -> tuple[float, float, float, float]:
    height, width = guide.feature_map.size_hw
    down, right = height / one.canvas_hw[0], width / one.canvas_hw[1]
    rows, columns = one.mask.shape
    return one.left * right, one.top * down, (one.left + columns) * right, (one.top + rows) * down
