"""Leaks of scenes: another shot of what stands in another split, by the encoder's vectors.

How alike two pictures are says little by itself: every smear of blood is like every other. Two shots of one
scene are far more alike than either of them is like its other neighbours. So the distance is measured in
their distances to the tenth nearest, as outliers are judged by the density around them (Breunig, Kriegel, Ng
and Sander, "LOF: identifying density-based local outliers", 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.stack import Taken, blocks

if TYPE_CHECKING:
    from lydite.clean.pile import Pile

_BLOCK = 1024
NEIGHBOURS = 10
"""The neighbour whose distance is the measure; a scene of more shots than that is no longer told apart."""
_CLOSE = 1e-6
"""A distance that is none; rounding alone makes it."""


def scenes(pile: Pile) -> Column:
    """How much nearer than the usual the nearest one of another split is, for the item that gives way."""
    scores = np.full(len(pile), np.nan)
    kin: list[tuple[int, ...]] = [()] * len(pile)
    hints = [""] * len(pile)
    names, splits = np.unique([split or "" for split in pile.splits], return_inverse=True)
    if pile.vectors is None or len(names) < 2:
        return Column(scores, tuple(kin), tuple(hints))
    rows = np.flatnonzero(pile.encoded & np.array([split is not None for split in pile.splits], np.bool_))
    nearest, distance, usual = _neighbours(Taken(pile.vectors, rows), splits[rows], pile.standing[rows])
    for place in np.flatnonzero(nearest >= 0).tolist():
        other, own = int(nearest[place]), int(rows[place])
        measure = min(usual[place], usual[other])
        scores[own] = 1 - min(1.0, float(distance[place] / measure)) if measure > _CLOSE else 0.0
        kin[own] = (int(rows[other]),)
        hints[own] = f"perhaps the scene that stands in split {pile.splits[rows[other]]} as"
    return Column(scores, tuple(kin), tuple(hints))


def _neighbours(
    vectors: Taken, splits: npt.NDArray[np.int64], standing: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Of each row, ``(n,)``: the nearest of another split that stays (-1: none), its distance, the usual one.

    Distances are 1 - cosine; the usual one is that of the tenth nearest, or of the last of fewer.
    """
    count = len(vectors)
    keep = min(NEIGHBOURS, count - 1)
    nearest = np.full(count, -1, np.int64)
    distance, usual = np.full(count, np.inf, np.float32), np.full(count, np.inf, np.float32)
    for here, block in blocks(vectors, _BLOCK):
        rows = np.arange(here.start, here.stop)
        close = np.full((len(rows), keep), np.inf, np.float32)
        for there, tile in blocks(vectors):
            others = np.arange(there.start, there.stop)
            far = np.maximum(1 - block @ tile.T, 0)
            far[rows[:, None] == others] = np.inf
            if keep:
                close = np.partition(np.hstack([close, far]), keep - 1, axis=1)[:, :keep]
            far[splits[rows, None] == splits[others]] = np.inf
            far[standing[rows, None] < standing[others]] = np.inf
            best = far.argmin(axis=1)
            least = far[np.arange(len(rows)), best]
            better = least < distance[here]
            nearest[here] = np.where(better, others[best], nearest[here])
            distance[here] = np.where(better, least, distance[here])
        if keep:
            usual[here] = close.max(axis=1)
    return nearest, distance, usual


CHECK = Check(
    "how much nearer than its usual neighbours one of another split is, 0 to 1",
    Worse.HIGH,
    0.4,
    Needs.VECTORS,
    of_pile=scenes,
)
