"""One region at the working size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region as a tight crop.

    Args:
        y: Top row of the crop in the working picture.
        x: Left column.
        mask: ``(rows, columns)`` bool, touching all four sides of the crop.
        origin: Which source it came from.
        stability: In [0, 1]: how long it lasts while thresholds move.
    """

    y: int
    x: int
    mask: npt.NDArray[np.bool_]
    origin: str
    stability: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``x0 y0 x1 y1`` on pixel edges."""
        return self.x, self.y, self.x + self.mask.shape[1], self.y + self.mask.shape[0]
