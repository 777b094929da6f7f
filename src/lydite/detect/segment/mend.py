"""Small holes filled and small islands removed, as people would draw a mask."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def mend(mask: Mask, least_px: float) -> tuple[Mask, bool]:
    """A mask without holes and islands smaller than ``least_px``, and whether anything changed.

    The largest island stays whatever its size: a small object is no speck. What touches the edge of the array
    from outside is no hole only if it is large enough, so give the mask a rim.

    Args:
        mask: ``(height, width)`` bool.
        least_px: Areas below are mended; 0 leaves the mask as it is.
    """
    if least_px <= 0 or not mask.any():
        return mask, False
    holes, large = _components(~mask, least_px)
    filled = mask | ((holes > 0) & ~large[holes])
    islands, large = _components(filled, least_px)
    if len(large) > 1 and not large[1:].any():
        large[1 + np.bincount(islands.ravel())[1:].argmax()] = True
    kept = (islands > 0) & large[islands]
    return kept, not np.array_equal(kept, mask)


def _components(mask: Mask, least_px: float) -> tuple[npt.NDArray[np.int32], Mask]:
    """Labels of 8-connected components (0 is outside), and for each whether it is large enough."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA] >= least_px)
