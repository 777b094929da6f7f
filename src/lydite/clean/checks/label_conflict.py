"""Conflicts: the same picture bears another label, so one of the two is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.twins.roles import of_both

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def conflicts(pile: Pile) -> Column:
    """The largest correlation of details with an item of another label; both items get it."""

    def across(one: int, other: int, _equal: bool) -> bool:
        return None not in (pile.labels[one], pile.labels[other]) and pile.labels[one] != pile.labels[other]

    return of_both(pile, across, "bears another label as")


CHECK = Check(
    "correlation of details with an item of another label, 0 to 1",
    Worse.HIGH,
    0.8,
    Needs.THUMBS,
    of_pile=conflicts,
)
