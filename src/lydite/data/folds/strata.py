"""Single items to folds: every stratum is dealt out evenly, in an order that says nothing about the items."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from lydite.data.folds.balance import Ints


def place_items(
    ids: Sequence[str], classes: Ints, strata: Ints, folds: int, loads: Ints | None = None
) -> Ints:
    """The fold of each item; of every stratum, two folds differ by at most one item.

    What cannot be divided goes where the class has fewest items, then where there are fewest at all.

    Args:
        ids: Item ids, each one once; their hashes decide who goes where, so the order of rows does not.
        classes: ``(n,)`` class of each item.
        strata: ``(n,)`` what is dealt out evenly; an item's stratum decides its class.
        folds: Number of folds.
        loads: ``(classes, folds)`` items that are there already.
    """
    width = int(classes.max(initial=-1)) + 1
    here = np.zeros((width, folds), np.int64) if loads is None else loads.astype(np.int64)
    shuffled = np.argsort(_hashes(ids), kind="stable")
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]
    starts = np.flatnonzero(np.diff(strata[order], prepend=-1))
    placed = np.empty(len(ids), np.int64)
    for rows in np.split(order, starts[1:]):
        label = classes[rows[0]]
        preferred = np.lexsort((here.sum(axis=0), here[label]))
        placed[rows] = preferred[np.arange(len(rows)) % folds]
        here[label] += np.bincount(placed[rows], minlength=folds)
    return placed


def _hashes(ids: Sequence[str]) -> Ints:
    digests = b"".join(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in ids
    )
    return np.frombuffer(digests, "<i8").astype(np.int64)
