"""Groups of one composition are interchangeable: a kind is dealt out at once, its rest where it hurts least.

Most groups hold a few items of a few classes, so each choice is a handful of numbers: plain Python is
several times faster here than arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from lydite.data.folds.balance import Ints

_EQUAL = 12
"""Costs that agree to so many decimals are equal: the smallest fold decides."""


def deal_kinds(counts: Ints, order: Ints, here: Ints, totals: Ints, placed: Ints) -> None:
    """Place groups kind by kind, in place.

    Args:
        counts: ``(groups, classes)`` items of each class in each group.
        order: Which groups, the first placed first; each brings all of its kind along.
        here: ``(classes, folds)`` items in each fold so far.
        totals: ``(classes,)`` items of each class, at least 1.
        placed: ``(groups,)`` the fold of each group.
    """
    folds = here.shape[1]
    kinds = _alike(counts, order)
    levels, sizes, whole = here.tolist(), here.sum(axis=0).tolist(), totals.tolist()
    for same, (classes, items) in zip(kinds, _compositions(counts, kinds), strict=True):
        even, rest = divmod(len(same), folds)
        if even:
            placed[same[: even * folds]] = np.tile(np.arange(folds), even)
            _add(levels, sizes, classes, [even * n for n in items], range(folds))
        if rest:
            shares = [[n / whole[label] for n in levels[label]] for label in classes]
            costs = _cost_in_each(shares, [n / whole[label] for label, n in zip(classes, items, strict=True)])
            ranked = sorted(
                (round(cost, _EQUAL), size, fold)
                for fold, (cost, size) in enumerate(zip(costs, sizes, strict=True))
            )
            chosen = [fold for _, _, fold in ranked[:rest]]
            placed[same[even * folds :]] = chosen
            _add(levels, sizes, classes, items, chosen)
    here[:] = levels


def _alike(counts: Ints, order: Ints) -> list[Ints]:
    """Groups in order, those of one composition together."""
    rows = np.ascontiguousarray(counts[order])
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, kind = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    by_kind = np.argsort(rank[kind], kind="stable")
    return np.split(order[by_kind], np.cumsum(np.bincount(rank[kind]))[:-1])


def _compositions(counts: Ints, kinds: Sequence[Ints]) -> list[tuple[list[int], list[int]]]:
    """Of each kind, the classes it holds and how many items of each."""
    table = counts[[same[0] for same in kinds]]
    kind, label = np.nonzero(table)
    ends = np.cumsum(np.bincount(kind, minlength=len(kinds))).tolist()
    labels, items = label.tolist(), table[kind, label].tolist()
    return [(labels[start:end], items[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def _cost_in_each(shares: Sequence[Sequence[float]], added: Sequence[float]) -> list[float]:
    """By fold, the sum of deviations if the group goes there; only its classes count.

    Args:
        shares: Of each class of the group, its share in each fold so far.
        added: The share of each class that the group brings.
    """
    folds = len(shares[0])
    costs = [0.0] * folds
    for share, more in zip(shares, added, strict=True):
        square = sum([value * value for value in share]) + more * more
        level = square / folds - ((sum(share) + more) / folds) ** 2
        for fold, value in enumerate(share):
            variance = level + 2 * more * value / folds
            if variance > 0:
                costs[fold] += sqrt(variance)
    return costs


def _add(
    levels: list[list[int]],
    sizes: list[int],
    classes: Sequence[int],
    items: Sequence[int],
    folds: Sequence[int],
) -> None:
    """One group, or as many alike as ``items`` counts, into each of the folds."""
    total = sum(items)
    for fold in folds:
        sizes[fold] += total
        for label, n in zip(classes, items, strict=True):
            levels[label][fold] += n
