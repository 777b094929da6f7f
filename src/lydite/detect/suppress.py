"""One greedy choice among candidates that cover each other; one implementation whatever the count.

It serves twice: duplicates among proposals (better quality stays) and instances of one class (better
rank stays; first overlap as a whole, IoU, then a part inside the other, IoS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.metrics import Overlaps

Bool = npt.NDArray[np.bool_]
Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rivals:
    """For each row the stronger rows that touch it, as compressed rows.

    Args:
        order: ``(n,)`` rows from the strongest to the weakest; ties go to the smaller row.
        offsets: ``(n + 1,)`` bounds of each row's rivals.
        stronger: Rows of the rivals, strongest first.
        weaker: Rows whose rivals they are, aligned with ``stronger``.
        iou: Intersection over union with each rival.
        ios: Intersection over the smaller of the two.
    """

    order: Int
    offsets: Int
    stronger: Int
    weaker: Int
    iou: npt.NDArray[np.float64]
    ios: npt.NDArray[np.float64]

    def of(self, row: int) -> slice:
        """Where the rivals of a row stand."""
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))


def find_rivals(
    overlaps: Overlaps,
    strength: npt.NDArray[np.floating],
    labels: Int | None = None,
    across_labels: bool = False,
) -> Rivals:
    """Orient touching pairs from the weaker to the stronger row.

    Args:
        overlaps: Touching pairs.
        strength: ``(n,)``; larger stays.
        labels: When given, only rows of one label are rivals.
        across_labels: Rows of two labels are rivals too, but only as wholes: a part may be of another
            class than what it is a part of, so their intersection over the smaller counts as 0.
    """
    n = len(strength)
    order = np.lexsort((np.arange(n), -strength.astype(np.float64)))
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    i, j = overlaps.first, overlaps.second
    # Limits are doubles: compared in single precision, a limit a hair below an overlap would equal it.
    iou, ios = overlaps.iou.astype(np.float64), overlaps.ios.astype(np.float64)
    if labels is not None:
        same = labels[i] == labels[j]
        if across_labels:
            ios = np.where(same, ios, 0)
            same = np.ones(len(same), np.bool_)
        i, j, iou, ios = i[same], j[same], iou[same], ios[same]
    swap = place[i] < place[j]
    weaker, stronger = np.where(swap, j, i), np.where(swap, i, j)
    sort = np.lexsort((place[stronger], weaker))
    counts = np.bincount(weaker, minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Rivals(order, offsets, stronger[sort], weaker[sort], iou[sort], ios[sort])


def keep_strongest(rivals: Rivals, alive: Bool, max_iou: float, max_ios: float = 1.0) -> Int:
    """Who stays, strongest first.

    Args:
        rivals: Who touches whom.
        alive: ``(n,)`` rows that take part.
        max_iou: A row goes when a kept stronger row has a larger IoU with it.
        max_ios: ... or a larger intersection over the smaller.

    Returns:
        ``(n,)`` int64: -1 for rows that stay (and rows that took no part), else the row that each lost to.
    """
    lost_to = np.full(len(alive), -1, np.int64)
    covers = (rivals.iou > max_iou) | (rivals.ios > max_ios)
    if not covers.any():
        return lost_to
    kept = alive.copy()
    contested = np.zeros(len(alive), np.bool_)
    contested[rivals.weaker[covers]] = True
    for row in rivals.order[(alive & contested)[rivals.order]]:
        at = rivals.of(row)
        winners = rivals.stronger[at][covers[at]]
        winners = winners[kept[winners]]
        if len(winners):
            kept[row] = False
            lost_to[row] = winners[0]
    return lost_to
