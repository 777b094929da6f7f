"""How unlike two touching regions are: one function per hierarchy, over all touching pairs at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.graph import Graph

Criterion = Callable[[Graph], npt.NDArray[np.float64]]


def edge(graph: Graph) -> npt.NDArray[np.float64]:
    """Mean edge strength along the common border: the contour-based merging of Arbelaez et al. 2011.

    Small regions give way first, so that specks of noise do not survive to the root.
    """
    unlike: npt.NDArray[np.float64] = graph.strengths / graph.lengths * _damping(graph)
    return unlike


def colour(graph: Graph) -> npt.NDArray[np.float64]:
    """Distance of mean L*a*b*, where small regions give way first.

    One unit is added, so that even regions of one colour merge from small to large.
    """
    one, other = graph.pairs.T
    means = graph.colours / graph.sizes[:, None]
    apart = np.linalg.norm(means[one] - means[other], axis=1)
    unlike: npt.NDArray[np.float64] = (apart + 1) * _damping(graph)
    return unlike


def texture(graph: Graph) -> npt.NDArray[np.float64]:
    """Histograms, size and fit together, in the spirit of Selective Search (Uijlings et al. 2013).

    The sum of: histograms of colour and of edge strength that do not intersect, the share of the picture
    that both cover, and the share of the picture that their common box leaves empty.
    """
    one, other = graph.pairs.T
    shares = graph.histograms / graph.sizes[:, None]
    unlike: npt.NDArray[np.float64] = np.abs(shares[one] - shares[other]).sum(axis=1) / 2
    both = graph.sizes[one] + graph.sizes[other]
    low = np.minimum(graph.boxes[one, :2], graph.boxes[other, :2])
    high = np.maximum(graph.boxes[one, 2:], graph.boxes[other, 2:])
    empty = (high - low).prod(axis=1) - both
    unlike += (both + empty) / graph.pixels
    return unlike


def _damping(graph: Graph) -> npt.NDArray[np.float64]:
    one, other = graph.pairs.T
    smaller = np.minimum(graph.sizes[one], graph.sizes[other])
    damping: npt.NDArray[np.float64] = smaller**0.25
    return damping


CRITERIA: Mapping[str, Criterion] = MappingProxyType({"edge": edge, "colour": colour, "texture": texture})
