"""Shares with intervals that hold for few rows, for all or none right, and for rows that belong together.

Sources: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
estimated from survey data", Survey Methodology 24 (1998), for the effective number of rows; Hand, Christen
and Kirielle, "F*: an interpretable transformation of the F-measure", Machine Learning 110 (2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from lydite.metrics.figures import NAN, Figure

Floats: TypeAlias = npt.NDArray[np.float64]
_PRIOR_UNITS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much some rows say.

    Args:
        rows: As how many independent rows they count.
        quantile: How many standard errors an interval reaches to each side.
    """

    rows: float
    quantile: float


def evidence_of(values: npt.NDArray[Any], units: npt.NDArray[np.int64], level: float) -> Evidence | None:
    """What rows of several units say about their mean.

    Rows of one unit may all say the same. The variance among units, against that of so many independent
    rows, tells as how many rows they count, never as more than there are. Where only a few units hold
    anything but the most common value, that variance is hardly known: it is drawn towards what it would be
    if all rows of a unit said the same, as by two more units that do. Student's t takes the place of the
    normal quantile, since units were drawn and not rows.

    Args:
        values: ``(n,)`` at least one.
        units: ``(n,)`` number of each row's unit.
        level: Of the interval, in (0, 1).

    Returns:
        ``None`` where all rows are of one unit, which cannot tell how far it is from another.
    """
    rows = len(values)
    numbers = np.unique(units, return_inverse=True)[1]
    sizes = np.bincount(numbers)
    count = len(sizes)
    if count == rows:
        return Evidence(rows, float(stats.norm.ppf((1 + level) / 2)))
    if count < 2:
        return None
    left = np.asarray(values, np.float64) - np.mean(values)
    alone, among = (
        float((left**2).sum()),
        float((np.bincount(numbers, left) ** 2).sum()) * count / (count - 1),
    )
    seen = max(1.0, among / alone) if alone > 0 else 1.0
    alike = max(seen, float((sizes.astype(np.float64) ** 2).sum()) / rows)
    kinds, kind = np.unique(values, return_inverse=True)
    telling = len(np.unique(numbers[kind != np.bincount(kind, minlength=len(kinds)).argmax()]))
    weight = telling / (telling + _PRIOR_UNITS)
    quantile = float(stats.t.ppf((1 + level) / 2, count - 1))
    return Evidence(rows / (weight * seen + (1 - weight) * alike), quantile)


def share(hits: npt.NDArray[Any], units: npt.NDArray[np.int64], level: float = 0.95) -> Figure:
    """The share of rows that are hits, with Wilson's interval.

    Args:
        hits: ``(n,)`` bool.
        units: ``(n,)`` number of what each row is drawn with.
        level: Of the interval, in (0, 1).

    Returns:
        NaN without rows; no interval where all rows are of one unit of several rows.
    """
    rows = len(hits)
    if not rows:
        return Figure(NAN, NAN, NAN, 0, 0)
    value = float(np.mean(hits))
    evidence = evidence_of(hits, units, level)
    low, high = (NAN, NAN) if evidence is None else wilson(value, evidence)
    return Figure(value, low, high, rows, rows)


def wilson(value: float, evidence: Evidence) -> tuple[float, float]:
    """The shares from which an observed one is no more than ``quantile`` standard errors away."""
    rows, square = evidence.rows, evidence.quantile**2
    middle = value + square / (2 * rows)
    half = evidence.quantile * np.sqrt(value * (1 - value) / rows + square / (4 * rows**2))
    low, high = (middle - half) / (1 + square / rows), (middle + half) / (1 + square / rows)
    return min(max(0.0, float(low)), value), max(min(1.0, float(high)), value)


def f1_share(
    there: npt.NDArray[np.bool_],
    said: npt.NDArray[np.bool_],
    units: npt.NDArray[np.int64],
    level: float = 0.95,
) -> Figure:
    """F1 of one class: among the rows where it is or was said, a monotone function of the share of hits.

    Args:
        there: ``(n,)`` bool: rows of the class.
        said: ``(n,)`` bool: rows said to be of the class.
        units: ``(n,)`` number of what each row is drawn with.
        level: Of the interval, in (0, 1).
    """
    either = there | said
    found = share((there & said)[either], units[either], level)
    return _through(found, lambda part: 2 * part / (1 + part))


def _through(figure: Figure, function: Callable[[float], float]) -> Figure:
    return replace(figure, value=function(figure.value), low=function(figure.low), high=function(figure.high))
