"""A tree of regions: pieces merged two by two until one region is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.detect.regions.criteria import Criterion
from lydite.detect.regions.graph import Graph
from lydite.detect.regions.superpixels import Pieces


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Nodes of a merge tree, the pieces first (``0..n-1``), every child before its parent.

    The leaves are laid out so that every node is one stretch of them: a pixel belongs to node ``i``
    exactly when ``spans[i, 0] <= place[labels[pixel]] < spans[i, 1]``.

    Args:
        children: ``(nodes - n, 2)`` int64: the two children of each inner node.
        place: ``(n,)`` int64: place of each piece in the layout.
        spans: ``(nodes, 2)`` int64: the stretch of places of each node.
        sizes: ``(nodes,)`` float64: pixels.
        outlines: ``(nodes,)`` float64: length of the outline in pixel sides.
        boxes: ``(nodes, 4)`` int64: ``x0 y0 x1 y1``.
    """

    children: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    spans: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.float64]
    outlines: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sizes)


def grow(pieces: Pieces, criterion: Criterion) -> Hierarchy:
    """Merge touching pieces until none touch.

    Each round joins every pair of regions that are each other's likest neighbour (reciprocal nearest
    neighbours, Murtagh 1983), in a few array operations. Where merging brings a region no closer to a third
    one this is the tree of merging one pair at a time; elsewhere it is a close and more balanced relative.
    """
    graph = Graph.of(pieces)
    node = np.arange(len(pieces))
    children = [np.zeros((0, 2), np.int64)]
    sizes, outlines, boxes = [pieces.sizes], [pieces.outlines], [pieces.boxes]
    total = len(pieces)
    costs = criterion(graph, np.arange(len(graph.pairs)))
    while len(graph.pairs):
        chosen = _reciprocal(graph.pairs, costs, len(graph))
        stay, go = graph.pairs[chosen].T
        children.append(np.stack([node[stay], node[go]], axis=1))
        node[stay] = total + np.arange(len(chosen))
        total += len(chosen)
        before, changed = graph.merge(chosen)
        costs = costs[before]
        costs[changed] = criterion(graph, np.flatnonzero(changed))
        sizes.append(graph.sizes[stay])
        outlines.append(graph.outlines[stay])
        boxes.append(graph.boxes[stay])
    pairs = np.concatenate(children)
    place, spans = _layout(pairs, len(pieces))
    return Hierarchy(
        pairs, place, spans, np.concatenate(sizes), np.concatenate(outlines), np.concatenate(boxes)
    )


def _reciprocal(
    pairs: npt.NDArray[np.int64], costs: npt.NDArray[np.float64], count: int
) -> npt.NDArray[np.int64]:
    """Rows of the pairs whose two ends prefer each other; ties go to the earlier row."""
    dearest_first = np.argsort(costs, kind="stable")[::-1]
    best = np.zeros(count, np.int64)
    best[pairs[dearest_first].ravel()] = np.repeat(dearest_first, 2)  # the last write is the cheapest pair
    rows = np.arange(len(pairs))
    return np.flatnonzero((best[pairs[:, 0]] == rows) & (best[pairs[:, 1]] == rows))


def _layout(
    children: npt.NDArray[np.int64], leaves: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Place of each leaf and stretch of each node, from the root down."""
    total = leaves + len(children)
    widths = [1] * leaves
    for one, other in children.tolist():
        widths.append(widths[one] + widths[other])
    starts = [0] * total
    for parent in range(total - 1, leaves - 1, -1):
        one, other = children[parent - leaves].tolist()
        starts[one] = starts[parent]
        starts[other] = starts[parent] + widths[one]
    spans = np.stack([starts, np.add(starts, widths)], axis=1).astype(np.int64)
    return spans[:leaves, 0], spans
