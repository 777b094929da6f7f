"""Semantic outliers: unlike the other pictures of the same label, by the encoder's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.semantics.outliers import away_from_kind

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def outliers(pile: Pile) -> Column:
    """Robust standard deviations above the usual distance within the label."""
    return away_from_kind(pile, pile.labels, "class")


CHECK = Check(
    "robust deviations above the usual distance within its label",
    Worse.HIGH,
    8.0,
    Needs.VECTORS,
    of_pile=outliers,
)
