"""What stands for the examples of a class: all, a few prototypes, or each one adjusted by the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lydite.detect.settings import PrototypeKind

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
_ROUNDS = 50


def choose_prototypes(
    vectors: Vectors, labels: Ints, count: int, kind: PrototypeKind
) -> tuple[Vectors, Ints]:
    """A few prototypes for each class, in the order of the classes.

    Clusters come from k-means on the sphere (Dhillon and Modha 2001), begun with the example nearest to the
    class's mean and then, again and again, the one least like all chosen (Gonzalez 1985): no chance in it.

    Args:
        vectors: ``(sizes, n, dim)`` unit vectors; clusters are found at the first size.
        labels: ``(n,)`` class of each.
        count: Prototypes of a class at most; 0 keeps every example.
        kind: The mean of each cluster, or the example nearest to it.

    Returns:
        ``(sizes, columns, dim)`` unit vectors, and for each the row of the example that names it.
    """
    parts: list[Vectors] = []
    rows: list[Ints] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if not count or len(members) <= count:
            parts.append(vectors[:, members])
            rows.append(members)
            continue
        assigned, medoids = _cluster(vectors[0, members].astype(np.float64), count)
        named = members[medoids]
        rows.append(named)
        if kind is PrototypeKind.MEDOID:
            parts.append(vectors[:, named])
            continue
        means = [vectors[:, members[assigned == k]].mean(axis=1) for k in range(len(medoids))]
        parts.append(unit_or(np.stack(means, axis=1), vectors[:, named]))
    return np.concatenate(parts, axis=1), np.concatenate(rows)


def _cluster(vectors: npt.NDArray[np.float64], count: int) -> tuple[Ints, Ints]:
    """Cluster of each row, and the row nearest to the mean of each cluster."""
    first = int((vectors @ vectors.mean(axis=0)).argmax())
    chosen = [first]
    nearest = vectors @ vectors[first]
    while len(chosen) < count and nearest.min() < 1 - 1e-9:
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    centres = vectors[chosen]
    assigned = (vectors @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        filled = np.unique(assigned)
        means = np.stack([vectors[assigned == k].mean(axis=0) for k in filled])
        centres = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        again = (vectors @ centres.T).argmax(axis=1)
        if np.array_equal(again, assigned) and len(filled) == len(centres):
            break
        assigned = again
    names, assigned = np.unique(assigned, return_inverse=True)
    likeness = vectors @ centres[names].T
    own = np.where(assigned[:, None] == np.arange(len(names)), likeness, -np.inf)
    return assigned.astype(np.int64), own.argmax(axis=0).astype(np.int64)


def adjust(queries: Vectors, positives: Vectors, negatives: Vectors, toward: float, away: float) -> Vectors:
    """Each query drawn to the positives and pushed from the negatives that it attends to.

    ``q + toward * sum(softmax(q.p) p) - away * sum(softmax(q.n) n)``, made a unit vector again: the query
    adjustment of SearchDet (Sidhu et al., CVPR 2025).

    Args:
        queries: ``(q, dim)`` unit vectors.
        positives: ``(p, dim)``, at least one.
        negatives: ``(n, dim)``, perhaps none.
        toward: Weight of the positives.
        away: Weight of the negatives.

    Returns:
        ``(q, dim)`` unit vectors; a query that would vanish stays as it was.
    """
    moved = queries + toward * (_softmax(queries @ positives.T) @ positives)
    if len(negatives):
        moved = moved - away * (_softmax(queries @ negatives.T) @ negatives)
    return unit_or(moved, queries)


def unit_or(vectors: npt.NDArray[np.floating], otherwise: Vectors) -> Vectors:
    """Unit vectors; where one has no length, the other one."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = np.where(norms > 1e-6, vectors / np.maximum(norms, 1e-6), otherwise).astype(np.float32)
    return unit


def _softmax(logits: Vectors) -> Vectors:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Vectors = raised / raised.sum(axis=1, keepdims=True)
    return shares
