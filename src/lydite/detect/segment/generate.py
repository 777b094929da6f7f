"""Masks of a picture from a segmenter: by a blind grid with crops, or from given prompts.

The steps are those of Segment Anything's automatic masks (Kirillov et al. 2023). They are written out here
because the ``mask-generation`` pipeline of transformers has one NMS for both of theirs, mends no masks, fails
where crops have fewer points than the picture, and leaves the lower part of wide pictures without points
where a model stretches its input. ``tests/detect/segment`` compares with the pipeline where both must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lydite.detect.proposal_settings import SamSettings
from lydite.detect.segment.grid import Crop, cut_crops, points_in
from lydite.detect.segment.mend import mend
from lydite.detect.segment.segmenter import Points, Promptable

if TYPE_CHECKING:
    from torch import Tensor

_STABILITY_OFFSET = 1.0
"""How far the cut-off of the logits moves to either side when stability is measured."""
_CROP_EDGE_PX = 20
"""A mask that ends so near to the edge of its crop was probably cut by it."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One mask.

    Args:
        top, left: Where its tight crop lies in the picture.
        mask: ``(rows, columns)`` bool.
        score: Predicted IoU.
        origin: Which prompt it answers.
        priority: What is kept first between crops: more for a smaller crop.
        mended: Whether holes or islands were mended.
    """

    top: int
    left: int
    mask: npt.NDArray[np.bool_]
    score: float
    origin: str
    priority: float
    mended: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``x0 y0 x1 y1`` in pixels of the picture."""
        rows, columns = self.mask.shape
        return self.left, self.top, self.left + columns, self.top + rows


def segment_grid(
    segmenter: Promptable, pixels: Pixels, least_px: float, settings: SamSettings
) -> list[Piece]:
    """Masks of everything: a grid of points over the picture and over crops of it.

    Args:
        segmenter: The model.
        pixels: ``(height, width, 3)`` uint8 RGB.
        least_px: Smaller holes and islands are mended.
        settings: Grid, crops and thresholds.
    """
    size_hw = (pixels.shape[0], pixels.shape[1])
    pieces: list[Piece] = []
    for crop in cut_crops(size_hw, settings.crop_layers, settings.crop_overlap):
        view = segmenter.look(np.ascontiguousarray(pixels[crop.y0 : crop.y1, crop.x0 : crop.x1]))
        answers = segmenter.ask_points(view, points_in(crop, settings), settings.points_per_batch)
        origin = "grid" if crop.layer == 0 else f"crop{crop.layer}"
        found = list(_pieces(answers, crop, size_hw, origin, settings))
        pieces += _suppress(found, [piece.score for piece in found], settings.box_nms)
    if settings.crop_layers:
        pieces = _suppress(pieces, [piece.priority for piece in pieces], settings.crop_nms)
    return _mend_all(pieces, least_px, max(settings.box_nms, settings.crop_nms))


def segment_prompts(
    segmenter: Promptable,
    pixels: Pixels,
    prompts: Points,
    least_px: float,
    settings: SamSettings,
) -> list[Piece]:
    """Masks of what is pointed at.

    Args:
        segmenter: The model.
        pixels: ``(height, width, 3)`` uint8 RGB.
        prompts: ``(n, 2)`` points or ``(n, 4)`` boxes in pixels.
        least_px: Smaller holes and islands are mended.
        settings: Thresholds.
    """
    if not len(prompts):
        return []
    size_hw = (pixels.shape[0], pixels.shape[1])
    whole = Crop(0, 0, size_hw[1], size_hw[0], 0)
    view = segmenter.look(pixels)
    ask, origin = (segmenter.ask_points, "point") if prompts.shape[1] == 2 else (segmenter.ask_boxes, "box")
    answers = ask(view, prompts, settings.points_per_batch)
    found = list(_pieces(answers, whole, size_hw, origin, settings))
    found = _suppress(found, [piece.score for piece in found], settings.box_nms)
    return _mend_all(found, least_px, settings.box_nms)


def _pieces(
    answers: Iterable[tuple[Tensor, Tensor]],
    crop: Crop,
    size_hw: tuple[int, int],
    origin: str,
    settings: SamSettings,
) -> Iterator[Piece]:
    """The answers that the model is sure of, that are stable, and that the crop did not cut."""
    priority = 1.0 / (crop.size_hw[0] * crop.size_hw[1])
    for logits, scores in answers:
        keep = _good(logits, scores, settings)
        masks = (logits[keep] > 0).cpu().numpy()
        for mask, score in zip(masks, scores[keep].tolist(), strict=True):
            piece = _placed(mask, crop, score, origin, priority)
            if piece is not None and not _is_cut(piece, crop, size_hw):
                yield piece


def _good(logits: Tensor, scores: Tensor, settings: SamSettings) -> Tensor:
    """Which masks the model is sure of and would draw alike at another cut-off."""
    keep = scores.isfinite()
    if settings.pred_iou > 0:
        keep &= scores > settings.pred_iou
    if settings.stability > 0:
        keep &= _stability(logits) > settings.stability
    return keep


def _stability(logits: Tensor) -> Tensor:
    """IoU of the masks at a stricter and at a laxer cut-off; 0 where there is nothing at either."""
    strict = (logits > _STABILITY_OFFSET).sum(dim=(-2, -1))
    lax = (logits > -_STABILITY_OFFSET).sum(dim=(-2, -1))
    return strict / lax.clamp(min=1)


def _placed(
    mask: npt.NDArray[np.bool_], crop: Crop, score: float, origin: str, priority: float
) -> Piece | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    y, x = int(rows[0]), int(columns[0])
    tight = np.ascontiguousarray(mask[y : int(rows[-1]) + 1, x : int(columns[-1]) + 1])
    return Piece(crop.y0 + y, crop.x0 + x, tight, score, origin, priority)


def _is_cut(piece: Piece, crop: Crop, size_hw: tuple[int, int]) -> bool:
    """Whether the mask ends at an edge of its crop that is no edge of the picture."""
    ends = np.array(piece.box)
    crop_ends = np.array([crop.x0, crop.y0, crop.x1, crop.y1])
    picture_ends = np.array([0, 0, size_hw[1], size_hw[0]])
    at_crop = np.abs(ends - crop_ends) <= _CROP_EDGE_PX
    at_picture = np.abs(ends - picture_ends) <= _CROP_EDGE_PX
    return bool((at_crop & ~at_picture).any())


def _mend_all(pieces: list[Piece], least_px: float, nms: float) -> list[Piece]:
    """Masks mended; where two have become alike, the one that needed nothing stays."""
    mended = [_mended(piece, least_px) for piece in pieces]
    if not any(piece.mended for piece in mended):
        return mended
    return _suppress(mended, [0.0 if piece.mended else 1.0 for piece in mended], nms)


def _mended(piece: Piece, least_px: float) -> Piece:
    # The rim joins what lies outside, so that a notch at the edge of the tight crop is no hole.
    rim = max(1, int(np.ceil(np.sqrt(least_px))))
    mask, changed = mend(np.pad(piece.mask, rim), least_px)
    if not changed:
        return piece
    inner = mask[rim:-rim, rim:-rim]
    whole = Crop(piece.left, piece.top, piece.box[2], piece.box[3], 0)
    again = _placed(inner, whole, piece.score, piece.origin, piece.priority)
    return piece if again is None else replace(again, mended=True)


def _suppress(pieces: list[Piece], order: list[float], most: float) -> list[Piece]:
    """Greedy choice by box IoU (non-maximum suppression), highest first; 1 keeps all."""
    if most >= 1 or len(pieces) < 2:
        return pieces
    import torch
    from torchvision.ops import nms

    boxes = torch.tensor([piece.box for piece in pieces], dtype=torch.float32)
    kept = nms(boxes, torch.tensor(order, dtype=torch.float64).float(), most)
    return [pieces[row] for row in kept.tolist()]
