"""From a picture to vectors of one space: encoders, coverage pooling, and a cache of what was pooled."""

from lydite.features.cache import CacheKey, CacheSize, VectorCache, candidates_digest
from lydite.features.encoder import Encoder
from lydite.features.encoders import ENCODERS, build_encoder
from lydite.features.overlap import coverage, coverage_dense, effective_cells
from lydite.features.pooling import POOLING, pool, pool_image, pool_weighted
from lydite.features.settings import EncoderSettings

__all__ = [
    "ENCODERS",
    "POOLING",
    "CacheKey",
    "CacheSize",
    "Encoder",
    "EncoderSettings",
    "VectorCache",
    "build_encoder",
    "candidates_digest",
    "coverage",
    "coverage_dense",
    "effective_cells",
    "pool",
    "pool_image",
    "pool_weighted",
]
