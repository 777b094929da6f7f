"""One decoding of a picture, and everything that is measured on it alone."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.clean.checks import CHECKS, Needs
from lydite.clean.settings import ScanSettings
from lydite.clean.view import View
from lydite.core import CollapsedFeatures, ImageError, LyditeError, MissingExtra
from lydite.data import Picture, load_image
from lydite.features import CacheKey, Encoder, VectorCache, build_encoder, pool_image

WHOLE = hashlib.sha256(b"the whole picture").hexdigest()
"""Stands for the candidates in a cache key whose vector is that of the whole picture."""
VECTOR = "vector"
"""What a crash of the encoder is called."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at a picture came to.

    Args:
        image: Hash of the file; ``None`` if it cannot be read as a picture.
        error: Why not; empty if it could be.
        size_hw: Height and width in pixels, zeros if unknown.
        scores: Score of each check of single pictures; NaN where it crashed or there is no picture.
        crashed: Check to what it raised.
        thumb: The grey thumbnail's bytes; empty if there is no picture.
        vector: The picture's vector as float32 bytes; empty if there is none.
    """

    image: str | None = None
    error: str = ""
    size_hw: tuple[int, int] = (0, 0)
    scores: dict[str, float] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    thumb: bytes = b""
    vector: bytes = b""


@dataclass(frozen=True, eq=False)
class Looker:
    """What a worker prepares once.

    Args:
        settings: How to look.
        encoder: ``None`` without semantic checks.
        cache: Where vectors are kept; ``None`` keeps none.
    """

    settings: ScanSettings
    encoder: Encoder | None
    cache: VectorCache | None

    @classmethod
    def build(cls, settings: ScanSettings, cache: Path | None) -> Looker:
        """Load the encoder, if one is wanted."""
        encoder = build_encoder(settings.encoder) if settings.semantic else None
        return cls(settings, encoder, None if cache is None else VectorCache(cache))

    def look(self, path: Path) -> Sighting:
        """Open a picture once and measure it. Whatever goes wrong is told, not raised."""
        try:
            picture = load_image(path)
        except (ImageError, MissingExtra) as error:
            return Sighting(error=error.reason if isinstance(error, ImageError) else str(error))
        view = View.of(picture)
        scores, crashed = _measure(view)
        vector = b""
        if self.encoder is not None:
            try:
                vector = self._vector(picture, self.encoder).tobytes()
            except Exception as error:  # noqa: BLE001 - a crash is a finding
                crashed[VECTOR] = _told(error)
        return Sighting(
            str(picture.image_id), "", picture.size_hw, scores, crashed, view.thumb.tobytes(), vector
        )

    def _vector(self, picture: Picture, encoder: Encoder) -> npt.NDArray[np.float32]:
        name = str(picture.image_id)
        key = CacheKey(encoder.space, picture.image_id, WHOLE, self.settings.encoder.short_side)
        found = None if self.cache is None else self.cache.find(key, (name,))
        if found is None:
            found = pool_image(encoder.encode(picture.pixels), name)
            if self.cache is not None:
                self.cache.put(key, found)
        return np.asarray(found.vectors[0], "<f4")


def _measure(view: View) -> tuple[dict[str, float], dict[str, str]]:
    scores, crashed = {}, {}
    for name, check in CHECKS.items():
        if check.needs is not Needs.PICTURE or check.of_picture is None:
            continue
        try:
            scores[name] = float(check.of_picture(view))
        except Exception as error:  # noqa: BLE001 - a crash is a finding
            scores[name], crashed[name] = math.nan, _told(error)
    return scores, crashed


def _told(error: Exception) -> str:
    known = isinstance(error, LyditeError | CollapsedFeatures)
    return str(error) if known else f"{type(error).__name__}: {error}"
