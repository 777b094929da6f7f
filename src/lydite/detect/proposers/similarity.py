"""Candidates where a picture looks like the examples: peaks and components, snapped to regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, Candidates, ItemId, Masks
from lydite.detect.config import DetectSettings
from lydite.detect.guidance import Component, Guide, Peak, find_peaks, grow_components, measure_likeness
from lydite.detect.proposal_settings import SimilaritySettings
from lydite.detect.proposers.base import GuidedProposer, Proposer, Provenance, distinct_rows
from lydite.detect.proposers.regions import RegionProposer
from lydite.detect.regions import restore
from lydite.features import coverage, pool, pool_surround
from lydite.metrics.overlap import box_iou, find_likest

_REPEAT_DISCOUNT = 0.7


class SimilarityProposer:
    """Takes of all regions those that a peak lies in or a component agrees with.

    Args:
        settings: Scales, levels and limits.
        regions: Where regions come from.
    """

    def __init__(self, settings: SimilaritySettings, regions: Proposer) -> None:
        self._settings = settings
        self._regions = regions

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        return "similarity"

    @property
    def provenance(self) -> Provenance:
        """Nothing beyond the settings: examples and encoder are part of every run."""
        return Provenance()

    def propose_guided(self, pixels: npt.NDArray[np.uint8], item: ItemId, guide: Guide) -> Candidates:
        """Regions that look like the examples, by likeness and wholeness together, best first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row.
            guide: Feature map and examples.

        Returns:
            Candidates with the quality of their region, or, of a component that no region fits, its
            contrast; origins ``similarity/peak``, ``similarity/snapped``, ``similarity/component``. Behind
            them come other regions, best first, up to ``similarity_fill`` in all: ``similarity/rest``.
        """
        maps = measure_likeness(guide, self._settings.similarity_scales)
        peaks = find_peaks(maps, self._settings.similarity_peaks)
        regions = self._regions.propose(pixels, item)
        size_hw = (pixels.shape[0], pixels.shape[1])
        components = list(grow_components(maps, peaks, self._settings.similarity_levels))
        drawn = Masks.from_crops((_placed(one, size_hw) for one in components), size_hw)
        quality = np.array([one.contrast for one in components], np.float32)
        kept = np.flatnonzero(drawn.areas > 0)
        kept = kept[distinct_rows(drawn[kept])]
        found = Candidates.born(item, drawn[kept], quality[kept], f"{self.name}/component")
        value = self._rank(regions, guide)
        chosen = self._around(peaks, regions, value)
        snapped, alone = self._snap(found, regions)
        rows = list(dict.fromkeys([*chosen, *snapped]))
        origins = tuple(f"{self.name}/{'peak' if row in chosen else 'snapped'}" for row in rows)
        worth = np.concatenate([value[rows], self._rank(found[alone], guide)])
        guided = _together(item, regions[rows], origins, found[alone], worth)
        return _filled(guided, regions, rows, self._settings.similarity_fill, f"{self.name}/rest")

    def _rank(self, candidates: Candidates, guide: Guide) -> npt.NDArray[np.float32]:
        """Likeness and wholeness, much as instances are ranked (``Evidence.rank``), without the outline."""
        if not len(candidates):
            return np.zeros(0, np.float32)
        ids = tuple(str(number) for number in range(len(candidates)))
        covered = coverage(candidates.masks, guide.feature_map.grid_hw)
        vectors = pool(guide.feature_map, candidates.masks, ids, covered)
        around = pool_surround(guide.feature_map, candidates.masks, ids, covered)
        surround = np.einsum("nd,nd->n", vectors.vectors, around.vectors)
        return np.asarray(guide.likeness(vectors) + candidates.quality - 0.5 * surround, np.float32)

    def _around(
        self, peaks: list[Peak], regions: Candidates, value: npt.NDArray[np.float32]
    ) -> dict[int, None]:
        """For each peak the best few of the regions that it lies in."""
        chosen: dict[int, None] = {}
        x0, y0, x1, y1 = regions.boxes.xyxy.T
        height = regions.size_hw[0]
        for peak in peaks:
            near = np.flatnonzero((x0 <= peak.x) & (peak.x < x1) & (y0 <= peak.y) & (peak.y < y1))
            position = int(peak.x) * height + int(peak.y)
            inside = [
                row for row in near[np.argsort(-value[near])].tolist() if _holds(regions.masks, row, position)
            ]
            chosen |= dict.fromkeys(inside[: self._settings.similarity_regions])
        return chosen

    def _snap(self, components: Candidates, regions: Candidates) -> tuple[list[int], list[int]]:
        """Regions that components agree with, and components that agree with none."""
        best, _ = find_likest(components.masks, regions.masks, self._settings.similarity_snap_iou)
        return best[best >= 0].tolist(), np.flatnonzero(best < 0).tolist()


def _holds(masks: Masks, row: int, position: int) -> bool:
    """Whether a mask covers the pixel at a column-major position."""
    runs = masks.runs[masks.offsets[row] : masks.offsets[row + 1]]
    run = int(np.searchsorted(runs[:, 0], position, side="right")) - 1
    return run >= 0 and position < int(runs[run, 1])


def _placed(one: Component, size_hw: tuple[int, int]) -> tuple[int, int, npt.NDArray[np.bool_]]:
    return restore(one.mask, (one.top, one.left), one.canvas_hw, size_hw)


def _together(
    item: ItemId,
    regions: Candidates,
    origins: tuple[str, ...],
    components: Candidates,
    worth: npt.NDArray[np.float32],
) -> Candidates:
    """Regions, then components, in the order of what they are worth."""
    masks = Masks.concatenate([regions.masks, components.masks], components.size_hw)
    quality = np.concatenate([regions.quality, components.quality])
    origins += components.origins
    order = _varied(worth, masks.boxes)
    order = order[distinct_rows(masks[order])]
    return Candidates.born(item, masks[order], quality[order], tuple(origins[row] for row in order))


def _filled(guided: Candidates, regions: Candidates, taken: list[int], most: int, origin: str) -> Candidates:
    """The guided candidates, then regions that are not among them, in the order in which they came."""
    left = np.setdiff1d(np.arange(len(regions)), taken)[: max(most - len(guided), 0)]
    masks = Masks.concatenate([guided.masks, regions.masks[left]], regions.size_hw)
    kept = distinct_rows(masks)
    origins = guided.origins + (origin,) * len(left)
    quality = np.concatenate([guided.quality, regions.quality[left]])
    return Candidates.born(guided.item, masks[kept], quality[kept], tuple(origins[row] for row in kept))


def _varied(value: npt.NDArray[np.float32], boxes: Boxes) -> npt.NDArray[np.int64]:
    """Rows from best to last, each value discounted by the overlap of its box with those before."""
    overlap = box_iou(boxes, boxes)
    value = value - value.min(initial=0)
    covered, waiting = np.zeros(len(value), np.float32), np.ones(len(value), np.bool_)
    order = np.zeros(len(value), np.int64)
    for place in range(len(value)):
        best = int(np.where(waiting, value * (1 - _REPEAT_DISCOUNT * covered), -1).argmax())
        order[place], waiting[best] = best, False
        np.maximum(covered, overlap[best], out=covered)
    return order


def build(settings: DetectSettings) -> GuidedProposer:
    """The proposer that looks for what the examples show."""
    return SimilarityProposer(settings.similarity, RegionProposer(settings.regions))
