"""What the shelf hands out: pictures with their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core.classes import ClassMap
from lydite.core.errors import InvalidValue
from lydite.core.masks import Masks

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Scene:
    """A rendered shelf and everything true about it. Rows are aligned.

    Args:
        pixels: ``(h, w, 3)`` uint8 RGB.
        masks: Visible part of each of ``n`` pieces; disjoint.
        labels: ``(n,)`` int64, row numbers of ``class_map``.
        class_map: Names of the classes.
        groups: ``n`` product groups.
        visible: ``(n,)`` float32 in (0, 1]: share of the piece that is neither hidden nor outside.

    Raises:
        InvalidValue: If the parts do not fit one another.
    """

    pixels: Pixels
    masks: Masks
    labels: npt.NDArray[np.int64]
    class_map: ClassMap
    groups: tuple[str, ...]
    visible: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        _require_rgb("Scene.pixels", self.pixels)
        if self.masks.size_hw != self.pixels.shape[:2]:
            raise InvalidValue("Scene.masks", f"of size {self.pixels.shape[:2]}", self.masks.size_hw)
        rows = len(self.masks)
        lengths = (len(self.labels), len(self.groups), len(self.visible))
        if lengths != (rows,) * 3:
            raise InvalidValue("Scene.labels, groups and visible", f"{rows} long each", lengths)
        if rows and not 0 <= self.labels.min() <= self.labels.max() < len(self.class_map):
            raise InvalidValue("Scene.labels", f"from 0 to {len(self.class_map) - 1}", self.labels.tolist())

    def __len__(self) -> int:
        return len(self.masks)


@dataclass(frozen=True, eq=False)
class ExemplarPicture:
    """One piece on a counter.

    Args:
        pixels: ``(h, w, 3)`` uint8 RGB.
        mask: ``(h, w)`` bool.
        class_name: Its class.
        group: Its product group.

    Raises:
        InvalidValue: If mask and picture differ in size.
    """

    pixels: Pixels
    mask: npt.NDArray[np.bool_]
    class_name: str
    group: str

    def __post_init__(self) -> None:
        _require_rgb("ExemplarPicture.pixels", self.pixels)
        if self.mask.shape != self.pixels.shape[:2]:
            raise InvalidValue("ExemplarPicture.mask", f"of shape {self.pixels.shape[:2]}", self.mask.shape)


@dataclass(frozen=True)
class ShelfPaths:
    """Where a written shelf lies.

    Args:
        positive: Folder with a sub-folder of exemplars per class.
        negative: Folder of pictures of other things.
        scenes: Folder of scenes.
        empty: Folder of scenes without produce.
        truth: COCO file about the scenes, empty ones included.
    """

    positive: Path
    negative: Path
    scenes: Path
    empty: Path
    truth: Path

    @classmethod
    def below(cls, root: Path) -> ShelfPaths:
        """The paths of a shelf that is written into ``root``."""
        return cls(root / "positive", root / "negative", root / "scenes", root / "empty", root / "truth.json")


def _require_rgb(name: str, pixels: Pixels) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise InvalidValue(name, "a uint8 array of shape (h, w, 3)", (pixels.dtype.name, pixels.shape))
