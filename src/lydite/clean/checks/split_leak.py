"""Leaks: the same picture stands in another split, so a score there would be a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.twins.roles import of_the_one_that_gives_way

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def leaks(pile: Pile) -> Column:
    """The largest correlation of details with an item of another split, for the item that gives way."""

    def across(one: int, other: int, _equal: bool) -> bool:
        return None not in (pile.splits[one], pile.splits[other]) and pile.splits[one] != pile.splits[other]

    return of_the_one_that_gives_way(pile, across, "stands in another split as")


CHECK = Check(
    "correlation of details with an item of another split, 0 to 1",
    Worse.HIGH,
    0.75,
    Needs.THUMBS,
    of_pile=leaks,
)
