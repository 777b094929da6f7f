"""How unlike two touching regions are: one function per hierarchy, over many touching pairs at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.graph import Graph

Rows = npt.NDArray[np.int64]
Criterion = Callable[[Graph, Rows], npt.NDArray[np.float64]]
"""From some rows of a graph's pairs to their costs; a cost depends on nothing but the two regions."""


def edge(graph: Graph, rows: Rows) -> npt.NDArray[np.float64]:
    """Mean edge strength along the common border: the contour-based merging of Arbelaez et al. 2011.

    Small regions give way first, so that specks of noise do not survive to the root.
    """
    unlike: npt.NDArray[np.float64] = graph.strengths[rows] / graph.lengths[rows] * _damping(graph, rows)
    return unlike


def colour(graph: Graph, rows: Rows) -> npt.NDArray[np.float64]:
    """Distance of mean L*a*b*, where small regions give way first.

    One unit is added, so that even regions of one colour merge from small to large.
    """
    one, other = graph.pairs[rows].T
    apart = np.linalg.norm(_shares(graph.colours, graph, one) - _shares(graph.colours, graph, other), axis=1)
    unlike: npt.NDArray[np.float64] = (apart + 1) * _damping(graph, rows)
    return unlike


def texture(graph: Graph, rows: Rows) -> npt.NDArray[np.float64]:
    """Histograms, size and fit together, in the spirit of Selective Search (Uijlings et al. 2013).

    The sum of: histograms of colour and of edge strength that do not intersect, the share of the picture
    that both cover, and the share of the picture that their common box leaves empty.
    """
    one, other = graph.pairs[rows].T
    apart = _shares(graph.histograms, graph, one) - _shares(graph.histograms, graph, other)
    unlike: npt.NDArray[np.float64] = np.abs(apart).sum(axis=1) / 2
    both = graph.sizes[one] + graph.sizes[other]
    low = np.minimum(graph.boxes[one, :2], graph.boxes[other, :2])
    high = np.maximum(graph.boxes[one, 2:], graph.boxes[other, 2:])
    empty = (high - low).prod(axis=1) - both
    unlike += (both + empty) / graph.pixels
    return unlike


def _shares(sums: npt.NDArray[np.float64], graph: Graph, regions: Rows) -> npt.NDArray[np.float64]:
    """Sums over the pixels of some regions as means over them."""
    means: npt.NDArray[np.float64] = sums[regions] / graph.sizes[regions, None]
    return means


def _damping(graph: Graph, rows: Rows) -> npt.NDArray[np.float64]:
    one, other = graph.pairs[rows].T
    smaller = np.minimum(graph.sizes[one], graph.sizes[other])
    damping: npt.NDArray[np.float64] = smaller**0.25
    return damping


CRITERIA: Mapping[str, Criterion] = MappingProxyType({"edge": edge, "colour": colour, "texture": texture})
