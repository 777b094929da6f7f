"""What a run needs to know of the data: rows with pictures, labels and pixels."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, ImageId, ItemId

Rows = npt.NDArray[np.int64]
UNLABELLED = -1
"""The label of a row that has none."""


class Task(Protocol):
    """Row-aligned columns, and the pixels of a row. Must be picklable: worker processes load too."""

    @property
    def items(self) -> tuple[ItemId, ...]:
        """``n`` distinct items."""
        ...

    @property
    def pictures(self) -> tuple[ImageId, ...]:
        """The picture that each row shows; two rows may show one."""
        ...

    @property
    def labels(self) -> Rows:
        """``(n,)`` int64 numbers of ``classes``; ``UNLABELLED`` where there is none."""
        ...

    @property
    def classes(self) -> ClassMap:
        """What labels mean. A class may have no row."""
        ...

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each row (product, patient, video); empty where there is none."""
        ...

    @property
    def splits(self) -> tuple[str, ...]:
        """Split of each row; empty where there is none."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """File of each row, for people and pages."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that can be learned: items, pictures, labels, groups, splits."""
        ...

    def load(self, row: int) -> npt.NDArray[np.uint8]:
        """The pixels of a row, ``(height, width, 3)`` uint8 RGB.

        Raises:
            ImageError: If the picture cannot be read, or is not the one that the digest speaks of.
        """
        ...
