"""From what each picture contributed to a number, its difference to the reference, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.metrics import Interval, bootstrap_rows

Floats = npt.NDArray[np.float64]
MARGIN = 0.02
"""A loss of less than this is no loss worth a larger network."""


@dataclass(frozen=True)
class Outcome:
    """How one encoder did at one layer.

    Args:
        encoder: Its name.
        layer: Where its maps were taken.
        images: How many pictures were measured, the same for all encoders.
        statistic: From how often each picture counts, ``(images,)``, to the number in [0, 1].
    """

    encoder: str
    layer: str
    images: int
    statistic: Callable[[Floats], float]

    @property
    def value(self) -> float:
        """The number with every picture counted once."""
        return self.statistic(np.ones(self.images))


def ratio(encoder: str, layer: str, sums: Floats, counts: Floats) -> Outcome:
    """A mean: what each picture adds to the sum and to what the sum is divided by, both ``(images,)``."""
    return Outcome(encoder, layer, len(sums), lambda weights: float(weights @ sums / (weights @ counts)))


def best(outcomes: Sequence[Outcome]) -> Outcome:
    """The layer with the largest value."""
    return max(outcomes, key=lambda outcome: outcome.value)


def difference(one: Outcome, reference: Outcome, resamples: int) -> Interval:
    """``one`` minus ``reference`` over the same resampled pictures, 95 % percentile interval."""

    def resampled(rows: npt.NDArray[np.int64]) -> float:
        weights = np.bincount(rows, minlength=one.images).astype(np.float64)
        return one.statistic(weights) - reference.statistic(weights)

    return bootstrap_rows(one.images, resampled, draws=resamples)


def verdict(interval: Interval) -> str:
    """In words: by the lower end first; ``worse`` only if the whole interval lies below 0."""
    if interval.low > -MARGIN:
        return f"not worse by more than {100 * MARGIN:.0f} points"
    return "worse" if interval.high < 0 else "undecided"


def table_rows(
    measure: str, outcomes: Sequence[Outcome], reference: str, resamples: int
) -> list[tuple[str, ...]]:
    """One row of texts for each encoder: measure, encoder, layer, value, difference, verdict."""
    by_name = {outcome.encoder: outcome for outcome in outcomes}
    rows: list[tuple[str, ...]] = []
    for outcome in outcomes:
        row = (measure, outcome.encoder, outcome.layer, f"{100 * outcome.value:.1f} %")
        if outcome.encoder == reference:
            rows.append((*row, "reference", ""))
            continue
        gap = difference(outcome, by_name[reference], resamples)
        text = f"{100 * gap.estimate:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
        rows.append((*row, text, verdict(gap)))
    return rows
