"""Who has seen what in a pass, and what is reserved for whom."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lydite.review.fold import Fold
from lydite.review.pile import Pile

Flags = npt.NDArray[np.bool_]
LEASE_S = 300.0
"""How long a row that was handed to one reviewer is kept from the others."""


@dataclass(eq=False)
class Progress:
    """Rows seen in one pass, by reviewer.

    Args:
        pile: What is reviewed.
        round: Name of the pass.
        shared: ``(n,)`` bool: rows that everybody sees.
    """

    pile: Pile
    round: str
    shared: Flags
    _seen: dict[str, Flags] = field(default_factory=dict)
    _leases: dict[int, tuple[str, float]] = field(default_factory=dict)

    def seen_by(self, reviewer: str) -> Flags:
        """``(n,)`` bool: rows on which a reviewer gave a word in this pass."""
        return self._seen.setdefault(reviewer, np.zeros(len(self.pile), np.bool_))

    def open_to(self, reviewer: str) -> Flags:
        """``(n,)`` bool: rows that may be shown to a reviewer: not seen, and by no other unless shared."""
        closed = self.seen_by(reviewer).copy()
        for other, seen in self._seen.items():
            if other != reviewer:
                closed |= seen & ~self.shared
        return ~closed

    def reserve(
        self, rows: npt.NDArray[np.int64], reviewer: str, count: int, have: Collection[int]
    ) -> list[int]:
        """The first rows of an order that may be shown, kept from others for a while."""
        now = time.monotonic()
        self._leases = {row: lease for row, lease in self._leases.items() if lease[1] > now}
        taken = {
            row for row, (holder, _) in self._leases.items() if holder != reviewer and not self.shared[row]
        }
        allowed = self.open_to(reviewer)[rows]
        found: list[int] = []
        for row in rows[allowed].tolist():
            if len(found) >= count:
                break
            if row not in taken and row not in have:
                found.append(row)
                self._leases[row] = (reviewer, now + LEASE_S)
        return found

    def tell(self, fold: Fold, row: int) -> None:
        """Look again at who has seen a row, after an act or an undo."""
        speakers = {v.reviewer for v in fold.living_of(self.pile.subjects[row]) if v.round == self.round}
        for reviewer in speakers | set(self._seen):
            self.seen_by(reviewer)[row] = reviewer in speakers
