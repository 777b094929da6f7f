"""How much boxes and masks share.

Mask intersections are counted on the runs by pycocotools, for pairs whose boxes meet, and are exact
whole pixels; both ratios of a pair come from the one count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from lydite.core import Boxes, InvalidValue, Masks

_ROWS_AT_A_TIME = 32
"""Masks whose runs are unpacked once for all their pairs."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Row-aligned pairs of masks, in the order of their first, then their second.

    Args:
        first: ``(p,)`` int64 row of one mask.
        second: ``(p,)`` int64 row of the other, always the larger number.
        iou: ``(p,)`` float32 intersection over union.
        ios: ``(p,)`` float32 intersection over the smaller area: 1 where one lies inside the other.
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float32]
    ios: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.first)


def box_iou(a: Boxes, b: Boxes) -> npt.NDArray[np.float32]:
    """Intersection over union of all pairs of boxes.

    Returns:
        ``(len(a), len(b))`` float32 in [0, 1]; 0 where both boxes are empty.
    """
    shared = _box_intersections(a, b)
    union = _box_areas(a)[:, None] + _box_areas(b)[None, :] - shared
    return _ratio(shared, union)


def mask_iou(a: Masks, b: Masks) -> npt.NDArray[np.float32]:
    """Intersection over union of all pairs of masks.

    Returns:
        ``(len(a), len(b))`` float32 in [0, 1]; 0 where both masks are empty.

    Raises:
        InvalidValue: If the masks are of two picture sizes.
    """
    return mask_overlap(a, b)[0]


def mask_overlap(a: Masks, b: Masks) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Intersection over union, and over the smaller area, of all pairs of masks.

    Returns:
        Two arrays ``(len(a), len(b))`` float32 in [0, 1]; 0 where a mask is empty.

    Raises:
        InvalidValue: If the masks are of two picture sizes.
    """
    if a.size_hw != b.size_hw:
        raise InvalidValue("Masks to compare", f"of one picture size {a.size_hw}", b.size_hw)
    shared = _intersections(encode_masks(a), encode_masks(b), a.areas)
    return _ratios(shared, a.areas[:, None], b.areas[None, :])


def find_likest(a: Masks, b: Masks, min_iou: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """For each of ``a`` the one of ``b`` with the largest intersection over union, if that is enough.

    A pair is looked at only if boxes and areas allow the overlap asked for.

    Args:
        a: Masks.
        b: Masks of the same picture.
        min_iou: Smallest intersection over union, in (0, 1].

    Returns:
        ``(len(a),)`` int64 rows of ``b``, the first of equals, -1 for none; and the overlap, 0 for none.

    Raises:
        InvalidValue: If the masks are of two picture sizes, or the limit is outside (0, 1].
    """
    if a.size_hw != b.size_hw:
        raise InvalidValue("Masks to compare", f"of one picture size {a.size_hw}", b.size_hw)
    if not 0 < min_iou <= 1:
        raise InvalidValue("min_iou", "in (0, 1]", min_iou)
    best, most = np.full(len(a), -1, np.int64), np.zeros(len(a), np.float32)
    areas = (a.areas, b.areas)
    bound = np.minimum(
        _box_intersections(a.boxes, b.boxes), np.minimum(areas[0][:, None], areas[1][None]).astype(np.float64)
    )
    possible = _enough(_ratios(bound, areas[0][:, None], areas[1][None])[0], min_iou)
    rows, candidates = np.flatnonzero(possible.any(axis=1)), np.flatnonzero(possible.any(axis=0))
    encoded = dict(zip(candidates.tolist(), encode_masks(b[candidates]), strict=True))
    for row, one in zip(rows.tolist(), encode_masks(a[rows]), strict=True):
        others = np.flatnonzero(possible[row])
        shared = _intersections([one], [encoded[at] for at in others.tolist()], areas[0][[row]])
        iou = _ratios(shared[0], areas[0][row], areas[1][others])[0]
        if _enough(iou, min_iou).any():
            best[row], most[row] = others[iou.argmax()], iou.max()
    return best, most


def share_inside(a: Boxes | Masks, b: Boxes | Masks) -> npt.NDArray[np.float32]:
    """How much of each of ``a`` lies inside each of ``b``: intersection over the area of ``a``.

    Args:
        a: Boxes or masks.
        b: The same kind, of one picture with ``a``.

    Returns:
        ``(len(a), len(b))`` float32 in [0, 1]; 0 where the first is empty.

    Raises:
        InvalidValue: If one side holds boxes and the other masks.
    """
    if isinstance(a, Masks) and isinstance(b, Masks):
        shared, areas = _intersections(encode_masks(a), encode_masks(b), a.areas), a.areas
        return _ratio(shared, areas[:, None])
    if isinstance(a, Boxes) and isinstance(b, Boxes):
        return _ratio(_box_intersections(a, b), _box_areas(a)[:, None])
    raise InvalidValue("Shapes to compare", "both boxes or both masks", [type(a).__name__, type(b).__name__])


def pairwise_overlaps(masks: Masks, min_iou: float, min_ios: float | None = None) -> Overlaps:
    """The pairs among masks of one picture that overlap enough, as suppression needs them.

    A pair is looked at only if the boxes and areas of its masks allow the overlap asked for.

    Args:
        masks: Any masks of one picture.
        min_iou: Smallest intersection over union of a pair, in (0, 1].
        min_ios: If given, pairs with at least this intersection over the smaller area, in (0, 1], count too.

    Raises:
        InvalidValue: If a limit is outside (0, 1].
    """
    for name, limit in (("min_iou", min_iou), ("min_ios", min_ios)):
        if limit is not None and not 0 < limit <= 1:
            raise InvalidValue(name, "in (0, 1]", limit)
    areas, encoded = masks.areas, encode_masks(masks)
    parts: list[tuple[npt.NDArray[np.int64], ...]] = []
    for first, second in _possible_pairs(masks, min_iou, min_ios):
        rows, row = np.unique(first, return_inverse=True)
        others, other = np.unique(second, return_inverse=True)
        shared = _intersections([encoded[at] for at in rows], [encoded[at] for at in others], areas[rows])
        parts.append((first, second, shared[row, other]))
    columns = zip(*parts, strict=True) if parts else [()] * 3
    first, second, shared = (np.concatenate(column or [np.zeros(0, np.int64)]) for column in columns)
    iou, ios = _ratios(shared, areas[first], areas[second])
    keep = _enough(iou, min_iou) | (_enough(ios, min_ios) if min_ios is not None else False)
    return Overlaps(first[keep], second[keep], iou[keep], ios[keep])


def encode_masks(masks: Masks) -> list[dict[str, Any]]:
    """Compressed RLE of each mask, as pycocotools computes with it."""
    height, width = masks.size_hw
    counts = [{"size": [height, width], "counts": masks.to_counts(row)} for row in range(len(masks))]
    encoded: list[dict[str, Any]] = coco.frPyObjects(counts, height, width) if counts else []
    return encoded


def _possible_pairs(
    masks: Masks, min_iou: float, min_ios: float | None
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Pairs whose boxes share enough for them to count, for a few rows and all later ones at a time."""
    areas, boxes = masks.areas.astype(np.float64), masks.boxes
    for start in range(0, len(masks) - 1, _ROWS_AT_A_TIME):
        rows, later = slice(start, start + _ROWS_AT_A_TIME), slice(start + 1, None)
        smaller = np.minimum(areas[rows, None], areas[None, later])
        most = np.minimum(_box_intersections(boxes[rows], boxes[later]), smaller)
        iou, ios = _ratios(most, areas[rows, None], areas[None, later])
        possible = _enough(iou, min_iou) | (_enough(ios, min_ios) if min_ios is not None else False)
        first, second = np.nonzero(np.triu(possible))
        if len(first):
            yield first + start, second + start + 1


def _enough(ratio: npt.NDArray[np.float32], limit: float) -> npt.NDArray[np.bool_]:
    enough: npt.NDArray[np.bool_] = ratio >= np.float32(limit)
    return enough


def _intersections(
    a: list[dict[str, Any]], b: list[dict[str, Any]], areas_a: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Pixels shared by all pairs; the "crowd" ratio is the intersection over the first one's area."""
    if not a or not b:
        return np.zeros((len(a), len(b)), np.int64)
    share = np.asarray(coco.iou(a, b, [1] * len(b)))
    return np.rint(share * areas_a[:, None]).astype(np.int64)


def _box_intersections(a: Boxes, b: Boxes) -> npt.NDArray[np.float64]:
    left, right = a.xyxy.astype(np.float64)[:, None], b.xyxy.astype(np.float64)[None]
    sides = np.minimum(left[..., 2:], right[..., 2:]) - np.maximum(left[..., :2], right[..., :2])
    sides = np.maximum(sides, 0)
    shared: npt.NDArray[np.float64] = sides[..., 0] * sides[..., 1]
    return shared


def _box_areas(boxes: Boxes) -> npt.NDArray[np.float64]:
    sides = boxes.xyxy[:, 2:].astype(np.float64) - boxes.xyxy[:, :2]
    areas: npt.NDArray[np.float64] = sides[:, 0] * sides[:, 1]
    return areas


def _ratios(
    shared: npt.NDArray[Any], area_a: npt.NDArray[Any] | float, area_b: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    return _ratio(shared, area_a + area_b - shared), _ratio(shared, np.minimum(area_a, area_b))


def _ratio(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), whole)
    ratio = np.zeros(part.shape)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio.astype(np.float32)
