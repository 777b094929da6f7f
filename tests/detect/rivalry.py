"""Rows that cover each other, drawn small enough to try everything."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from lydite.metrics import Overlaps

Pairs = dict[tuple[int, int], tuple[float, float]]
"""IoU and IoS of two rows, the smaller row first."""
Contest = tuple[Pairs, list[float], list[int], list[bool]]
"""Overlaps, strengths, labels, and who takes part."""


def overlaps_of(pairs: Pairs) -> Overlaps:
    """The same as the library holds them."""
    keys = sorted(pairs)
    first, second = (np.array([key[side] for key in keys], np.int64) for side in (0, 1))
    iou, ios = (np.array([pairs[key][side] for key in keys], np.float32) for side in (0, 1))
    return Overlaps(first, second, iou, ios)


@st.composite
def contests(draw: st.DrawFn) -> Contest:
    """A few rows, whose overlaps and strengths often equal each other."""
    n = draw(st.integers(1, 9))
    every = [(i, j) for i in range(n) for j in range(i + 1, n)]
    overlap = st.sampled_from([0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0])
    touching = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    pairs = {pair: (draw(overlap), draw(overlap)) for pair in touching}
    strength = draw(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    alive = draw(st.lists(st.sampled_from([True, True, True, False]), min_size=n, max_size=n))
    return pairs, strength, labels, alive
