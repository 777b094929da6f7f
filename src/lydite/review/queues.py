"""In which order rows are shown: fixed orders, made once from what is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.review.beliefs import Beliefs
from lydite.review.findings import DUPLICATES, Reasons
from lydite.review.pile import UNLABELLED, Pile

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Queue:
    """A named order of rows.

    Args:
        name: How it is asked for, such as ``suspicion`` or ``class:apple``.
        title: How people call it.
        about: What it is good for, one clause.
        rows: The order; each row at most once.
        rank: The same without the random slice that was mixed in, or empty if the order tells nothing of
            errors; see ``estimate``.
    """

    name: str
    title: str
    about: str
    rows: Rows
    rank: Rows


def slice_of(pile: Pile, seed: int) -> Rows:
    """All rows in a random order that depends on the seed and the number of rows only."""
    return np.random.default_rng(seed).permutation(len(pile)).astype(np.int64)


def build_queues(
    pile: Pile, beliefs: Beliefs, reasons: Reasons, *, slice_order: Rows, audit_every: int
) -> tuple[Queue, ...]:
    """All queues that what is known allows, the most useful first.

    Args:
        pile: What is reviewed.
        beliefs: Probabilities; ``no_beliefs`` if there are none.
        reasons: Findings by row.
        slice_order: The random slice, see ``slice_of``.
        audit_every: In orders by suspicion every so many rows one of the slice is shown; 0 for never.
    """
    suspicion = beliefs.suspicion(pile)
    if pile.shapes is not None:
        suspicion = np.where(np.isnan(suspicion), -pile.shapes.scores, suspicion)
    queues = []
    nothing = np.zeros(0, np.int64)
    everything = np.arange(len(pile))
    for name, title, about, values in (
        ("suspicion", "Most suspicious", "where the model and the label differ most", suspicion),
        ("disagreement", "Models disagree", "where models contradict each other most", beliefs.spread),
    ):
        if not np.isnan(values).all():
            rank = by_value(values)
            rank = np.concatenate([rank, everything[np.isnan(values)]])
            queues.append(Queue(name, title, about, interleave(rank, slice_order, audit_every), rank))
    queues += _of_reasons(reasons)
    queues.append(Queue("random", "Random slice", "an honest look at the whole", slice_order, nothing))
    queues.append(Queue("all", "Everything", "in order of file names", everything, nothing))
    known = np.where(np.isnan(suspicion), -np.inf, suspicion)
    order = np.lexsort((everything, -known))
    labels = pile.label_numbers[order]
    for number, name in [*enumerate(pile.class_map), (-1, UNLABELLED)]:
        rows = order[labels == number]
        if len(rows):
            title = name or "Without a label"
            queues.append(Queue(f"class:{name}", title, "one class", rows, nothing))
    return tuple(queues)


def by_value(values: npt.NDArray[np.float64]) -> Rows:
    """Rows with a value, greatest first, ties in order of rows."""
    rows = np.flatnonzero(~np.isnan(values))
    return rows[np.argsort(-values[rows], kind="stable")].astype(np.int64)


def interleave(rank: Rows, slice_order: Rows, every: int) -> Rows:
    """A ranked order in which each ``every``-th place is the next of the slice; each row once."""
    if every <= 0 or not len(rank):
        return rank
    # Ranked rows take the places 0 .. every-2, every .. and those of the slice every-1, 2*every-1 ...
    ranked_at = (
        np.arange(len(rank)) + np.arange(len(rank)) // max(every - 1, 1)
        if every > 1
        else np.arange(len(rank))
    )
    slice_at = (np.arange(len(slice_order)) + 1) * every - 1
    both = np.concatenate([rank, slice_order])
    mixed = both[np.argsort(np.concatenate([ranked_at, slice_at]), kind="stable")]
    _, first = np.unique(mixed, return_index=True)
    return mixed[np.sort(first)]


def shared(rows: int, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows every reviewer sees, so that agreement can be measured: ``share * rows``, rounded."""
    chosen = np.zeros(rows, np.bool_)
    chosen[np.random.default_rng([seed, 1]).permutation(rows)[: round(share * rows)]] = True
    return chosen


def _of_reasons(reasons: Reasons) -> Iterable[Queue]:
    nothing = np.zeros(0, np.int64)
    for check in sorted({reason.check for found in reasons.values() for reason in found}):
        scored = [
            (-max(r.score for r in found if r.check == check), row)
            for row, found in reasons.items()
            if any(r.check == check for r in found)
        ]
        if DUPLICATES in check:
            rows = _families(reasons, check)
        else:
            rows = np.array([row for _, row in sorted(scored)], np.int64)
        title = check.replace("-", " ").replace("_", " ").capitalize()
        yield Queue(f"finding:{check}", title, "found by lydite clean", rows, nothing)


def _families(reasons: Reasons, check: str) -> Rows:
    """Rows of one family of copies one after another, strongest family first."""
    peers = {
        row: [p for r in found if r.check == check for p in r.peers]
        for row, found in reasons.items()
        if any(r.check == check for r in found)
    }
    order: dict[int, None] = {}
    strength = {row: max(r.score for r in reasons[row] if r.check == check) for row in peers}
    for row in sorted(peers, key=lambda row: (-strength[row], row)):
        waiting = [row]
        while waiting:
            here = waiting.pop(0)
            if here not in order:
                order[here] = None
                waiting += sorted(p for p in peers.get(here, ()) if p not in order)
    return np.array(list(order), np.int64)
