"""Two classifiers on the same rows: who is right where, how sure that is, and what could have been seen.

Sources: McNemar, Psychometrika 12 (1947), in its exact form; Tango, "Equivalence test and confidence
interval for the difference in proportions for the paired-sample design", Statistics in Medicine 17 (1998).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from lydite.core import ClassMapMismatch, InvalidValue
from lydite.metrics.figures import NAN, Figure
from lydite.metrics.intervals import paired_difference
from lydite.metrics.judgements import Judgements
from lydite.metrics.proportions import Evidence, evidence_of

Floats: TypeAlias = npt.NDArray[np.float64]
_SURE = 1 - 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The second against the first.

    Args:
        images: Rows.
        units: What was drawn: groups, and rows without a group.
        level: Of the intervals.
        power: With which a difference of ``detectable`` would be seen.
        outcomes: ``(classes, 4)`` int64 by true class: both right, improved (only the second is right),
            worsened (only the first is), both wrong.
        accuracies: Share of right rows of the first and of the second.
        difference: The second's accuracy minus the first's.
        p_value: How often chance alone would make so large a difference, two-sided, exact: signs of whole
            units are tossed. Without groups it is McNemar's exact test.
        loss_difference: The second's log-loss minus the first's, in nats; negative is better.
        detectable: Smallest true difference of accuracy that so many rows, differing as often as these do,
            would show with this power.
    """

    images: int
    units: int
    level: float
    power: float
    outcomes: npt.NDArray[np.int64]
    accuracies: tuple[float, float]
    difference: Figure
    p_value: float
    loss_difference: Figure
    detectable: float

    @property
    def improved(self) -> int:
        """Rows that only the second has right."""
        return int(self.outcomes[:, 1].sum())

    @property
    def worsened(self) -> int:
        """Rows that only the first has right."""
        return int(self.outcomes[:, 2].sum())

    def rows_for(self, difference: float) -> float:
        """How many such rows would show a true difference of accuracy with the same power."""
        return self.images * (self.detectable / difference) ** 2


def compare(
    first: Judgements, second: Judgements, *, draws: int = 1000, level: float = 0.95, power: float = 0.8
) -> Comparison:
    """Compare two classifiers on rows that are honest for both.

    Args:
        first: What the earlier said.
        second: What the later said of the same rows in the same order.
        draws: Resamples behind the interval of the loss.
        level: Of the intervals, in (0, 1).
        power: In (0, 1).

    Raises:
        ClassMapMismatch: If the classes differ.
        InvalidValue: If rows, labels or groups differ, or an argument is out of range.
    """
    _require(first, second, level, power)
    rows, classes = len(first), len(first.class_map)
    kinds = np.where(second.hits, np.where(first.hits, 0, 1), np.where(first.hits, 2, 3))
    outcomes = np.bincount(first.labels * 4 + kinds, minlength=4 * classes).reshape(classes, 4)
    if not rows:
        nothing = Figure(NAN, NAN, NAN, 0, 0)
        return Comparison(0, 0, level, power, outcomes, (NAN, NAN), nothing, NAN, nothing, NAN)
    gains = second.hits.astype(np.int64) - first.hits
    sums = np.bincount(first.units, gains).astype(np.int64)
    return Comparison(
        rows,
        len(sums),
        level,
        power,
        outcomes,
        (float(first.hits.mean()), float(second.hits.mean())),
        _difference(gains, first.units, level),
        sign_test(sums),
        _loss_difference(first, second, draws, level),
        _detectable(sums, rows, level, power),
    )


def sign_test(sums: npt.NDArray[np.int64]) -> float:
    """How often tossed signs make a total as far from 0 as these whole numbers do; exact."""
    sizes = np.abs(sums[sums != 0]).tolist()
    total = abs(int(sums.sum()))
    if not sizes:
        return 1.0
    chances = np.ones(1)
    for size, count in Counter(sizes).items():
        tossed = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        wide = np.zeros(len(chances) + 2 * size * count)
        for heads, chance in enumerate(tossed.tolist()):
            wide[2 * size * heads : 2 * size * heads + len(chances)] += chance * chances
        chances = wide
    totals = np.abs(np.arange(len(chances)) - len(chances) // 2)
    return min(1.0, float(chances[totals >= total].sum()))


def tango(improved: float, worsened: float, evidence: Evidence) -> tuple[float, float]:
    """The differences of paired shares that a score test does not refuse.

    Args:
        improved: Rows that only the second has right.
        worsened: Rows that only the first has right.
        evidence: All rows, and how many standard errors are too many.
    """
    rows = evidence.rows

    def score(gap: float) -> float:
        linear = (2 * rows - improved + worsened) * gap - improved - worsened
        constant = -worsened * gap * (1 - gap)
        chance = (np.sqrt(max(0.0, linear**2 - 8 * rows * constant)) - linear) / (4 * rows)
        spread = rows * (2 * chance + gap * (1 - gap))
        found = improved - worsened - rows * gap
        if spread <= 0:
            return float(np.copysign(np.inf, found)) if found else 0.0
        return float(found / np.sqrt(spread))

    value, bound = (improved - worsened) / rows, evidence.quantile
    low, high = -1.0, 1.0
    if value > -_SURE and score(-_SURE) > bound:
        low = optimize.brentq(lambda gap: score(gap) - bound, -_SURE, value)
    if value < _SURE and score(_SURE) < -bound:
        high = optimize.brentq(lambda gap: score(gap) + bound, value, _SURE)
    return float(low), float(high)


def _difference(gains: npt.NDArray[np.int64], units: npt.NDArray[np.int64], level: float) -> Figure:
    rows = len(gains)
    evidence = evidence_of(gains, units, level)
    value = float(gains.mean())
    if evidence is None:
        return Figure(value, NAN, NAN, rows, rows)
    part = evidence.rows / rows
    low, high = tango(float((gains > 0).sum()) * part, float((gains < 0).sum()) * part, evidence)
    return Figure(value, low, high, rows, rows)


def _loss_difference(first: Judgements, second: Judgements, draws: int, level: float) -> Figure:
    later, earlier = (one.unit_sums(one.losses) for one in (second, first))
    made = paired_difference(later, earlier, lambda m: m[:, 0] / m[:, 1], draws=draws, level=level)
    low, high = (NAN, NAN) if len(later) < 2 else (made.low, made.high)
    return Figure(made.estimate, low, high, len(first), len(first))


def _detectable(sums: npt.NDArray[np.int64], rows: int, level: float, power: float) -> float:
    """Where nothing differs, one row is taken to: that nothing ever would is not known."""
    reach = float(stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power))
    return reach * float(np.sqrt(max(1, int((sums**2).sum())))) / rows


def _require(first: Judgements, second: Judgements, level: float, power: float) -> None:
    if first.class_map != second.class_map:
        raise ClassMapMismatch(
            "Classifiers of different classes cannot be compared.",
            "Bring both to one class map first.",
            [first.class_map.names, second.class_map.names],
        )
    if not np.array_equal(first.labels, second.labels):
        raise InvalidValue("Labels of a comparison", "the same, row by row", [len(first), len(second)])
    if not np.array_equal(first.units, second.units):
        raise InvalidValue("Groups of a comparison", "the same, row by row", "others")
    if not (0 < level < 1 and 0 < power < 1):
        raise InvalidValue("Level and power", "in (0, 1)", [level, power])
