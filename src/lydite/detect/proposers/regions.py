"""The model-free proposer: no weights, no network, the same regions on every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ItemId, Masks
from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import Proposer, Provenance
from lydite.detect.regions import (
    Regions,
    RegionSettings,
    View,
    cut,
    find_blobs,
    find_nodes,
    look,
    measure_quality,
    rank,
    restore,
)

Placed = tuple[int, int, npt.NDArray[np.bool_]]


class RegionProposer:
    """Cuts a picture into superpixels, merges them by several criteria, adds blobs, and ranks.

    Every node of every merge tree is a candidate, as in Selective Search (Uijlings et al. 2013); the trees
    follow edges (after the ultrametric contours of Arbelaez et al. 2011), colour and texture. Blobs are
    extremal regions (Matas et al. 2002).

    Args:
        settings: What to look for.
    """

    def __init__(self, settings: RegionSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        return "regions"

    @property
    def provenance(self) -> Provenance:
        """Nothing beyond the settings."""
        return Provenance()

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """Regions of one picture, best first; a smaller cap gives the first of a larger one's.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row.

        Returns:
            At most ``max_candidates`` candidates with areas within the limits; quality in [0, 1], see
            ``rank``; origins ``regions/edge``, ``regions/colour``, ``regions/texture``, ``regions/blob``.
        """
        view = look(pixels, self._settings.long_side)
        regions = self._find(view)
        placed, quality, origins = [], [], []
        for row, score, piece in self._best(regions, view):
            placed.append(piece)
            quality.append(score)
            origins.append(f"{self.name}/{regions.origins[row]}")
            if len(placed) == self._settings.max_candidates:
                break
        masks = Masks.from_crops(placed, view.full_hw)
        return Candidates.born(item, masks, np.array(quality, np.float32), tuple(origins))

    def _find(self, view: View) -> Regions:
        """All regions at the working size, of any source."""
        working_px = view.edges.size
        per_pixel = working_px / (view.full_hw[0] * view.full_hw[1])
        areas = (self._settings.min_region_px * per_pixel, self._settings.max_region_frac * working_px)
        criteria = [source for source in self._settings.sources if source != "blob"]
        parts = []
        if criteria:
            parts.append(find_nodes(cut(view, self._settings.superpixels), criteria, areas))
        if "blob" in self._settings.sources:
            parts.append(find_blobs(view, areas))
        return Regions.concatenate(parts)

    def _best(self, regions: Regions, view: View) -> Iterator[tuple[int, float, Placed]]:
        """Row, score and mask at the picture's own size, where the limits and distinctness are held."""
        full_px = view.full_hw[0] * view.full_hw[1]
        seen: set[tuple[int, int, tuple[int, ...], bytes]] = set()
        quality = measure_quality(regions, view.edges.size)
        for row, score in rank(regions, quality, self._settings.region_duplicate_iou):
            x0, y0, _, _ = regions.boxes[row].tolist()
            piece = _tight(restore(regions.crops[row](), (y0, x0), view.size_hw, view.full_hw))
            if piece is None:
                continue
            top, left, mask = piece
            key = (top, left, mask.shape, mask.tobytes())
            fits = self._settings.min_region_px <= np.count_nonzero(mask)
            fits = fits and np.count_nonzero(mask) <= self._settings.max_region_frac * full_px
            if fits and key not in seen:
                seen.add(key)
                yield row, score, piece


def _tight(placed: Placed) -> Placed | None:
    top, left, mask = placed
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    y, x = int(rows[0]), int(columns[0])
    return top + y, left + x, mask[y : int(rows[-1]) + 1, x : int(columns[-1]) + 1]


def build(settings: DetectSettings) -> Proposer:
    """The model-free proposer with these settings."""
    return RegionProposer(settings.regions)
