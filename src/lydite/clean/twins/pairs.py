"""All pairs of pictures that show the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lydite.clean.stack import Taken, Tall
from lydite.clean.twins.candidates import find_candidates
from lydite.clean.twins.similar import similarities
from lydite.core import InvalidValue

KEPT = 0.70
"""Similarity below which a pair is not reported at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Row-aligned pairs, each once.

    Args:
        left: ``(m,)`` int64 rows, smaller than those of ``right``.
        right: ``(m,)`` int64 rows.
        similarity: ``(m,)`` float64 in [0, 1]; 1 exactly for files of equal bytes.
        equal: ``(m,)`` bool: files of equal bytes.

    Raises:
        InvalidValue: If columns differ in length, or a pair is not in order.
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    equal: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        lengths = [len(c) for c in (self.left, self.right, self.similarity, self.equal)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Pairs", "columns of one length", lengths)
        if (self.left >= self.right).any():
            raise InvalidValue("Pairs", "pairs in order", int((self.left >= self.right).sum()))

    def __len__(self) -> int:
        return len(self.left)


def find_pairs(thumbs: Tall, images: Sequence[str | None]) -> Pairs:
    """Equal files, and pictures that align with one another.

    Files of equal bytes are compared with others through their first row only, and share what it finds.

    Args:
        thumbs: ``(n, 64, 64)`` uint8, an array or a stack on disk.
        images: Hash of each file; ``None`` for rows without picture, which have no pair.
    """
    copies: defaultdict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        if image is not None:
            copies[image].append(row)
    found: dict[tuple[int, int], tuple[float, bool]] = {}
    for rows in copies.values():
        found |= dict.fromkeys(pairwise(rows), (1.0, True))
    first = np.array([rows[0] for rows in copies.values()], np.int64)
    distinct = Taken(thumbs, first)
    candidates = find_candidates(distinct)
    alike = similarities(distinct, candidates)
    for place in np.flatnonzero(alike >= KEPT).tolist():
        pair = sorted((int(first[candidates.part[place]]), int(first[candidates.whole[place]])))
        found[pair[0], pair[1]] = (min(float(alike[place]), 1 - 1e-6), False)
    ordered = sorted(found)
    return Pairs(
        np.array([left for left, _ in ordered], np.int64),
        np.array([right for _, right in ordered], np.int64),
        np.array([found[pair][0] for pair in ordered], np.float64),
        np.array([found[pair][1] for pair in ordered], np.bool_),
    )
