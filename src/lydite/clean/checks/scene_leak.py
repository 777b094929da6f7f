"""Leaks of scenes: another shot of what stands in another split, by the encoder's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.stack import Taken, blocks

if TYPE_CHECKING:
    from lydite.clean.pile import Pile

_BLOCK = 1024


def scenes(pile: Pile) -> Column:
    """The largest cosine with an item of another split that stays, for the item that gives way."""
    scores = np.full(len(pile), np.nan)
    kin: list[tuple[int, ...]] = [()] * len(pile)
    hints = [""] * len(pile)
    if pile.vectors is None:
        return Column(scores, tuple(kin), tuple(hints))
    names, splits = np.unique([split or "" for split in pile.splits], return_inverse=True)
    rows = np.flatnonzero(pile.encoded & np.array([split is not None for split in pile.splits], np.bool_))
    vectors = Taken(pile.vectors, rows)
    for place, block in blocks(vectors, _BLOCK) if len(names) > 1 else ():
        here = rows[place]
        found, best = np.full(len(here), -2, np.float32), np.zeros(len(here), np.int64)
        for against, tile in blocks(vectors):
            there = rows[against]
            cosines = block @ tile.T
            cosines[splits[here, None] == splits[there][None]] = -2
            cosines[pile.standing[here, None] < pile.standing[there][None]] = -2
            nearest = cosines.argmax(axis=1)
            cosine = cosines[np.arange(len(here)), nearest]
            better = cosine > found
            found[better], best[better] = cosine[better], there[nearest[better]]
        for row, other, most in zip(here.tolist(), best.tolist(), found.tolist(), strict=True):
            if most > -2:
                scores[row], kin[row] = most, (other,)
                hints[row] = f"perhaps the scene that stands in split {pile.splits[other]} as"
    return Column(scores, tuple(kin), tuple(hints))


CHECK = Check("cosine with an item of another split, -1 to 1", Worse.HIGH, 0.8, Needs.VECTORS, of_pile=scenes)
