"""Which pictures might show the same: nearest signatures, window against whole, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.clean.stack import Tall, blocks
from lydite.clean.twins.signature import DIM, TURNED, Signatures, signatures, windows
from lydite.core import InvalidValue

LEAST = 0.70
"""Cosine of signatures below which two pictures are not compared closer."""
NEAREST = 4
"""How many others a picture is compared with closer, at most on its own account."""
_BLOCK, _TILE = 1024, 2048
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Row-aligned: a window of one picture that resembles the whole of another.

    Args:
        part: ``(m,)`` int64 rows of the pictures that the windows are of.
        whole: ``(m,)`` int64 rows of the others.
        window: ``(m,)`` int64 places in ``windows()``.
        mirrored: ``(m,)`` bool: the part resembles it in a mirror.
        cosine: ``(m,)`` float32, of the two signatures.

    Raises:
        InvalidValue: If columns differ in length.
    """

    part: Rows
    whole: Rows
    window: Rows
    mirrored: npt.NDArray[np.bool_]
    cosine: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        lengths = [len(c) for c in (self.part, self.whole, self.window, self.mirrored, self.cosine)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Candidates", "columns of one length", lengths)

    def __len__(self) -> int:
        return len(self.part)

    def take(self, rows: Rows) -> Candidates:
        """Some of them, in the order of the rows."""
        return Candidates(
            self.part[rows], self.whole[rows], self.window[rows], self.mirrored[rows], self.cosine[rows]
        )

    @classmethod
    def concatenate(cls, found: list[Candidates]) -> Candidates:
        """All of them, one after the other."""
        kinds = (np.int64, np.int64, np.int64, np.bool_, np.float32)
        columns = [[f.part, f.whole, f.window, f.mirrored, f.cosine] for f in found]
        joined: list[npt.NDArray[Any]] = [
            np.concatenate([np.empty(0, kind), *(row[place] for row in columns)]).astype(kind)
            for place, kind in enumerate(kinds)
        ]
        return cls(*joined)


def find_candidates(thumbs: Tall) -> Candidates:
    """Pairs to compare closer, each pair of rows once, with its best window.

    Time grows with the square of the number of pictures (one small matrix product a window), memory
    linearly: 250 bytes a picture, some 20 a candidate, and one block.

    Args:
        thumbs: ``(n, 64, 64)`` uint8, an array or a stack on disk.
    """
    looked_at = windows()
    wholes = np.empty((len(thumbs), DIM), np.float32)
    for rows, block in blocks(thumbs, _BLOCK):
        wholes[rows] = signatures(block, looked_at[:1])[0]
    sides = np.ascontiguousarray(wholes[:, ~TURNED].T), np.ascontiguousarray(wholes[:, TURNED].T)
    best = Candidates.concatenate([])
    for rows, block in blocks(thumbs, _BLOCK):
        parts = enumerate(signatures(block, looked_at))
        found = [near for place, part in parts for near in _nearest(part, sides, rows.start, place)]
        best = _best_of_each_pair(Candidates.concatenate([best, *found]), len(thumbs))
    return _few(best)


def _nearest(
    signed: Signatures, sides: tuple[Signatures, Signatures], start: int, window: int
) -> Iterator[Candidates]:
    """The nearest wholes of each row of a block; in a mirror the turned half changes its sign."""
    even, odd = signed[:, ~TURNED], signed[:, TURNED]
    found: dict[bool, list[Candidates]] = {False: [], True: []}
    for tile in range(0, sides[0].shape[1], _TILE):
        cosines = even @ sides[0][:, tile : tile + _TILE]
        turned = odd @ sides[1][:, tile : tile + _TILE]
        cosines += turned
        found[False].append(_reached(cosines, start, tile, window, mirrored=False))
        turned *= 2
        cosines -= turned
        found[True].append(_reached(cosines, start, tile, window, mirrored=True))
    for each in found.values():
        yield _nearest_of_each_part(Candidates.concatenate(each))


def _reached(
    cosines: npt.NDArray[np.float32], start: int, tile: int, window: int, *, mirrored: bool
) -> Candidates:
    cells = np.flatnonzero(cosines >= LEAST)
    row, column = np.divmod(cells, cosines.shape[1])
    same = start + row == tile + column
    if same.any():
        cells, row, column = cells[~same], row[~same], column[~same]
    return _nearest_of_each_part(
        Candidates(
            start + row,
            tile + column,
            np.full(len(cells), window),
            np.full(len(cells), mirrored),
            cosines.ravel()[cells],
        )
    )


def _nearest_of_each_part(found: Candidates) -> Candidates:
    counts = np.bincount(found.part - found.part.min(initial=0)) if len(found) else np.zeros(0, np.int64)
    if not (counts > NEAREST).any():
        return found
    order = np.lexsort((found.whole, -found.cosine, found.part))
    return found.take(np.sort(order[_rank_in_run(found.part[order]) < NEAREST]))


def _best_of_each_pair(found: Candidates, count: int) -> Candidates:
    keys = np.minimum(found.part, found.whole) * count + np.maximum(found.part, found.whole)
    order = np.lexsort((-found.cosine, keys))
    first = np.ones(len(keys), np.bool_)
    first[1:] = keys[order[1:]] != keys[order[:-1]]
    return found.take(order[first])


def _few(best: Candidates) -> Candidates:
    """Pairs that are among the nearest of one of their two pictures at least."""
    sorted_by_cosine = np.argsort(-best.cosine, kind="stable")
    ranks = np.empty((2, len(best)), np.int64)
    rows = np.concatenate([best.part[sorted_by_cosine], best.whole[sorted_by_cosine]])
    places = np.tile(np.arange(len(best)), 2)
    order = np.lexsort((places, rows))
    ranks.ravel()[order] = _rank_in_run(rows[order])
    return best.take(np.sort(sorted_by_cosine[ranks.min(axis=0) < NEAREST]))


def _rank_in_run(ordered: Rows) -> Rows:
    """The place of each within its run of equal numbers."""
    places = np.arange(len(ordered))
    begins = np.ones(len(ordered), np.bool_)
    begins[1:] = ordered[1:] != ordered[:-1]
    return np.asarray(places - np.maximum.accumulate(np.where(begins, places, 0)), np.int64)
