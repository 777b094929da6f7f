"""The vector of a picture: from the cache, or by the encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.clean.look import WHOLE, Looker
from lydite.clean.settings import ScanSettings
from lydite.core import ImageId
from lydite.data.image import decode_image
from lydite.features import CacheKey, Encoder, VectorCache, build_encoder, pool_image


@dataclass(frozen=True, eq=False)
class Encoding:
    """An encoder and what it was asked before.

    Args:
        encoder: The encoder.
        short_side: The scale at which it looks.
        cache: Where vectors are kept; ``None`` keeps none.
    """

    encoder: Encoder
    short_side: int
    cache: VectorCache | None

    def __call__(self, data: bytes, image: ImageId) -> npt.NDArray[np.float32]:
        """``(dim,)`` float32; only a picture that is not in the cache is decoded with all its colours."""
        key = CacheKey(self.encoder.space, image, WHOLE, self.short_side)
        found = None if self.cache is None else self.cache.find(key, (str(image),))
        if found is None:
            found = pool_image(self.encoder.encode(decode_image(data, str(image)).pixels), str(image))
            if self.cache is not None:
                self.cache.put(key, found)
        return np.asarray(found.vectors[0])


def build_encoding_looker(settings: ScanSettings, cache: Path | None) -> Looker:
    """A looker that encodes too; the encoder is loaded.

    Args:
        settings: Which encoder, and at which scale.
        cache: Folder that keeps vectors; ``None`` keeps none.
    """
    encoder = build_encoder(settings.encoder)
    kept = None if cache is None else VectorCache(cache)
    return Looker(Encoding(encoder, settings.encoder.short_side, kept))
