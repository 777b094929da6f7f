"""Vectors and maps that know which space they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core.boxes import Index
from lydite.core.errors import InvalidValue
from lydite.core.space import FeatureSpace

_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMap:
    """The dense map of one picture: cell ``(i, j)`` covers an equal share of the picture.

    Args:
        cells: ``(rows, columns, dim)`` float32; row 0 is the top. Cells carry the encoder's own final
            normalisation and are not L2-normalised: pooling does that, once.
        size_hw: Height and width in pixels of the picture that the grid covers exactly.
        space: The space of any vector pooled from this map.
        input_hw: Height and width at which the encoder looked at the picture, recorded per vector.

    Raises:
        InvalidValue: If the shape does not fit the space, or a cell is not finite.
    """

    cells: npt.NDArray[np.float32]
    size_hw: tuple[int, int]
    space: FeatureSpace
    input_hw: tuple[int, int]

    def __post_init__(self) -> None:
        if self.cells.ndim != 3 or self.cells.shape[2] != self.space.dim or 0 in self.cells.shape:
            raise InvalidValue(
                "FeatureMap.cells", f"of shape (rows, columns, {self.space.dim})", self.cells.shape
            )
        if self.cells.dtype != np.float32:
            raise InvalidValue("FeatureMap.cells", "float32", self.cells.dtype)
        if not np.isfinite(self.cells).all():
            raise InvalidValue(
                "FeatureMap.cells",
                "finite: the encoder produced NaN or infinity (try full instead of half precision)",
                int((~np.isfinite(self.cells)).sum()),
            )

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.cells.shape[0], self.cells.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Unit vectors of exactly one space, with the ids they belong to.

    Args:
        vectors: ``(n, dim)`` float32, each row of L2 norm 1.
        ids: ``n`` texts, each one once.
        space: The one space of all rows.

    Raises:
        InvalidValue: If shapes disagree, an id stands twice, or a row is not a finite unit vector.
    """

    vectors: npt.NDArray[np.float32]
    ids: tuple[str, ...]
    space: FeatureSpace

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(self.ids))
        vectors = np.ascontiguousarray(self.vectors, dtype=np.float32)
        if vectors.shape != (len(self.ids), self.space.dim):
            raise InvalidValue(
                "Features.vectors", f"of shape ({len(self.ids)}, {self.space.dim})", vectors.shape
            )
        if len(set(self.ids)) != len(self.ids):
            raise InvalidValue("Features.ids", "distinct", len(self.ids) - len(set(self.ids)))
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        bad = ~(np.abs(norms - 1) <= _UNIT_TOLERANCE)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InvalidValue(
                f"Features.vectors[{row}] ({self.ids[row]})",
                "a finite vector of L2 norm 1",
                float(norms[row]),
            )
        object.__setattr__(self, "vectors", vectors)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: Index) -> Features:
        """Rows by boolean mask, integer array or slice; ids follow their vectors."""
        rows = np.arange(len(self))[index]
        return Features(self.vectors[rows], tuple(self.ids[int(row)] for row in rows), self.space)

    @classmethod
    def concatenate(cls, parts: Sequence[Features]) -> Features:
        """All rows of all parts, in order.

        Raises:
            SpaceMismatch: If the parts are of different spaces.
            InvalidValue: If there is no part (no space would be known).
        """
        if not parts:
            raise InvalidValue("Features.concatenate", "given at least one part", 0)
        for part in parts[1:]:
            parts[0].space.require_same(part.space)
        return cls(
            np.concatenate([part.vectors for part in parts]),
            tuple(name for part in parts for name in part.ids),
            parts[0].space,
        )


def similarity(left: Features, right: Features) -> npt.NDArray[np.float32]:
    """Cosines of all pairs: ``(len(left), len(right))`` float32 in [-1, 1].

    Raises:
        SpaceMismatch: If the two sides are of different spaces; names the fields that differ.
    """
    left.space.require_same(right.space)
    cosines = left.vectors @ right.vectors.T
    return np.clip(cosines, -1, 1, out=cosines)
