"""Candidates from a segmenter: the picture made smaller if asked, masks brought back, best first."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ItemId, Masks
from lydite.detect.config import DetectSettings
from lydite.detect.guidance import Guide, find_prompts
from lydite.detect.proposal_settings import SamSettings
from lydite.detect.proposers.base import AnyProposer, Provenance, distinct_rows
from lydite.detect.regions import restore
from lydite.detect.segment.family import Family
from lydite.detect.segment.generate import Piece, Pixels, segment_grid, segment_prompts
from lydite.detect.segment.loading import load_segmenter
from lydite.detect.segment.segmenter import Segmenter


class _Segmenting:
    """What the two ways of asking share.

    Args:
        family: Which architecture.
        settings: Grid and thresholds.
        segmenter: The loaded model.
    """

    def __init__(self, family: Family, settings: DetectSettings, segmenter: Segmenter) -> None:
        self._family = family
        self._settings = settings
        self._segmenter = segmenter

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        return self._family.name

    @property
    def provenance(self) -> Provenance:
        """Model, revision, licence and a digest of the weights."""
        return Provenance(self._segmenter.facts)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel as settings; the worker loads a model of its own."""
        return build_family, (self._family, self._settings)

    def _candidates(self, pieces: list[Piece], small: Pixels, pixels: Pixels, item: ItemId) -> Candidates:
        return to_candidates(pieces, small, pixels, item, self.name)


class SegmentProposer(_Segmenting):
    """Asks a segmenter for everything in a picture, by a blind grid."""

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """Masks of one picture by falling predicted IoU, which is their quality (cut to [0, 1]).

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row.

        Returns:
            Candidates with origins such as ``sam/grid`` and ``sam/crop1``.
        """
        small, least_px = shrink(pixels, self._settings.sam)
        pieces = segment_grid(self._segmenter, small, least_px, self._settings.sam)
        return self._candidates(pieces, small, pixels, item)


class PromptedProposer(_Segmenting):
    """Asks a segmenter only where a picture looks like the examples."""

    def propose_guided(self, pixels: npt.NDArray[np.uint8], item: ItemId, guide: Guide) -> Candidates:
        """Masks at the peaks of likeness, by falling predicted IoU; origins ``sam/point``, ``sam/box``.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row.
            guide: Feature map and examples.
        """
        small, least_px = shrink(pixels, self._settings.sam)
        prompts = find_prompts(
            guide, self._settings.similarity, boxes=self._settings.sam.sam_prompts == "boxes"
        )
        per_pixel = np.array([small.shape[1] / pixels.shape[1], small.shape[0] / pixels.shape[0]], np.float32)
        prompts = prompts * np.tile(per_pixel, prompts.shape[1] // 2)
        pieces = segment_prompts(self._segmenter, small, prompts, least_px, self._settings.sam)
        return self._candidates(pieces, small, pixels, item)


def shrink(pixels: Pixels, settings: SamSettings) -> tuple[Pixels, float]:
    """The picture at the size at which it is segmented, and the least region in its pixels."""
    height, width = pixels.shape[:2]
    scale = settings.sam_long_side / max(height, width) if settings.sam_long_side else 1.0
    if scale >= 1:
        return pixels, float(settings.sam_min_region_px)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, settings.sam_min_region_px * small[..., 0].size / (height * width)


def to_candidates(pieces: list[Piece], small: Pixels, pixels: Pixels, item: ItemId, name: str) -> Candidates:
    """Pieces of the segmented picture as candidates of the picture itself; of equal masks the first."""
    small_hw = (small.shape[0], small.shape[1])
    full_hw = (pixels.shape[0], pixels.shape[1])
    pieces = sorted(pieces, key=lambda piece: -piece.score)
    masks = Masks.from_crops(
        (restore(piece.mask, (piece.top, piece.left), small_hw, full_hw) for piece in pieces), full_hw
    )
    rows = np.flatnonzero(masks.areas > 0)
    rows = rows[distinct_rows(masks[rows])]
    quality = np.clip([pieces[row].score for row in rows], 0, 1).astype(np.float32)
    origins = tuple(f"{name}/{pieces[row].origin}" for row in rows)
    return Candidates.born(item, masks[rows], quality, origins)


def build_family(family: Family, settings: DetectSettings) -> AnyProposer:
    """The proposer of one architecture, its model loaded: blind or prompted, as the settings say.

    Raises:
        LyditeError: As ``load_segmenter``.
    """
    segmenter = load_segmenter(family, settings.sam)
    if settings.sam.sam_prompts == "grid":
        return SegmentProposer(family, settings, segmenter)
    return PromptedProposer(family, settings, segmenter)
