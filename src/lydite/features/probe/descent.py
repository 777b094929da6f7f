"""The minimum of the multinomial logistic objective by L-BFGS that knows how the vectors spread.

Plain L-BFGS spends most of its steps on learning that vectors spread far in a few directions and hardly
in most others. Here the inverse of a Hessian of the vectors alone, the same for every class, says so from
the start, and the leading directions, in which a step costs a fraction, are settled first. All work is
matrix products of float32.

Sources: Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.5, with the scaling of its equation
7.20 taken in the metric of the preconditioner; Boehning, "Multinomial logistic regression algorithm", 1992,
for a Hessian of the vectors alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.features.probe.problem import Labels, Vectors

_OVERSAMPLED = 16
_CURVATURE = 0.01
"""Mean of ``p (1 - p)`` that the preconditioner assumes; a factor of three either way hardly matters."""
_MEMORY, _STEPS, _HALVINGS = 10, 500, 20
_ENOUGH, _ROUNDING = 1e-4, 1e-7
_FEWEST, _FIRST = 100, 3.0
"""How many directions it begins with at least, and the multiple of the tolerance to which fewer are settled
before more follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Where vectors spread most.

    Args:
        axes: ``(dim, r)`` float32, orthonormal.
        spread: ``(r,)`` float32: sums of squares along them.
        rest: Mean sum of squares along any other axis.
    """

    axes: Vectors
    spread: Vectors
    rest: float

    def scaled(self, share: float) -> Directions:
        """The same for a share of the rows, drawn at random."""
        return Directions(self.axes, self.spread * np.float32(share), self.rest * share)


def leading_directions(rows: Vectors, most: int) -> Directions:
    """The leading eigenvectors of ``rows.T @ rows`` by one subspace iteration, from a fixed start.

    Args:
        rows: ``(n, dim)`` float32, centred.
        most: How many directions; all, exactly, where there are no more.
    """
    gram, dim = rows.T @ rows, rows.shape[1]
    if dim <= most:
        values, axes = np.linalg.eigh(gram)
        return Directions(np.ascontiguousarray(axes[:, ::-1]), np.maximum(values[::-1], 0), 0.0)
    start = np.random.default_rng(0).standard_normal((dim, min(most + _OVERSAMPLED, dim)), dtype=np.float32)
    basis = np.linalg.qr(gram @ start)[0]
    values, turn = np.linalg.eigh(basis.T @ (gram @ basis))
    spread = np.maximum(values[::-1][:most], 0)
    rest = max(float(np.trace(gram)) - float(spread.sum()), 0.0) / (dim - most)
    return Directions(np.ascontiguousarray((basis @ turn[:, ::-1])[:, :most]), spread, rest)


def minimise_leading(
    low: Vectors, labels: Labels, classes: int, c: float, spread: Vectors, tolerance: float
) -> Vectors:
    """The minimum over weights in the leading directions: ``(r + 1, classes)``, the intercepts last.

    Args:
        low: ``(n, r)`` float32: rows along the directions.
        labels: ``(n,)`` in ``0..classes - 1``, each with a row.
        classes: Number of classes, 2 or more.
        c: Weight of the data.
        spread: ``(r,)`` sums of squares along the directions; decides the time, not the result.
        tolerance: Largest entry of the gradient over ``c * n``.
    """
    weights = np.zeros((1, classes), np.float32)
    for rank in _levels(low.shape[1]):
        kept = np.append(1 / (c * _CURVATURE * spread[:rank] + 1), 1 / (c * _CURVATURE * len(low) + 1))
        fresh = np.zeros((rank + 1 - len(weights), classes), np.float32)
        start = np.concatenate((weights[:-1], fresh, weights[-1:]))
        enough = tolerance if rank == low.shape[1] else _FIRST * tolerance
        weights = _descend(_Objective(low[:, :rank], labels, c), start, _by_axis(kept), enough)
    return weights


def _by_axis(kept: npt.NDArray[np.floating]) -> Callable[[Vectors], Vectors]:
    column = kept.astype(np.float32)[:, None]
    return lambda gradient: gradient * column


def _levels(rank: int) -> list[int]:
    """Numbers of directions, doubled from a few to all."""
    levels = [rank]
    while levels[0] >= 2 * _FEWEST:
        levels.insert(0, levels[0] // 2)
    return levels


def minimise(
    rows: Vectors, low: Vectors, labels: Labels, classes: int, c: float, where: Directions, tolerance: float
) -> Vectors:
    """The minimum of ``c * sum(cross entropy) + |weights|^2 / 2``, intercepts unpenalised.

    Args:
        rows: ``(n, dim)`` float32, centred.
        low: ``(n, r)`` float32: ``rows @ where.axes``.
        labels: As in ``minimise_leading``, like all that follows.
        classes: Number of classes.
        c: Weight of the data.
        where: Directions; they decide the time, not the result.
        tolerance: Largest entry of the gradient over ``c * n``.

    Returns:
        ``(dim + 1, classes)`` float32; the last row holds the intercepts.
    """
    whole = low.shape[1] == rows.shape[1]
    first = tolerance if whole else _FIRST * tolerance
    leading = minimise_leading(low, labels, classes, c, where.spread, first)
    weights = np.concatenate((where.axes @ leading[:-1], leading[-1:]))
    if whole:
        return weights
    plain = np.float32(1 / (c * _CURVATURE * where.rest + 1))
    extra = (1 / (c * _CURVATURE * where.spread + 1) - plain).astype(np.float32)[:, None]
    lone = np.float32(1 / (c * _CURVATURE * len(rows) + 1))

    def soften(gradient: Vectors) -> Vectors:
        softened = gradient * plain
        softened[:-1] += where.axes @ (extra * (where.axes.T @ gradient[:-1]))
        softened[-1] = gradient[-1] * lone
        return softened

    return _descend(_Objective(rows, labels, c), weights, soften, tolerance)


class _Objective:
    """The objective and its gradient; weights as ``minimise`` returns them."""

    def __init__(self, rows: Vectors, labels: Labels, c: float) -> None:
        self.rows, self.c = rows, c
        self._own = (np.arange(len(rows)), labels)

    def at(self, weights: Vectors) -> tuple[float, Vectors]:
        """Value and gradient."""
        shares = self.rows @ weights[:-1]
        shares += weights[-1]
        shares -= shares.max(axis=1, keepdims=True)
        own = shares[self._own]
        np.exp(shares, out=shares)
        sums = shares.sum(axis=1, keepdims=True)
        loss = float(np.log(sums).sum(dtype=np.float64) - own.sum(dtype=np.float64))
        shares /= sums
        shares[self._own] -= 1
        gradient = np.empty_like(weights)
        np.matmul(self.rows.T, shares, out=gradient[:-1])
        gradient[:-1] *= self.c
        gradient[:-1] += weights[:-1]
        gradient[-1] = self.c * shares.sum(axis=0)
        return self.c * loss + 0.5 * float(np.square(weights[:-1], dtype=np.float64).sum()), gradient


def _descend(
    objective: _Objective, weights: Vectors, soften: Callable[[Vectors], Vectors], tolerance: float
) -> Vectors:
    """L-BFGS from a start, until the gradient is small or float32 sees no better point."""
    enough = tolerance * objective.c * len(objective.rows)
    pairs: deque[tuple[Vectors, Vectors, float]] = deque(maxlen=_MEMORY)
    scale = 1.0
    value, gradient = objective.at(weights)
    for _ in range(_STEPS):
        if float(np.abs(gradient).max()) <= enough:
            break
        step = _direction(gradient, pairs, soften, scale)
        slope, length = float(np.vdot(gradient, step)), 1.0
        for _ in range(_HALVINGS):
            tried = weights + np.float32(length) * step
            after = objective.at(tried)
            if after[0] <= value + _ENOUGH * length * slope + _ROUNDING * abs(value):
                break
            length /= 2
        else:
            break
        moved, turned = tried - weights, after[1] - gradient
        agreed = float(np.vdot(moved, turned))
        weights, (value, gradient) = tried, after
        if agreed > 0:
            pairs.append((moved, turned, 1 / agreed))
            scale = agreed / float(np.vdot(turned, soften(turned)))
    return weights


def _direction(
    gradient: Vectors,
    pairs: deque[tuple[Vectors, Vectors, float]],
    soften: Callable[[Vectors], Vectors],
    scale: float,
) -> Vectors:
    """The two loops of algorithm 7.4: minus the approximate inverse Hessian times the gradient."""
    rest, taken = gradient.copy(), []
    for moved, turned, inverse in reversed(pairs):
        taken.append(np.float32(inverse * float(np.vdot(moved, rest))))
        rest -= taken[-1] * turned
    step = soften(rest) * np.float32(scale)
    for (moved, turned, inverse), share in zip(pairs, reversed(taken), strict=True):
        step += (share - np.float32(inverse * float(np.vdot(turned, step)))) * moved
    return -step
