"""Pictures that show the same: found by coefficients, proved by alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.core.lazy import lazy_names

if TYPE_CHECKING:
    from lydite.clean.twins.pairs import Pairs, find_pairs
else:
    __getattr__ = lazy_names(__name__, pairs="Pairs find_pairs")

__all__ = ["Pairs", "find_pairs"]
