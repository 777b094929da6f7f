"""Which item of a pair gives way, and what the pair means for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lydite.clean.checks.base import Column

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def of_the_one_that_gives_way(pile: Pile, wanted: Callable[[int, int, bool], bool], hint: str) -> Column:
    """For each item the best match among those that stay while it goes; 0 where there is none.

    Args:
        pile: All items.
        wanted: From the two rows and whether the files are equal to whether the pair counts.
        hint: What to say about an item that goes.
    """
    matches: list[list[tuple[float, int]]] = [[] for _ in range(len(pile))]
    for one, other, how, equal in _rows(pile):
        if wanted(one, other, equal):
            stays, goes = sorted((one, other), key=lambda row: int(pile.standing[row]))
            matches[goes].append((how, stays))
    return _column(pile, matches, hint)


def of_both(pile: Pile, wanted: Callable[[int, int, bool], bool], hint: str) -> Column:
    """For each item its best match; 0 where there is none. Arguments as above."""
    matches: list[list[tuple[float, int]]] = [[] for _ in range(len(pile))]
    for one, other, how, equal in _rows(pile):
        if wanted(one, other, equal):
            matches[one].append((how, other))
            matches[other].append((how, one))
    return _column(pile, matches, hint)


def _rows(pile: Pile) -> list[tuple[int, int, float, bool]]:
    pairs = pile.pairs
    columns = (pairs.left, pairs.right, pairs.similarity, pairs.equal)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _column(pile: Pile, matches: list[list[tuple[float, int]]], hint: str) -> Column:
    scores = np.full(len(pile), np.nan)
    scores[pile.readable] = 0.0
    kin: list[tuple[int, ...]] = []
    for row, found in enumerate(matches):
        found.sort(key=lambda match: (-match[0], match[1]))
        if found:
            scores[row] = found[0][0]
        kin.append(tuple(other for _, other in found[:8]))
    return Column(scores, tuple(kin), tuple(hint if found else "" for found in matches))
