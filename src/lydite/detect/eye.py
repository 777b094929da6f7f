"""How an example is looked at: as it is, and smaller, for it may be a close-up of what will be searched.

A network answers differently to one thing at different sizes. An example that fills its picture is looked
at four times as large as the same thing in a scene; seen at a half and a quarter of that it is found again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import FeatureMap, Features, ImageError, ImageId, Masks
from lydite.data import ImageLimits, Picture
from lydite.detect.exemplars import Exemplar, ExemplarSet
from lydite.detect.shape import Shapes, describe_shapes
from lydite.features import Encoder, Zoom, pool, pool_closer

Focus = Callable[[Picture, FeatureMap], Masks | None]
"""Finds the one mask of the thing in a picture, or nothing."""
Vectors = npt.NDArray[np.float32]

SMALLEST = 32.0
"""Square root of the least area, in pixels of the encoder's input, at which an example is still looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One example and its vectors.

    Args:
        exemplar: The example.
        vector: What it is, as it is; one row.
        shape: ``(1, 4)`` its outline.
        smaller: ``(sizes - 1, dim)`` float32 unit vectors, seen ever smaller; the last one that could be
            seen again where too little of it is left.
    """

    exemplar: Exemplar
    vector: Features
    shape: Shapes
    smaller: Vectors


class Eye:
    """Embeds examples and remembers what it could not read.

    Args:
        encoder: Looks at pictures.
        limits: Caps on files and pixels.
        sizes: At how many sizes each example is looked at, each half the one before.
        zoom: When to look closer at an example at its own size.
        focus: What finds the thing in examples that are whole pictures; ``None`` leaves them whole.
    """

    def __init__(
        self,
        encoder: Encoder,
        limits: ImageLimits,
        sizes: int,
        zoom: Zoom | None = None,
        focus: Focus | None = None,
    ) -> None:
        self._encoders = [encoder.smaller(2**step) for step in range(sizes)]
        self._limits = limits
        self._zoom = zoom or Zoom()
        self._focus = focus
        self.problems: dict[str, ImageError] = {}
        self.image_ids: dict[str, ImageId] = {}
        self._last: tuple[ImageId, list[FeatureMap]] | None = None

    def look(self, exemplars: tuple[Exemplar, ...]) -> list[Seen]:
        """Every example that can be read."""
        seen = []
        for exemplar in exemplars:
            try:
                picture, mask = exemplar.load(self._limits)
            except ImageError as error:
                self.problems[exemplar.name] = error
                continue
            self.image_ids[exemplar.name] = picture.image_id
            if self._focus is not None and exemplar.class_name is not None and exemplar.is_whole(picture):
                mask = self._focus(picture, self._map_of(picture, 0)) or mask
            vectors = self._vectors(picture, mask, exemplar.name)
            smaller = np.stack([vectors[0].vectors[0], *(each.vectors[0] for each in vectors[1:])])[1:]
            seen.append(Seen(exemplar, vectors[0], describe_shapes(mask), smaller))
        return seen

    def _vectors(self, picture: Picture, mask: Masks, name: str) -> list[Features]:
        vectors: list[Features] = []
        for step in range(len(self._encoders)):
            feature_map = self._map_of(picture, step)
            across = feature_map.input_hw[0] * feature_map.input_hw[1]
            side = float(np.sqrt(mask.areas[0] / (picture.size_hw[0] * picture.size_hw[1]) * across))
            if step and side < SMALLEST:
                vectors += vectors[-1:] * (len(self._encoders) - step)
                break
            zoom = Zoom() if step else self._zoom
            (vector,) = pool_closer(
                picture.pixels, self._encoders[step], feature_map, mask, (name,), zoom, (pool,)
            )
            vectors.append(vector)
        return vectors

    def _map_of(self, picture: Picture, step: int) -> FeatureMap:
        """The map of a picture at a size; several examples of one picture in a row share one look."""
        if self._last is None or self._last[0] != picture.image_id:
            self._last = (picture.image_id, [])
        maps = self._last[1]
        while len(maps) <= step:
            maps.append(self._encoders[len(maps)].encode(picture.pixels))
        return maps[step]

    def first_problem(self, exemplars: ExemplarSet, class_name: str) -> str:
        """Why the examples of a class could not be read, by the first of them."""
        names = [e.name for e in exemplars.positives if e.class_name == class_name]
        return next((self.problems[name].fact for name in names if name in self.problems), "no picture.")
