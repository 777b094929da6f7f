"""A column too long to hold: numbers of each item in a file, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Rows = slice | npt.NDArray[np.int64]
BLOCK = 4096
"""Rows that are worked on at a time."""


class Tall(Protocol):
    """What an array and a stack have in common: rows, of which some are taken."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Rows, /) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Stack:
    """Rows of a file. They come as copies, and nothing stays mapped in between.

    Args:
        path: The file; it must not change.
        dtype: Of its numbers.
        shape: ``(n, ...)``.
    """

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows) -> npt.NDArray[Any]:
        """The rows, in the order in which they are named."""
        if not np.prod(self.shape):  # an empty file cannot be mapped
            return np.zeros(self.shape, self.dtype)[rows]
        return np.array(np.memmap(self.path, self.dtype, "r", shape=self.shape)[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """Some rows of a tall column, as if they were all.

    Args:
        column: The column.
        rows: ``(m,)`` int64.
    """

    column: Tall
    rows: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Rows) -> npt.NDArray[Any]:
        """Rows by their place among those that were taken."""
        return self.column[self.rows[rows]]


def blocks(column: Tall, size: int = BLOCK) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    """Where each block of rows stands, and the block."""
    for start in range(0, len(column), size):
        rows = slice(start, min(start + size, len(column)))
        yield rows, column[rows]
