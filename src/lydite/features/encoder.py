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

    def smaller(self, divisor: int) -> Encoder:
        """The same encoder, of the same space, looking at pictures at a share of the size.

        Args:
            divisor: 1 is the encoder as it is, 2 looks at half the width and height. An encoder of one
                size returns itself.
        """
        ...
