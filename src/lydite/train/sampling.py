"""Which items an epoch looks at, and in which order: a function of seed and epoch alone.

A resumed run needs no position of a sampler: it asks again for the epoch and leaves out what was done.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue
from lydite.train.tasks import Rows

Draw: TypeAlias = Literal["shuffle", "weighted", "balanced"]
"""``shuffle``: each item once. ``weighted``: with replacement, rarer classes oftener. ``balanced``: each
class equally often, its items in turn."""


def epoch_rows(
    labels: npt.NDArray[np.int64], draw: Draw, *, seed: int, epoch: int, power: float = 0.5
) -> Rows:
    """The items of an epoch, as places in ``labels``; always as many as there are.

    Args:
        labels: ``(n,)`` class of each item.
        draw: How.
        seed: Of the run.
        epoch: Counts from 0.
        power: For ``weighted``: an item's weight is ``size of its class ** -power``; 0 is even, 1 gives
            every class the same share.

    Raises:
        InvalidValue: If there is no item.
    """
    if not len(labels):
        raise InvalidValue("Items of an epoch", "at least one", 0)
    rng = np.random.default_rng([seed, epoch, 0x5A])
    if draw == "shuffle":
        return rng.permutation(len(labels)).astype(np.int64)
    if draw == "weighted":
        sizes = np.bincount(labels)[labels].astype(np.float64)
        weights = sizes**-power
        return rng.choice(len(labels), len(labels), p=weights / weights.sum()).astype(np.int64)
    return _balanced(labels, rng)


def _balanced(labels: npt.NDArray[np.int64], rng: np.random.Generator) -> Rows:
    """Round after round, each with every class once; a class's items come in turn."""
    classes = np.unique(labels)
    rounds = -(-len(labels) // len(classes))
    columns = []
    for label in classes:
        own = np.flatnonzero(labels == label)
        times = -(-rounds // len(own))
        columns.append(np.concatenate([rng.permutation(own) for _ in range(times)])[:rounds])
    table = np.stack(columns, axis=1)
    for row in table:
        rng.shuffle(row)
    return table.ravel()[: len(labels)].astype(np.int64)


def batches_of(rows: Rows, size: int) -> list[Rows]:
    """As few batches as hold all rows, of at most ``size`` each, of equal sizes to within one.

    No row is left out, and no small last batch has its own opinion of the statistics.
    """
    return [np.asarray(part, np.int64) for part in np.array_split(rows, -(-len(rows) // size))]
