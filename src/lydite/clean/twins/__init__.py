"""Pictures that show the same: found by coefficients, proved by alignment."""

from lydite.clean.twins.pairs import Pairs, find_pairs

__all__ = ["Pairs", "find_pairs"]
