"""Outlines in four numbers, and how far one is from those of the examples.

A heap of oranges is as orange as an orange, and a shred of one is too; neither is shaped like one. The
numbers do not change with place, size, or rotation:

- solidity: area over the area of the convex hull;
- slenderness: short over long axis of the ellipse of equal second moments (Hu 1962);
- ellipse fill: area over the area of that ellipse;
- smoothness: perimeter of the hull over the perimeter of the outline.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Masks

Shapes = npt.NDArray[np.float32]
MEASURES = 4
_WEIGHTS = np.array([2.0, 0.5, 2.0, 1.0], np.float32)
"""Objects of one class differ most in slenderness (a carrot, seen from its tip)."""
_OUTLINE_TOLERANCE_PX = 1.5
_RECTANGLE_FILL = 0.995
_LONGEST_SIDE_PX = 96


def describe_shapes(masks: Masks) -> Shapes:
    """``(n, 4)`` float32: solidity, slenderness, ellipse fill, smoothness, each about in [0, 1.2].

    Only the largest piece of a mask has an outline. A mask that fills its box says nothing about the
    shape of what is in it; its row is NaN.
    """
    shapes = np.full((len(masks), MEASURES), np.nan, np.float32)
    sides = masks.boxes.xyxy[:, 2:] - masks.boxes.xyxy[:, :2]
    outlined = masks.areas < _RECTANGLE_FILL * sides.prod(axis=1)
    rows = np.flatnonzero(outlined)
    if len(rows):
        measured = [_measure(_at_most(masks.crop(row)[2], _LONGEST_SIDE_PX)) for row in rows.tolist()]
        shapes[rows] = _describe(np.array(measured))
    return shapes


def shape_distance(shapes: Shapes, examples: Shapes) -> npt.NDArray[np.float32]:
    """Mean distance of each shape to the nearer ones of the examples, more than half of them.

    A distance is a weighted sum of absolute differences. The nearest example alone would say ever less: among
    many, one is near to anything.

    Args:
        shapes: ``(n, 4)``; a row of NaN (a filled box) has distance 0.
        examples: ``(m, 4)``; rows of NaN are no examples.

    Returns:
        ``(n,)`` float32; all 0 where no example has an outline.
    """
    known = examples[~np.isnan(examples).any(axis=1)]
    if not len(known):
        return np.zeros(len(shapes), np.float32)
    distances: Shapes = (np.abs(shapes[:, None] - known[None]) * _WEIGHTS).sum(axis=2)
    most = len(known) // 2 + 1
    nearer: Shapes = np.partition(distances, most - 1, axis=1)[:, :most]
    return np.asarray(np.nan_to_num(nearer.mean(axis=1), nan=0.0), np.float32)


def _at_most(piece: npt.NDArray[np.bool_], side: int) -> npt.NDArray[np.uint8]:
    """The piece as 0 and 1, shrunk until its long side fits: outlines need no more, and cost by the pixel."""
    height, width = piece.shape
    scale = side / max(height, width)
    if scale >= 1:
        return piece.view(np.uint8)
    size_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    shares = cv2.resize(piece.view(np.uint8) * np.uint8(255), size_wh, interpolation=cv2.INTER_AREA)
    shrunk: npt.NDArray[np.uint8] = (shares >= 128).astype(np.uint8)
    return shrunk if shrunk.any() else np.ones_like(shrunk)


def _measure(piece: npt.NDArray[np.uint8]) -> tuple[float, ...]:
    """Area, second moments (xx, xy, yy), area and perimeter of the hull, perimeter of the outline."""
    padded = np.zeros((piece.shape[0] + 2, piece.shape[1] + 2), np.uint8)
    padded[1:-1, 1:-1] = piece
    outlines, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea) if len(outlines) > 1 else outlines[0]
    hull = cv2.convexHull(outline)
    moments = cv2.moments(padded, binaryImage=True)
    around_hull = cv2.arcLength(hull, closed=True)
    smooth = cv2.approxPolyDP(outline, _OUTLINE_TOLERANCE_PX, closed=True)
    return (
        moments["m00"],
        *(moments[name] for name in ("mu20", "mu11", "mu02")),
        # Contours run through pixel centres: Pick's theorem gives the area of the pixels inside.
        cv2.contourArea(hull) + around_hull / 2 + 1,
        around_hull,
        max(cv2.arcLength(smooth, closed=True), 1.0),
    )


def _describe(measured: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``(n, 4)`` from ``(n, 7)`` as ``_measure`` gives them."""
    area, xx, xy, yy, hull_area, around_hull, around = measured.T
    covariances = np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2) / area[:, None, None]
    # A pixel is a unit square with a variance of its own.
    short, long = np.sqrt(np.linalg.eigvalsh(covariances + np.eye(2) / 12)).T
    return np.stack(
        [
            np.minimum(area / hull_area, 1.0),
            short / long,
            np.minimum(area / (4 * np.pi * (short * long)), 1.2),
            np.minimum(around_hull / around, 1.2),
        ],
        axis=1,
    )
