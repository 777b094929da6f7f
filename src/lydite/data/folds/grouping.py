"""Whole groups to folds, with labels as even as whole groups allow.

Large and lopsided groups are placed first, each where the imbalance is least afterwards (greedy, the rule
of most stratified group splitters). Groups of one composition are interchangeable: they are dealt out
together, an equal number to each fold, and only the rest one by one. Groups of a single item come last and
level what the others left uneven. Then single groups move while that makes the folds more even.
"""

from __future__ import annotations

import numpy as np

from lydite.data.folds.balance import Ints
from lydite.data.folds.kinds import deal_kinds

_ONE_BY_ONE = 600
"""Up to so many groups, no two are dealt out together, and each may still move."""
_MOVES = 200
_LEAST_GAIN = 1e-12


def place_groups(counts: Ints, folds: int, loads: Ints | None = None) -> Ints:
    """The fold of each group; never an empty fold where there are enough groups.

    Args:
        counts: ``(groups, classes)`` items of each class in each group; groups in an order of their own
            (by name), which breaks ties.
        folds: Number of folds.
        loads: ``(classes, folds)`` items that are there already.

    Returns:
        ``(groups,)`` in ``0..folds - 1``.
    """
    here = np.zeros((counts.shape[1], folds), np.int64) if loads is None else loads.astype(np.int64)
    totals = np.maximum(counts.sum(axis=0) + here.sum(axis=1), 1)
    placed = np.full(len(counts), -1, np.int64)
    one_by_one = len(counts) <= _ONE_BY_ONE
    single = np.zeros(len(counts), np.bool_) if one_by_one else counts.sum(axis=1) == 1
    larger = np.flatnonzero(~single)
    order = larger[np.argsort(-counts[larger].std(axis=1), kind="stable")]
    if one_by_one:
        for group in order:
            placed[group] = _best_of_all(here, counts[group], totals)
            here[:, placed[group]] += counts[group]
    elif len(order):
        deal_kinds(counts, order, here, totals, placed)
    if single.any():
        _level(counts, np.flatnonzero(single), here, placed)
    if one_by_one:
        _improve(counts, here, totals, placed)
    _fill_empty(counts, here, totals, placed)
    return placed


def _best_of_all(here: Ints, group: Ints, totals: Ints) -> int:
    """Where the mean of deviations is least afterwards, with scikit-learn's notion of equal costs.

    Slower than dealing out kinds, and then no worse than its ``StratifiedGroupKFold``: what moves
    afterwards only gains.
    """
    folds = here.shape[1]
    tried = here[None] + np.eye(folds, dtype=np.int64)[:, None, :] * group[:, None]
    costs = (tried / totals[:, None]).std(axis=2).mean(axis=1)
    sizes = tried.sum(axis=1).diagonal()
    best = 0
    for fold in range(1, folds):
        close = abs(costs[fold] - costs[best]) <= 1e-8 + 1e-5 * costs[best]
        if costs[fold] < costs[best] or (close and sizes[fold] < sizes[best]):
            best = fold
    return best


def _level(counts: Ints, singles: Ints, here: Ints, placed: Ints) -> None:
    """Items that stand alone go, class by class, where their class is rarest, as water finds its level."""
    classes = counts[singles].argmax(axis=1)
    for label in np.unique(classes):
        members = singles[classes == label]
        wanted = _water(here[label], len(members), here.sum(axis=0))
        placed[members] = np.repeat(np.arange(len(wanted)), wanted)
        here[label] += wanted


def _water(level: Ints, amount: int, sizes: Ints) -> Ints:
    """How many of ``amount`` units each vessel takes so that levels differ least."""
    order = np.lexsort((sizes, level))
    steps = np.cumsum(np.append(np.diff(level[order]) * np.arange(1, len(level)), 0))
    wet = int(np.searchsorted(steps[:-1], amount, side="left")) + 1
    wet = min(wet, len(level))
    surface, rest = divmod(int(level[order[:wet]].sum()) + amount, wet)
    # The rest goes to the smallest folds among those that the water reaches.
    receivers = order[:wet]
    taken = np.zeros(len(level), np.int64)
    taken[receivers] = surface - level[receivers]
    extra = receivers[np.argsort(sizes[receivers], kind="stable")[:rest]]
    taken[extra] += 1
    return taken


def _improve(counts: Ints, here: Ints, totals: Ints, placed: Ints) -> None:
    """Move single groups, the best move first, as long as one helps."""
    groups = np.arange(len(counts))
    added = counts / totals
    folds = here.shape[1]
    for _ in range(_MOVES):
        share = here / totals[:, None]
        square, mean = (share**2).sum(axis=1), share.mean(axis=1)
        before = np.sqrt(np.maximum(square / folds - mean**2, 0)).sum()
        left = share.T[placed]
        # (groups, folds, classes): sums of squares after leaving one fold and entering another.
        after = (square - left**2 + (left - added) ** 2)[:, None, :] + (
            2 * share.T + added[:, None, :]
        ) * added[:, None, :]
        costs = np.sqrt(np.maximum(after / folds - mean**2, 0)).sum(axis=2)
        costs[groups, placed] = np.inf
        best = int(costs.argmin())
        group, target = divmod(best, folds)
        if costs[group, target] >= before - _LEAST_GAIN:
            return
        _move(group, target, counts, here, placed)


def _fill_empty(counts: Ints, here: Ints, totals: Ints, placed: Ints) -> None:
    """Give every empty fold the group that is missed least, from a fold that keeps another.

    Counted in new groups; a fold with items of its own from before is not empty.
    """
    for empty in np.flatnonzero(here.sum(axis=0) == 0):
        held = np.bincount(placed, minlength=here.shape[1])
        spare = np.flatnonzero((held[placed] > 1) | (_before(counts, here, placed)[placed] > 0))
        if not len(spare):
            return
        costs = []
        for group in spare:
            moved = here.copy()
            moved[:, placed[group]] -= counts[group]
            moved[:, empty] += counts[group]
            costs.append((moved / totals[:, None]).std(axis=1).sum())
        _move(int(spare[int(np.argmin(costs))]), int(empty), counts, here, placed)


def _before(counts: Ints, here: Ints, placed: Ints) -> Ints:
    """``(folds,)`` items that do not come from the groups being placed."""
    new = np.bincount(placed, weights=counts.sum(axis=1), minlength=here.shape[1]).astype(np.int64)
    before: Ints = here.sum(axis=0) - new
    return before


def _move(group: int, target: int, counts: Ints, here: Ints, placed: Ints) -> None:
    here[:, placed[group]] -= counts[group]
    here[:, target] += counts[group]
    placed[group] = target
