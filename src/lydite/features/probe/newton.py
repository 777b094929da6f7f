"""Newton steps for the multinomial logistic objective, each solved by preconditioned conjugate gradients.

All work is matrix products of float32. The preconditioner knows the directions in which the vectors spread
most and, for each class, the mean curvature there. Source: Nocedal and Wright, "Numerical Optimization",
2006, algorithm 7.1 (line search Newton-CG) with its forcing sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.features.probe.problem import Labels, Vectors

_LEADING, _OVERSAMPLED, _PASSES = 32, 16, 2
_STEPS, _PRODUCTS, _HALVINGS = 60, 100, 20
_FORCING, _ENOUGH, _ROUNDING = 0.5, 1e-4, 1e-7


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


def leading_directions(rows: Vectors) -> Directions:
    """The leading eigenvectors of ``rows.T @ rows`` by subspace iteration, from a fixed start.

    Args:
        rows: ``(n, dim)`` float32, centred.
    """
    dim = rows.shape[1]
    wanted = min(_LEADING, dim)
    start = np.random.default_rng(0).standard_normal((dim, min(wanted + _OVERSAMPLED, dim)), dtype=np.float32)
    basis = start
    for _ in range(_PASSES):
        basis = np.linalg.qr(rows.T @ (rows @ basis))[0]
    seen = rows @ basis
    values, turn = np.linalg.eigh(seen.T @ seen)
    spread = np.maximum(values[::-1][:wanted], 0)
    total = float(np.vdot(rows, rows))
    rest = max(total - float(spread.sum()), 0.0) / max(dim - wanted, 1)
    return Directions(np.ascontiguousarray((basis @ turn[:, ::-1])[:, :wanted]), spread, rest)


def minimise(
    rows: Vectors, labels: Labels, classes: int, c: float, directions: Directions, tolerance: float
) -> Vectors:
    """The minimum of ``c * sum(cross entropy) + |weights|^2 / 2``, intercepts unpenalised.

    Args:
        rows: ``(n, dim)`` float32, centred.
        labels: ``(n,)`` in ``0..classes - 1``, each with a row.
        classes: Number of classes, 2 or more.
        c: Weight of the data.
        directions: For the preconditioner; decides the time, not the result.
        tolerance: Largest entry of the gradient over ``c * n``.

    Returns:
        ``(dim + 1, classes)`` float32; the last row holds the intercepts.
    """
    objective = _Objective(rows, labels, c)
    weights = np.zeros((rows.shape[1] + 1, classes), np.float32)
    value, gradient, shares = objective.at(weights)
    first = float(np.linalg.norm(gradient))
    for _ in range(_STEPS):
        if float(np.abs(gradient).max()) <= tolerance * c * len(rows):
            break
        forcing = min(_FORCING, (float(np.linalg.norm(gradient)) / first) ** 0.5)
        step = _solve(objective, shares, gradient, directions, forcing)
        slope = float(np.vdot(gradient, step))
        length = 1.0
        for _ in range(_HALVINGS):
            tried = weights + np.float32(length) * step
            after = objective.at(tried)
            if after[0] <= value + _ENOUGH * length * slope + _ROUNDING * abs(value):
                break
            length /= 2
        else:
            break  # float32 sees no better point
        weights, (value, gradient, shares) = tried, after
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Objective:
    """The objective with its first two derivatives; weights as ``minimise`` returns them."""

    rows: Vectors
    labels: Labels
    c: float

    def at(self, weights: Vectors) -> tuple[float, Vectors, Vectors]:
        """Value, gradient, and ``(n, classes)`` probabilities."""
        each = np.arange(len(self.rows))
        shares = self.rows @ weights[:-1]
        shares += weights[-1]
        shares -= shares.max(axis=1, keepdims=True)
        own = shares[each, self.labels]
        np.exp(shares, out=shares)
        sums = shares.sum(axis=1)
        loss = float((np.log(sums) - own).sum(dtype=np.float64))
        shares /= sums[:, None]
        residual = shares.copy()
        residual[each, self.labels] -= 1
        value = self.c * loss + 0.5 * float(np.square(weights[:-1], dtype=np.float64).sum())
        return value, self._back(residual, weights), shares

    def curve(self, shares: Vectors, along: Vectors) -> Vectors:
        """The Hessian times a direction."""
        moved = self.rows @ along[:-1]
        moved += along[-1]
        moved *= shares
        moved -= shares * moved.sum(axis=1, keepdims=True)
        return self._back(moved, along)

    def _back(self, outer: npt.NDArray[np.float32], weights: Vectors) -> Vectors:
        found = np.empty_like(weights)
        np.matmul(self.rows.T, outer, out=found[:-1])
        found[:-1] *= self.c
        found[:-1] += weights[:-1]
        found[-1] = self.c * outer.sum(axis=0)
        return found


def _solve(
    objective: _Objective, shares: Vectors, gradient: Vectors, directions: Directions, forcing: float
) -> Vectors:
    """A Newton step by conjugate gradients, until the preconditioned residual has shrunk to ``forcing``."""
    curvature = objective.c * (shares * (1 - shares)).mean(axis=0)
    plain = 1 / (directions.rest * curvature + 1)
    extra = 1 / (directions.spread[:, None] * curvature + 1) - plain
    intercept = 1 / (len(shares) * curvature + 1e-3)

    def soften(residual: Vectors) -> Vectors:
        softened = np.empty_like(residual)
        softened[:-1] = residual[:-1] * plain
        softened[:-1] += directions.axes @ (extra * (directions.axes.T @ residual[:-1]))
        softened[-1] = residual[-1] * intercept
        return softened

    step = np.zeros_like(gradient)
    residual = -gradient
    softened = soften(residual)
    along = softened
    size = start = float(np.vdot(residual, softened))
    for _ in range(_PRODUCTS):
        curved = objective.curve(shares, along)
        length = np.float32(size / float(np.vdot(along, curved)))
        step += length * along
        residual -= length * curved
        softened = soften(residual)
        before, size = size, float(np.vdot(residual, softened))
        if size <= forcing**2 * start:
            break
        along = softened + np.float32(size / before) * along
    return step
