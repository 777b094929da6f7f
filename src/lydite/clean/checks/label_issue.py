"""Label issues: the vectors of the other items speak for another label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.semantics.suspicion import suspect_labels
from lydite.clean.stack import Taken

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def issues(pile: Pile) -> Column:
    """Suspicion of each label; items of the split test neither vote nor are judged."""
    scores = np.full(len(pile), np.nan)
    kin, hints = [()] * len(pile), [""] * len(pile)
    empty = Column(scores, tuple(kin), tuple(hints))
    if pile.vectors is None:
        return empty
    labelled = np.array([label is not None for label in pile.labels], np.bool_)
    rows = np.flatnonzero(pile.encoded & labelled & ~pile.tested)
    names, labels = np.unique([pile.labels[row] or "" for row in rows], return_inverse=True)
    if len(rows) < 3 or len(names) < 2:
        return empty
    copies = np.unique([pile.images[row] or "" for row in rows], return_inverse=True)[1]
    found = suspect_labels(Taken(pile.vectors, rows), labels.astype(np.int64), copies)
    scores[rows] = found.scores
    for row, other in zip(rows.tolist(), found.suggested.tolist(), strict=True):
        hints[row] = f"labelled {pile.labels[row]}, but the others speak for {names[other]}"
    return Column(scores, tuple(kin), tuple(hints))


CHECK = Check(
    "suspicion that the label is wrong, 0 to 1 (an order, no probability)",
    Worse.HIGH,
    0.5,
    Needs.VECTORS,
    of_pile=issues,
)
