"""How many errors are left, from a random slice that was drawn before anybody looked.

Rows are reviewed from the most suspicious on, so what was found says nothing of what is left. A slice drawn
at random beforehand does: those of its rows that lie behind the front of the review are a random sample of
all that lies there. How many errors lie there follows by inverting the hypergeometric distribution, which is
exact (Clopper and Pearson 1934, for finite populations). The interval holds at each look by itself; it is a
little narrow for the smallest of many looks.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Left:
    """Errors in rows that nobody has reviewed.

    Args:
        estimate: The expected number.
        low: Lower end.
        high: Upper end.
        level: Confidence of the interval.
        sample: Rows of the random slice that it rests on.
        errors: Errors among them.
        behind: Rows behind the front, of which they are a sample.
        unseen: Rows that nobody has reviewed.
    """

    estimate: float
    low: int
    high: int
    level: float
    sample: int
    errors: int
    behind: int
    unseen: int


def errors_left(rank: Rows, slice_order: Rows, reviewed: Flags, wrong: Flags, level: float = 0.95) -> Left:
    """Errors left behind the front of a review.

    Args:
        rank: Rows from the most suspicious on; empty if the order tells nothing.
        slice_order: Rows in random order: the slice is its beginning, as far as it was reviewed.
        reviewed: ``(n,)`` bool: somebody decided on the row.
        wrong: ``(n,)`` bool: and found its label wrong.
        level: Confidence, in (0, 1).

    Raises:
        InvalidValue: If the level is out of range.
    """
    if not 0 < level < 1:
        raise InvalidValue("level", "in (0, 1)", level)
    behind = np.ones(len(reviewed), np.bool_)
    behind[rank[: _prefix(reviewed[rank])]] = False
    drawn = slice_order[: _prefix(reviewed[slice_order])]
    drawn = drawn[behind[drawn]]
    total, sample, errors = int(behind.sum()), len(drawn), int(wrong[drawn].sum())
    found = int((wrong & reviewed & behind).sum())
    unseen = int((~reviewed).sum())
    low, high = _hypergeometric(total, sample, errors, level)
    # Errors behind the front that were met already are no longer left.
    expected = errors / sample * total - found if sample else float("nan") if unseen else 0.0
    return Left(
        float(np.clip(expected, 0, unseen)),
        int(np.clip(low - found, 0, unseen)),
        int(np.clip(high - found, 0, unseen)),
        level,
        sample,
        errors,
        total,
        unseen,
    )


def _prefix(flags: Flags) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))


def _hypergeometric(total: int, sample: int, errors: int, level: float) -> tuple[int, int]:
    """Least and greatest number of errors in ``total`` rows that a sample does not speak against."""
    if sample == 0:
        return 0, total
    tail = (1 - level) / 2
    least, greatest = errors, total - (sample - errors)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])

    def log_choose(n: Rows | int, k: Rows | int) -> npt.NDArray[np.float64]:
        return np.asarray(logs[n] - logs[k] - logs[n - np.asarray(k)])

    def chance(wrong: int, found: Rows) -> float:
        """Of meeting one of the numbers of errors in the sample, if so many of all are wrong."""
        found = found[(found <= wrong) & (sample - found <= total - wrong)]
        ways = log_choose(wrong, found) + log_choose(total - wrong, sample - found)
        return float(np.exp(ways - log_choose(total, sample)).sum())

    more, fewer = np.arange(errors, sample + 1), np.arange(errors + 1)
    span = range(least, greatest + 1)
    # Both tails move one way with the number of errors, so that halving finds the ends.
    low = span[bisect_left(span, True, key=lambda wrong: chance(wrong, more) > tail)]
    high = span[bisect_left(span, True, key=lambda wrong: chance(wrong, fewer) <= tail) - 1]
    return low, high
