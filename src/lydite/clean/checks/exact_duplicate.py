"""Exact duplicates: a file with the same bytes stays, so this one may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.twins.roles import of_the_one_that_gives_way

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def copies(pile: Pile) -> Column:
    """1 for an item whose bytes an item that stays has too."""
    return of_the_one_that_gives_way(pile, lambda _one, _other, equal: equal, "the same bytes as")


CHECK = Check("1 if an item that stays has the same bytes", Worse.HIGH, 1.0, Needs.THUMBS, of_pile=copies)
