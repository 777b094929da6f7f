"""What a check is: a number for each item, its bad side, and where it is worth saying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lydite.clean.view import View
from lydite.core import InvalidValue

if TYPE_CHECKING:
    from lydite.clean.pile import Pile


class Worse(StrEnum):
    """On which side of a limit a score is bad."""

    LOW = "low"
    """Below the limit."""
    HIGH = "high"
    """At the limit or above."""


class Needs(StrEnum):
    """What must be there for a check to run."""

    PICTURE = "picture"
    THUMBS = "thumbs"
    VECTORS = "vectors"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What a check of the whole pile found, row-aligned with its items.

    Args:
        scores: ``(n,)`` float64, NaN where the check does not apply (no label, no vector).
        kin: ``n`` tuples of rows that explain the score.
        hints: ``n`` texts that explain the score; empty where there is nothing to add.

    Raises:
        InvalidValue: If lengths disagree.
    """

    scores: npt.NDArray[np.float64]
    kin: tuple[tuple[int, ...], ...]
    hints: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = [len(self.scores), len(self.kin), len(self.hints)]
        if len(set(lengths)) != 1:
            raise InvalidValue("Column", "columns of one length", lengths)


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Args:
        about: What it measures and in which unit, a clause for people.
        worse: On which side of a limit a score is bad.
        notable: The limit at which a score becomes a finding, whatever a policy decides.
        needs: What it looks at.
        of_picture: From a view to the score, for ``Needs.PICTURE``.
        of_pile: From all items to a column, for the others.
    """

    about: str
    worse: Worse
    notable: float
    needs: Needs = Needs.PICTURE
    of_picture: Callable[[View], float] | None = None
    of_pile: Callable[[Pile], Column] | None = None

    def __post_init__(self) -> None:
        if (self.of_picture is None) == (self.needs is Needs.PICTURE):
            raise InvalidValue("Check", "given the one function that it needs", self.needs)

    def reached(self, scores: npt.NDArray[np.float64], limit: float) -> npt.NDArray[np.bool_]:
        """Which scores lie on the bad side of a limit; NaN never does."""
        bad: npt.NDArray[np.bool_] = scores < limit if self.worse is Worse.LOW else scores >= limit
        return bad
