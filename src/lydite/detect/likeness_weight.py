"""How much likeness says, from how much the examples of a class differ among themselves.

Where the examples of a class are as one, what is a little less like them is something else; where they
differ, likeness says little, and being one whole thing must decide. So likeness weighs the more in the rank,
the less an example's likeness to the others of its class varies. (In Fisher's discriminant, "The use of
multiple measurements in taxonomic problems", 1936, the weight of a measure falls with its spread within
classes, too.)

A class that is known by boxes alone keeps the weight 1: no outline tells there what is only a part, and a
part is as like the examples as the whole.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lydite.detect.shape import Shapes

USUAL_SPREAD, USUAL_COUNT = 0.2, 4.0
"""Standard deviation of the likeness of an example to the others, and how many examples it is worth."""
PER_SPREAD = 0.24
"""The weight times the spread."""
MOST = 4.0
MOST_EXAMPLES = 100
"""Of a class so many, taken evenly, say how much it varies."""


def likeness_weights(
    vectors: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], shapes: Shapes, classes: int
) -> npt.NDArray[np.float32]:
    """One weight for each class, the same for all that have an outline.

    Args:
        vectors: ``(sizes, n, dim)`` unit vectors of the examples; the first size is their own.
        labels: ``(n,)`` class of each.
        shapes: ``(n, 4)`` outlines; a row of NaN has none.
        classes: How many classes there are.

    Returns:
        ``(classes,)`` float32 in [1, ``MOST``].
    """
    squares, freedom = USUAL_COUNT * USUAL_SPREAD**2, USUAL_COUNT
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        if len(rows) > MOST_EXAMPLES:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_EXAMPLES).round().astype(np.int64)]
        if len(rows) > 1:
            told = _likeness_to_others(vectors[:, rows])
            squares += float(((told - told.mean()) ** 2).sum())
            freedom += len(rows) - 1
    weight = np.clip(PER_SPREAD / np.sqrt(squares / freedom), 1.0, MOST)
    outlined = np.bincount(labels[~np.isnan(shapes).any(axis=1)], minlength=classes) > 0
    return np.where(outlined, weight, 1.0).astype(np.float32)


def _likeness_to_others(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``(n,)`` mean cosine of each example to the nearer majority of the others, at the size most like it."""
    cosines = (vectors[0] @ vectors.transpose(0, 2, 1)).max(axis=0)
    np.fill_diagonal(cosines, -np.inf)
    most = (cosines.shape[1] - 1) // 2 + 1
    nearer = np.partition(cosines, cosines.shape[1] - most, axis=1)[:, -most:]
    return np.asarray(nearer.mean(axis=1), np.float32)
