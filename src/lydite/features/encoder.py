"""What an encoder is: pixels in, a dense map of one known space out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from lydite.core import FeatureMap, FeatureSpace


class Encoder(Protocol):
    """Looks at one picture at a time.

    The pooled vector of a picture is not the encoder's business: it is ``pool_image`` of the map,
    that is, a mask that covers everything.
    """

    @property
    def space(self) -> FeatureSpace:
        """The one space of every map that this encoder makes."""
        ...

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The dense map of a picture.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.

        Returns:
            A map whose grid covers the whole picture exactly.
        """
        ...
