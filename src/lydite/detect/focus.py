"""The thing in an example that is given as a whole picture: its foreground, found by proposals.

A vector of a whole photograph is mostly a vector of what lies around the thing. Regions are proposed, and
the one that looks most like a thing on a ground is taken: sure to be one, unlike its surround, not cut by
the picture's edge, near its middle. Where none covers less than half of the picture, the picture
is the thing.
"""

from __future__ import annotations

import numpy as np

from lydite.core import FeatureMap, ItemId, Masks
from lydite.data import Picture
from lydite.detect.proposers.base import Proposer
from lydite.features import pool, pool_surround

LARGEST, SMALLEST = 0.5, 0.002
"""A foreground covers less than the one and more than the other share of its picture."""
_ITEM = ItemId("examples", "focus")


def find_foreground(picture: Picture, feature_map: FeatureMap, proposer: Proposer) -> Masks | None:
    """The one mask of the thing in a picture; ``None`` where nothing small stands out.

    Args:
        picture: The example.
        feature_map: The encoder's map of it.
        proposer: Says what could be a thing.
    """
    candidates = proposer.propose(picture.pixels, _ITEM)
    height, width = picture.size_hw
    share = candidates.masks.areas / (height * width)
    rows = np.flatnonzero((share > SMALLEST) & (share < LARGEST))
    if not len(rows):
        return None
    masks = candidates.masks[rows]
    ids = [str(row) for row in rows]
    inside, around = pool(feature_map, masks, ids), pool_surround(feature_map, masks, ids)
    alike = np.einsum("nd,nd->n", inside.vectors, around.vectors)
    x0, y0, x1, y1 = masks.boxes.xyxy.astype(np.float64).T
    off_centre = np.hypot((x0 + x1) / width - 1, (y0 + y1) / height - 1) / np.sqrt(2)
    cut = (x0 <= 0) | (y0 <= 0) | (x1 >= width) | (y1 >= height)
    value = candidates.quality[rows] - 0.5 * alike - 0.5 * off_centre - 0.5 * cut
    best = int(value.argmax())
    return masks[best : best + 1]
