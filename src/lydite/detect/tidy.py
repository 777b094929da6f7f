"""Masks mended before they are looked at: specks and cracks, small holes, one thing in several pieces.

Nothing is taken away here. A mask that opening would erase stays as it was, and pieces that were
merged remain candidates beside their union: which of them is the thing is decided after classification.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, Masks
from lydite.detect.outline import fill_outlines
from lydite.detect.settings import TidySettings

CLEANED, MERGED = "cleaned", "merged"
"""What an origin says, after a ``+``, of a mask that was changed or made here."""
Placed = tuple[int, int, npt.NDArray[np.bool_]]
_MOST_PAIRS, _MOST_UNIONS = 5000, 500
"""Pairs tried and unions made at most: those of pieces of the best quality."""
_LEAST_PIECE = 0.1
_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]], np.float32)
"""A pixel is a square: its corners count, not its centre."""


def tidy(candidates: Candidates, settings: TidySettings) -> Candidates:
    """The candidates with their masks cleaned, and unions of fragments behind them.

    Rows keep their numbers. The box of a cleaned mask is its own; unions get new numbers.

    Args:
        candidates: As proposed.
        settings: What to mend; by default nothing, and the same candidates come back.
    """
    if settings.clean_masks or settings.fill_holes > 0:
        candidates = clean(candidates, settings)
    return merge_fragments(candidates, settings) if settings.merge_gap else candidates


def count_tidied(origins: tuple[str, ...]) -> dict[str, int]:
    """How many masks were cleaned and how many made by merging, by their origins; nothing that is 0.

    A union of cleaned masks was made by merging.
    """
    last = [word.split()[0] for _, *words in (origin.split("+") for origin in origins) for word in words[-1:]]
    return {word: last.count(word) for word in (CLEANED, MERGED) if word in last}


def clean(candidates: Candidates, settings: TidySettings) -> Candidates:
    """Opening, then closing, by a square brush; then holes below a share of the outline's area are filled."""
    masks = candidates.masks
    height, width = masks.size_hw
    pieces = [_cleaned(masks.crop(row), (height, width), settings) for row in range(len(masks))]
    cleaned = Masks.from_crops(pieces, masks.size_hw)
    changed = [_differs(masks, cleaned, row) for row in range(len(masks))]
    boxes = candidates.boxes.xyxy.copy()
    boxes[changed] = cleaned.boxes.xyxy[changed]
    return replace(
        candidates,
        masks=cleaned,
        boxes=type(candidates.boxes)(boxes),
        origins=tuple(
            f"{origin}+{CLEANED}" if was_changed else origin
            for origin, was_changed in zip(candidates.origins, changed, strict=True)
        ),
    )


def _differs(before: Masks, after: Masks, row: int) -> bool:
    old = before.runs[before.offsets[row] : before.offsets[row + 1]]
    return not np.array_equal(old, after.runs[after.offsets[row] : after.offsets[row + 1]])


def _cleaned(placed: Placed, size_hw: tuple[int, int], settings: TidySettings) -> Placed:
    top, left, piece = placed
    reach = settings.cleanup_kernel // 2 * (settings.opening + settings.closing) + 1
    room = np.pad(piece.view(np.uint8), reach)
    mended = room
    if settings.clean_masks:
        kernel = np.ones((settings.cleanup_kernel,) * 2, np.uint8)
        mended = _morph(mended, cv2.MORPH_OPEN, kernel, settings.opening)
        mended = mended if mended.any() else room  # a thing thinner than the brush is a thing all the same
        mended = _morph(mended, cv2.MORPH_CLOSE, kernel, settings.closing)
    mended = _small_holes_filled(mended, settings.fill_holes)
    # Closing at the picture's edge must not leave the picture.
    y0, x0 = max(reach - top, 0), max(reach - left, 0)
    inside = mended[y0 : size_hw[0] - top + reach, x0 : size_hw[1] - left + reach]
    return top - reach + y0, left - reach + x0, inside.view(np.bool_)


def _morph(
    piece: npt.NDArray[np.uint8], operation: int, kernel: npt.NDArray[np.uint8], times: int
) -> npt.NDArray[np.uint8]:
    if not times:
        return piece
    return np.asarray(cv2.morphologyEx(piece, operation, kernel, iterations=times), np.uint8)


def _small_holes_filled(piece: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.uint8]:
    filled = fill_outlines(piece)
    holes = (filled != piece).view(np.uint8)
    if share <= 0 or not holes.any():
        return piece
    _, labels, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= share * filled.sum()
    small[0] = False
    return np.asarray(piece | small[labels], np.uint8)


def merge_fragments(candidates: Candidates, settings: TidySettings) -> Candidates:
    """Add the union of every two candidates that nearly touch and make one compact whole together.

    Args:
        candidates: Any.
        settings: The largest gap, and how much of its convex hull a union must fill.
    """
    masks = candidates.masks
    unions, first, second = [], [], []
    pieces: dict[int, Placed] = {}
    for i, j in _neighbours(candidates, settings):
        for row in (i, j):
            if row not in pieces:
                pieces[row] = masks.crop(row)
        union = _union(pieces[i], pieces[j], settings)
        if union is not None:
            unions.append(union)
            first.append(i)
            second.append(j)
        if len(unions) == _MOST_UNIONS:
            break
    if not unions:
        return candidates
    made = Masks.from_crops(unions, masks.size_hw)
    next_number = int(candidates.numbers.max()) + 1
    origins = [
        f"{candidates.origins[i]}+{MERGED} #{candidates.numbers[i]} #{candidates.numbers[j]}"
        for i, j in zip(first, second, strict=True)
    ]
    quality = np.minimum(candidates.quality[first], candidates.quality[second])
    return Candidates(
        candidates.item,
        np.concatenate([candidates.numbers, next_number + np.arange(len(unions))]),
        Masks.concatenate([masks, made], masks.size_hw),
        type(candidates.boxes)(np.concatenate([candidates.boxes.xyxy, made.boxes.xyxy])),
        np.concatenate([candidates.quality, quality]),
        (*candidates.origins, *origins),
    )


def _neighbours(candidates: Candidates, settings: TidySettings) -> list[tuple[int, int]]:
    """Pairs that could be one compact whole, by their boxes and areas alone; those of best quality first.

    A convex thing fills at least half of its box. A piece below a tenth of the other makes a union that is a
    near-duplicate of the other, so it is not tried.
    """
    boxes, areas = candidates.boxes.xyxy.astype(np.float64), candidates.masks.areas.astype(np.float64)
    quality = candidates.quality
    found: list[tuple[float, int, int]] = []
    for i in range(len(boxes) - 1):
        low = np.minimum(boxes[i, :2], boxes[i + 1 :, :2])
        high = np.maximum(boxes[i, 2:], boxes[i + 1 :, 2:])
        apart = np.maximum(boxes[i, :2], boxes[i + 1 :, :2]) - np.minimum(boxes[i, 2:], boxes[i + 1 :, 2:])
        together, smaller = areas[i] + areas[i + 1 :], np.minimum(areas[i], areas[i + 1 :])
        seam = settings.merge_gap * 2 * np.sqrt(together)
        box = (high - low).prod(axis=1)
        compact = (together + seam >= 0.5 * settings.merge_solidity * box) & (together <= box)
        near = (apart.max(axis=1) <= settings.merge_gap) & (smaller >= _LEAST_PIECE * (together - smaller))
        others = np.flatnonzero(compact & near) + i + 1
        found += [(-min(float(quality[i]), float(quality[j])), i, int(j)) for j in others]
    found.sort()
    return [(i, j) for _, i, j in found[:_MOST_PAIRS]]


def _union(a: Placed, b: Placed, settings: TidySettings) -> Placed | None:
    """Both pieces and what closes the gap between them; none if they overlap, are apart, or look apart."""
    gap = settings.merge_gap
    top, left = min(a[0], b[0]), min(a[1], b[1])
    bottom = max(p[0] + p[2].shape[0] for p in (a, b))
    right = max(p[1] + p[2].shape[1] for p in (a, b))
    one, other = (_in_frame(p, (top, left, bottom, right)) for p in (a, b))
    if cv2.countNonZero(one & other):
        return None
    kernel = np.ones((2 * gap + 1,) * 2, np.uint8)
    if not cv2.countNonZero(np.asarray(cv2.dilate(one, kernel), np.uint8) & other):
        return None
    padded = np.pad(one | other, gap)
    union = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel), np.uint8)[gap:-gap, gap:-gap]
    union = np.ascontiguousarray(union)
    outlines, _ = cv2.findContours(union, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corners = np.concatenate(outlines).astype(np.float32) + _CORNERS
    hull = cv2.contourArea(cv2.convexHull(corners.reshape(-1, 2)))
    if cv2.countNonZero(union) < settings.merge_solidity * hull:
        return None
    return top, left, union.view(np.bool_)


def _in_frame(placed: Placed, frame: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    top, left, bottom, right = frame
    y, x, piece = placed
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    canvas[y - top : y - top + piece.shape[0], x - left : x - left + piece.shape[1]] = piece
    return canvas
