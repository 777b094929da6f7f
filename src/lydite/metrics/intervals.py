"""How far a number would move with other pictures: percentile bootstrap over pictures.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 16. Pictures
are drawn with replacement, whole, because instances of one picture are not independent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from lydite.core import InvalidValue

Floats: TypeAlias = npt.NDArray[np.float64]
Statistic: TypeAlias = Callable[[Floats], Floats]
"""From the means over pictures, ``(draws, columns)``, to one number per draw, ``(draws,)``."""

_DRAWS_AT_A_TIME = 256


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the range of its resampled values.

    Args:
        estimate: The number on the pictures themselves.
        low: Lower percentile of the draws.
        high: Upper percentile of the draws.
        level: Share of the draws between them, for example 0.95.
        draws: Draws in which the number was defined, the others left out.
    """

    estimate: float
    low: float
    high: float
    level: float
    draws: int

    def __str__(self) -> str:
        return f"{self.estimate:.4f} [{self.low:.4f}, {self.high:.4f}]"


def first_column(means: Floats) -> Floats:
    """The mean itself, where each picture has one value."""
    return means[:, 0]


def bootstrap(
    values: npt.ArrayLike,
    statistic: Statistic = first_column,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of a statistic of means: a mean, or a ratio of sums such as precision or F1.

    Args:
        values: ``(images,)`` or ``(images, columns)``: what each picture contributes.
        statistic: From the column means of each draw to one number per draw. Ratios of sums are ratios
            of means.
        draws: Number of resamples.
        level: Share of the draws inside the interval, in (0, 1).
        seed: Same seed, same interval.

    Raises:
        InvalidValue: If there is no picture, no draw, or the level is out of range.
    """
    table = _table(values)
    _require(len(table), draws, level)
    return _interval(
        float(statistic(table.mean(axis=0, keepdims=True))[0]),
        statistic(_resampled_means(table, draws, seed)),
        level,
    )


def bootstrap_columns(
    values: npt.NDArray[np.float64] | sparse.csr_array,
    statistic: Statistic,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """The intervals of several statistics of the same means, on the same draws.

    Args:
        values: ``(images, columns)``; sparse where most pictures contribute to few of many columns.
        statistic: From the column means of each draw, ``(draws, columns)``, to ``(draws, numbers)``.
        draws: Number of resamples.
        level: Share of the draws inside each interval, in (0, 1).
        seed: Same seed, same intervals.

    Raises:
        InvalidValue: As ``bootstrap`` does.
    """
    images = values.shape[0]
    _require(images, draws, level)
    estimates = statistic(np.ones((1, images)) @ values / images)[0].tolist()
    drawn = statistic(_resampled_means(values, draws, seed))
    return tuple(_interval(value, column, level) for value, column in zip(estimates, drawn.T, strict=True))


def paired_difference(
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    statistic: Statistic = first_column,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of ``statistic(left) - statistic(right)`` with both sides on the same draws.

    What makes a picture hard for both sides cancels, so that small true differences show.

    Args:
        left: ``(images,)`` or ``(images, columns)``.
        right: The same pictures in the same order.
        statistic: As for ``bootstrap``.
        draws: Number of resamples.
        level: Share of the draws inside the interval, in (0, 1).
        seed: Same seed, same interval.

    Raises:
        InvalidValue: If the sides differ in shape, and as ``bootstrap`` does.
    """
    one, other = _table(left), _table(right)
    if one.shape != other.shape:
        raise InvalidValue("Paired values", "of one shape", [one.shape, other.shape])
    columns = one.shape[1]

    def difference(means: Floats) -> Floats:
        return statistic(means[:, :columns]) - statistic(means[:, columns:])

    return bootstrap(np.concatenate([one, other], axis=1), difference, draws=draws, level=level, seed=seed)


def bootstrap_rows(
    images: int,
    statistic: Callable[[npt.NDArray[np.int64]], float],
    *,
    draws: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of any statistic, one call per draw: for those that are no function of means, as AP.

    Args:
        images: Number of pictures.
        statistic: From ``(images,)`` row numbers, some repeated, to a number.
        draws: Number of resamples.
        level: Share of the draws inside the interval, in (0, 1).
        seed: Same seed, same interval.

    Raises:
        InvalidValue: As ``bootstrap`` does.
    """

    def one(rows: npt.NDArray[np.int64]) -> Floats:
        return np.array([statistic(rows)], np.float64)

    return bootstrap_together(images, one, draws=draws, level=level, seed=seed)[0]


def bootstrap_together(
    images: int,
    statistic: Callable[[npt.NDArray[np.int64]], Floats],
    *,
    draws: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """The intervals of several numbers that one call gives together, on the same draws.

    Args:
        images: Number of pictures.
        statistic: From ``(images,)`` row numbers, some repeated, to ``(numbers,)``.
        draws: Number of resamples.
        level: Share of the draws inside each interval, in (0, 1).
        seed: Same seed, same intervals.

    Raises:
        InvalidValue: As ``bootstrap`` does.
    """
    _require(images, draws, level)
    random = np.random.default_rng(seed)
    drawn = np.array([statistic(np.sort(random.integers(0, images, images))) for _ in range(draws)])
    estimates = statistic(np.arange(images)).tolist()
    return tuple(_interval(value, column, level) for value, column in zip(estimates, drawn.T, strict=True))


def _table(values: npt.ArrayLike) -> Floats:
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2:
        raise InvalidValue("Values per picture", "of shape (images,) or (images, columns)", table.shape)
    return table


def _resampled_means(table: Floats | sparse.csr_array, draws: int, seed: int) -> Floats:
    """``(draws, columns)``: how often each picture is drawn, times its values, as matrix products."""
    images = table.shape[0]
    random = np.random.default_rng(seed)
    parts = []
    for start in range(0, draws, _DRAWS_AT_A_TIME):
        count = min(_DRAWS_AT_A_TIME, draws - start)
        rows = random.integers(0, images, (count, images)) + np.arange(count)[:, None] * images
        times = np.bincount(rows.ravel(), minlength=count * images).reshape(count, images)
        parts.append(times @ table / images)
    return np.concatenate(parts)


def _interval(estimate: float, drawn: Floats, level: float) -> Interval:
    defined = drawn[np.isfinite(drawn)]
    if not len(defined):
        return Interval(estimate, float("nan"), float("nan"), level, 0)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), level, len(defined))


def _require(images: int, draws: int, level: float) -> None:
    if images < 1 or draws < 1:
        raise InvalidValue("Pictures and draws", "1 or more", [images, draws])
    if not 0 < level < 1:
        raise InvalidValue("level", "in (0, 1)", level)
