"""What a proposer is: pixels in, candidates out, nobody judged yet."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ItemId


class Proposer(Protocol):
    """Looks at one picture at a time, without exemplars, and says where things may be."""

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        ...

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """Regions of one picture, best first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row; the regions are born in it.

        Returns:
            Candidates with non-empty, distinct masks of the picture's size; may be none.
        """
        ...
