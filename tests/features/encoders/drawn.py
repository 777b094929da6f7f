"""A drawn scene of things that are alike and things that are not, for laws about encoders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lydite.core import Masks

Pixels = npt.NDArray[np.uint8]


def scene() -> Pixels:
    """A red striped disc, a green plain disc and a second red striped disc, turned, on grey."""
    y, x = np.indices((128, 192))
    picture = np.full((128, 192, 3), (150, 150, 155), np.uint8)
    for centre_x, across in ((32, x), (160, y)):
        picture[disc(centre_x)] = (200, 40, 30)
        picture[disc(centre_x) & ~(across // 4 % 2).astype(np.bool_)] = (230, 120, 90)
    picture[disc(96)] = (40, 160, 60)
    return picture


def disc(centre_x: int) -> npt.NDArray[np.bool_]:
    """``(128, 192)``: a disc of radius 26 around ``(centre_x, 64)``."""
    y, x = np.indices((128, 192))
    inside: npt.NDArray[np.bool_] = np.hypot(x - centre_x, y - 64) < 26
    return inside


def discs() -> Masks:
    """Red, red turned, green, and everything else."""
    dense = [disc(centre_x) for centre_x in (32, 160, 96)]
    return Masks.from_dense(np.stack([*dense, ~np.logical_or.reduce(dense)]))
