"""One look at a picture: the vector of every candidate, and how much it differs from its surround."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, FeatureMap, Features
from lydite.data import Picture
from lydite.detect.collapse import require_spread
from lydite.features import CacheKey, Encoder, VectorCache, Zoom, candidates_digest, pool_closer

Timer = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Row-aligned with the candidates.

    Args:
        vectors: What each candidate is.
        surround: ``(n,)`` float32 cosine between each candidate and what lies around it.
    """

    vectors: Features
    surround: npt.NDArray[np.float32]


def look(
    picture: Picture,
    candidates: Candidates,
    encoder: Encoder,
    short_side: int,
    cache: VectorCache | None,
    timer: Timer,
    feature_map: FeatureMap | None = None,
    zoom: Zoom | None = None,
) -> Look:
    """Embed the candidates of a picture by one pass of the encoder, or from the cache.

    Args:
        picture: The picture.
        candidates: At least one.
        encoder: The encoder.
        short_side: Its input size, part of the cache's key.
        cache: Where vectors are kept; ``None`` keeps none.
        timer: Names the stages.
        feature_map: The picture's map where it is already there; the encoder is asked when ``None``.
        zoom: When to look closer; never when ``None``.

    Raises:
        CollapsedFeatures: If the encoder cannot tell the candidates of a textured picture apart.
    """
    ids = tuple(str(region) for region in candidates.ids)
    digest = candidates_digest(candidates.masks)
    if zoom is not None and zoom.cells:
        digest = hashlib.sha256(f"{zoom} {digest}".encode()).hexdigest()
    inside_key = CacheKey(encoder.space, picture.image_id, digest, short_side)
    around_key = replace(inside_key, candidates=hashlib.sha256(f"surround {digest}".encode()).hexdigest())
    if cache is not None:
        with timer("cache"):
            inside, around = cache.find(inside_key, ids), cache.find(around_key, ids)
        if inside is not None and around is not None:
            return _compare(inside, around)
    if feature_map is None:
        with timer("encode"):
            feature_map = encoder.encode(picture.pixels)
    with timer("pool"):
        inside, around = pool_closer(
            picture.pixels, encoder, feature_map, candidates.masks, ids, zoom or Zoom()
        )
    require_spread(inside, feature_map, picture.pixels, str(candidates.item))
    if cache is not None:
        with timer("cache"):
            cache.put(inside_key, inside)
            cache.put(around_key, around)
    return _compare(inside, around)


def _compare(inside: Features, around: Features) -> Look:
    return Look(inside, np.einsum("nd,nd->n", inside.vectors, around.vectors))
