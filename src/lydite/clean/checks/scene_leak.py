"""Leaks of scenes: another shot of what stands in another split, by the encoder's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydite.clean.checks.base import Check, Column, Needs, Worse

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
    known = np.isfinite(pile.vectors[:, 0]) & np.array([split is not None for split in pile.splits], np.bool_)
    rows = np.flatnonzero(known)
    vectors = np.asarray(pile.vectors)[rows]
    for start in range(0, len(rows) if len(names) > 1 else 0, _BLOCK):
        here = rows[start : start + _BLOCK]
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        same = splits[here, None] == splits[rows][None]
        cosines[same | (pile.standing[here, None] < pile.standing[rows][None])] = -2
        best = cosines.argmax(axis=1)
        found = cosines[np.arange(len(here)), best]
        for row, other, cosine in zip(here.tolist(), rows[best].tolist(), found.tolist(), strict=True):
            if cosine > -2:
                scores[row], kin[row] = cosine, (other,)
                hints[row] = f"perhaps the scene that stands in split {pile.splits[other]} as"
    return Column(scores, tuple(kin), tuple(hints))


CHECK = Check("cosine with an item of another split, -1 to 1", Worse.HIGH, 0.8, Needs.VECTORS, of_pile=scenes)
