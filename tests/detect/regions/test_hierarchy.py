from __future__ import annotations

import numpy as np
import pytest

from detect.regions.drawn import noise
from lydite.detect.regions import Pieces, cut, look
from lydite.detect.regions.criteria import CRITERIA
from lydite.detect.regions.hierarchy import Hierarchy, grow


def pieces() -> Pieces:
    return cut(look(noise((40, 50), 3), 50), 40)


def leaves_under(tree: Hierarchy, node: int) -> set[int]:
    count = len(tree.place)
    if node < count:
        return {node}
    one, other = tree.children[node - count].tolist()
    return leaves_under(tree, one) | leaves_under(tree, other)


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_each_node_is_a_stretch_of_leaves_and_its_columns_are_those_of_its_mask(name: str) -> None:
    given = pieces()
    tree = grow(given, CRITERIA[name])
    assert len(tree) == 2 * len(given) - 1
    for node in range(len(tree)):
        start, stop = tree.spans[node]
        members = {int(leaf) for leaf in np.flatnonzero((tree.place >= start) & (tree.place < stop))}
        assert members == leaves_under(tree, node)
        mask = np.pad(np.isin(given.labels, list(members)), 1)
        sides = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
        y, x = np.nonzero(mask[1:-1, 1:-1])
        assert tree.sizes[node] == len(y)
        assert tree.outlines[node] == sides
        assert tree.boxes[node].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_the_most_alike_pair_merges_in_the_first_round() -> None:
    given = pieces()
    means = given.strengths / given.lengths
    damping = np.minimum(given.sizes[given.pairs[:, 0]], given.sizes[given.pairs[:, 1]]) ** 0.25
    alike = set(given.pairs[np.argmin(means * damping)].tolist())
    tree = grow(given, CRITERIA["edge"])
    assert alike in [set(pair) for pair in tree.children.tolist()]
