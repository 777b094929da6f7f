"""From a picture to vectors of one space: encoders, coverage pooling, and a cache of what was pooled."""

from lydite.features.cache import CacheKey, CacheSize, VectorCache, candidates_digest
from lydite.features.encoder import Encoder
from lydite.features.encoders import ENCODERS, build_encoder, require_encoder
from lydite.features.one_thread import one_thread
from lydite.features.overlap import coverage, coverage_dense, effective_cells
from lydite.features.pooling import POOLING, pool, pool_image, pool_weighted
from lydite.features.rules import PoolingRule
from lydite.features.settings import EncoderSettings
from lydite.features.surround import pool_surround
from lydite.features.zoom import Zoom, pool_closer

__all__ = [
    "ENCODERS",
    "POOLING",
    "CacheKey",
    "CacheSize",
    "Encoder",
    "EncoderSettings",
    "PoolingRule",
    "VectorCache",
    "Zoom",
    "build_encoder",
    "candidates_digest",
    "coverage",
    "coverage_dense",
    "effective_cells",
    "one_thread",
    "pool",
    "pool_closer",
    "pool_image",
    "pool_surround",
    "pool_weighted",
    "require_encoder",
]
