"""How far an item lies from its own kind, compared with how far its kind usually lies from itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lydite.clean.checks.base import Column
from lydite.clean.stack import Taken, blocks

if TYPE_CHECKING:
    from lydite.clean.pile import Pile

_VOICES = 3
_LEAST = 5
"""Members from which on a kind has a usual distance."""
_MEMBERS = 4096


def away_from_kind(pile: Pile, kinds: Sequence[str | None], name: str) -> Column:
    """Distances to the nearest of the same kind, in robust standard deviations above the median of the kind.

    The distance is 1 minus the mean cosine to the three nearest others of the kind. Spread is 1.4826 times
    the median absolute deviation, never less than a tenth of the median distance.

    Args:
        pile: With vectors.
        kinds: Kind of each item; items without one, and of kinds with fewer than five, have no score.
        name: What a kind is called, for people.
    """
    scores = np.full(len(pile), np.nan)
    kin: list[tuple[int, ...]] = [()] * len(pile)
    hints = [""] * len(pile)
    rows_of: dict[str, list[int]] = {}
    vectors = pile.vectors
    if vectors is None:
        return Column(scores, tuple(kin), tuple(hints))
    known = pile.encoded
    for row, kind in enumerate(kinds):
        if kind is not None and known[row]:
            rows_of.setdefault(kind, []).append(row)
    for kind, rows in rows_of.items():
        if len(rows) < _LEAST:
            continue
        # Of a huge kind, members against whom the others are measured are drawn evenly.
        inner = np.array(rows)
        against = inner[:: -(-len(inner) // _MEMBERS)]
        others = vectors[against].T
        distances, nearest = np.empty(len(inner)), np.empty((len(inner), _VOICES), np.int64)
        for place, block in blocks(Taken(vectors, inner)):
            cosines = block @ others
            cosines[inner[place, None] == against[None]] = -2
            nearest[place] = np.argpartition(-cosines, _VOICES - 1, axis=1)[:, :_VOICES]
            near = np.take_along_axis(cosines, nearest[place], axis=1)
            distances[place] = 1 - near.mean(axis=1, dtype=np.float64)
        middle = float(np.median(distances))
        spread = max(1.4826 * float(np.median(np.abs(distances - middle))), 0.1 * middle, 1e-6)
        scores[inner] = (distances - middle) / spread
        for row, near in zip(rows, against[nearest].tolist(), strict=True):
            kin[row] = tuple(near)
            hints[row] = f"unlike its {name} {kind}, of which it most resembles"
    return Column(scores, tuple(kin), tuple(hints))
