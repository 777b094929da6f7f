"""A number that does not travel alone: with its interval and with what it rests on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.metrics.intervals import Interval, Statistic, bootstrap, bootstrap_together

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, how far it would move with other pictures, and what it rests on.

    Args:
        value: The number; NaN where there is nothing to measure by, or where it is withheld.
        low: Lower end of its interval; NaN where there is none, as with a single picture.
        high: Upper end of its interval.
        images: Pictures that it rests on.
        instances: True instances that it rests on.
        withheld: Why the number is not given; empty when it is.
    """

    value: float
    low: float
    high: float
    images: int
    instances: int
    withheld: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return not math.isnan(self.value)

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    def hold_back(self, reason: str) -> Figure:
        """The same without the number."""
        return replace(self, value=NAN, low=NAN, high=NAN, withheld=reason)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How intervals are made: a percentile bootstrap over whole pictures.

    Args:
        images: Number of pictures.
        draws: Number of resamples.
        level: Share of the draws inside an interval, in (0, 1).
    """

    images: int
    draws: int
    level: float

    def ratio(self, values: npt.ArrayLike, statistic: Statistic, instances: int) -> Figure:
        """A function of the means of what each picture contributes, as precision or F1."""
        if not self.images:
            return Figure(NAN, NAN, NAN, 0, 0)
        return self._figure(bootstrap(values, statistic, draws=self.draws, level=self.level), instances)

    def redrawn(
        self, statistic: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]], instances: list[int]
    ) -> list[Figure]:
        """Several numbers that one costly pass over a draw of pictures gives together, as AP.

        Args:
            statistic: From ``(images,)`` places of pictures, some repeated, to ``(numbers,)``.
            instances: For each number the true instances that it rests on.
        """
        if not self.images:
            return [Figure(NAN, NAN, NAN, 0, 0) for _ in instances]
        intervals = bootstrap_together(self.images, statistic, draws=self.draws, level=self.level)
        return [self._figure(one, count) for one, count in zip(intervals, instances, strict=True)]

    def _figure(self, interval: Interval, instances: int) -> Figure:
        single = self.images < 2
        low, high = (NAN, NAN) if single else (interval.low, interval.high)
        return Figure(interval.estimate, low, high, self.images, instances)
