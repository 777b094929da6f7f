"""Near duplicates: resized, recompressed, cropped, mirrored or slightly turned copies of one that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.clean.checks.base import Check, Column, Needs, Worse
from lydite.clean.twins.roles import of_the_one_that_gives_way

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


def twins(pile: Pile) -> Column:
    """The largest correlation, after alignment, with another file that stays."""
    return of_the_one_that_gives_way(pile, lambda _one, _other, equal: not equal, "nearly the same as")


CHECK = Check(
    "correlation of details with one that stays, aligned, 0 to 1",
    Worse.HIGH,
    0.8,
    Needs.THUMBS,
    of_pile=twins,
)
