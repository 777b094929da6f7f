"""Heads on frozen vectors: one file each, one line in the table; and their cross-fitting."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from lydite.features.probe.cross_fit import OutOfFold, cross_fit
from lydite.features.probe.logistic import LinearHead, Logistic
from lydite.features.probe.neighbours import NeighbourHead, Neighbours
from lydite.features.probe.problem import FittedHead, Head, Part, Problem
from lydite.features.probe.ridge import Ridge

HEADS: MappingProxyType[str, Callable[[], Head]] = MappingProxyType(
    {"logistic": Logistic, "neighbours": Neighbours, "ridge": Ridge}
)
"""File name of each head -> its settings, with defaults."""

__all__ = [
    "HEADS",
    "FittedHead",
    "Head",
    "LinearHead",
    "Logistic",
    "NeighbourHead",
    "Neighbours",
    "OutOfFold",
    "Part",
    "Problem",
    "Ridge",
    "cross_fit",
]
