"""At which limits would one row outlast its rivals?

The greedy choice of ``suppress`` is not monotone: raising a limit can free a rival that then wins. So the
answer is found by replay, but only of the rows that the fate of the one depends on, and by jumping from
obstacle to obstacle instead of trying every overlap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lydite.detect.suppress import Bool, Rivals

Edge = tuple[int, float, float]
"""A stronger row, and its IoU and IoS with the weaker one."""


@dataclass(frozen=True, slots=True)
class Web:
    """Who covers whom beyond the limits in force, as plain lists for quick walks.

    Args:
        place: Rank of each row; 0 is the strongest.
        edges: For each row its stronger rivals.
        max_iou: The limit in force.
        max_ios: The limit in force.
    """

    place: list[int]
    edges: list[list[Edge]]
    max_iou: float
    max_ios: float

    def is_challenged(self, row: int, alive: Bool) -> bool:
        """Whether any living rival covers a row; if none does, it stays."""
        return any(alive[rival] for rival, _, _ in self.edges[row])

    def find_limits(self, row: int, alive: Bool) -> tuple[float, float]:
        """The limits at which a row stays; those in force if it stays already.

        At the limits found it stays; with either of them a hair nearer to the limit in force it does not.

        Args:
            row: The row.
            alive: ``(n,)`` rows that take part.

        Returns:
            Limits on IoU and IoS.
        """
        iou, ios = self.max_iou, self.max_ios
        if not self.is_challenged(row, alive):
            return iou, ios
        contest = _Contest.of(self, row, alive)
        while obstacles := contest.obstacles(iou, ios):
            iou = max([iou, *(o for _, o, _ in obstacles if o > iou)])
            ios = max([ios, *(o for _, _, o in obstacles if o > ios)])
        return contest.lower(iou, ios)


def weave(rivals: Rivals, max_iou: float, max_ios: float = 1.0) -> Web:
    """The web of all rows at the limits in force."""
    covers = (rivals.iou > max_iou) | (rivals.ios > max_ios)
    n = len(rivals.order)
    edges: list[list[Edge]] = [[] for _ in range(n)]
    for low, high, iou, ios in zip(
        rivals.weaker[covers].tolist(),
        rivals.stronger[covers].tolist(),
        rivals.iou[covers].tolist(),
        rivals.ios[covers].tolist(),
        strict=True,
    ):
        edges[low].append((high, iou, ios))
    place = np.empty(n, np.int64)
    place[rivals.order] = np.arange(n)
    return Web(place.tolist(), edges, max_iou, max_ios)


@dataclass(frozen=True, slots=True)
class _Contest:
    """One row and all living rows that its fate depends on, strongest first; the row itself is last."""

    edges: list[list[Edge]]
    max_iou: float
    max_ios: float

    @classmethod
    def of(cls, web: Web, row: int, alive: Bool) -> _Contest:
        seen, frontier = {row}, [row]
        while frontier:
            for rival, _, _ in web.edges[frontier.pop()]:
                if rival not in seen and alive[rival]:
                    seen.add(rival)
                    frontier.append(rival)
        order = sorted(seen, key=web.place.__getitem__)
        at = {node: k for k, node in enumerate(order)}
        edges = [[(at[r], iou, ios) for r, iou, ios in web.edges[node] if r in at] for node in order]
        return cls(edges, web.max_iou, web.max_ios)

    def obstacles(self, iou: float, ios: float) -> list[Edge]:
        """The kept rows that cover the row beyond the limits; none means that it stays."""
        kept: list[bool] = []
        for edges in self.edges[:-1]:
            kept.append(not any(kept[r] and (a > iou or b > ios) for r, a, b in edges))
        return [(r, a, b) for r, a, b in self.edges[-1] if kept[r] and (a > iou or b > ios)]

    def lower(self, iou: float, ios: float) -> tuple[float, float]:
        """From limits at which the row stays down to ones that neither can be lowered alone."""
        iou_steps = self._steps(1, self.max_iou)
        ios_steps = self._steps(2, self.max_ios)
        while True:
            before = (iou, ios)
            iou = _descend(iou, iou_steps, partial(self._stays_at, ios=ios))
            ios = _descend(ios, ios_steps, partial(self._stays_at, iou))
            if (iou, ios) == before:
                return before

    def _stays_at(self, iou: float, ios: float) -> bool:
        return not self.obstacles(iou, ios)

    def _steps(self, column: int, limit: float) -> list[float]:
        """The limit in force and every overlap above it: the only values where the outcome can change."""
        return sorted(
            {limit, *(edge[column] for edges in self.edges for edge in edges if edge[column] > limit)}
        )


def _descend(value: float, steps: list[float], stays: Callable[[float], bool]) -> float:
    """The lowest step that can be reached from ``value`` without passing one at which the row goes."""
    at = bisect_left(steps, value)
    while at > 0 and stays(steps[at - 1]):
        at -= 1
    return steps[at]
