"""What a rehearsal showed: how known examples rank, and what else ranks beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The candidates of one picture that outlast their rivals, before any threshold.

    Args:
        ranks: ``(n,)`` float64 rank, see ``Evidence.rank``.
        labels: ``(n,)`` int64 class.
        truth: ``(n,)`` int64 class of the object that each found, -1 for none; ``None`` where nobody went
            through what was found.
    """

    ranks: Floats
    labels: Ints
    truth: Ints | None = None

    @property
    def hit(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` whether each found an object of its class; ``truth`` must be known."""
        return np.asarray(self.truth == self.labels, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What the search of the examples' own pictures showed.

    Args:
        class_map: The classes.
        labels: ``(n,)`` int64 class of each example that was held out.
        ranks: ``(n,)`` float64 rank of the candidate that found it, as whatever class: what is taken for
            another class still shows how an object ranks; -inf where none did.
        named: ``(n,)`` bool: that candidate was given the class of the example.
        pictures: ``(n,)`` int64 row in ``scenes`` of the picture of each example.
        part_ranks: ``(m,)`` float64 ranks of candidates on parts of examples.
        part_of: ``(m,)`` int64 row of the example that each is a part of.
        scenes: All candidates, by picture.
        whole: Names of examples that are close-ups and could not be put into a picture of the pile.
        alone: Names of examples whose class has no example in any other picture.
        unsearched: Names of examples in whose pictures the proposer cannot propose.
        unread: Names of examples whose files have changed or gone since the bank was made.
        judged: ``(n,)`` bool: a run had found the example and somebody accepted it; ``None`` if none is.
        crowds: ``(n,)`` float64 instances of its class in its picture, for each example of the class there;
            NaN for close-ups, which come from no such picture; ``None`` where nothing is known of it.
    """

    class_map: ClassMap
    labels: Ints
    ranks: Floats
    named: npt.NDArray[np.bool_]
    pictures: Ints
    part_ranks: Floats
    part_of: Ints
    scenes: tuple[Ranked, ...]
    whole: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    judged: npt.NDArray[np.bool_] | None = None
    crowds: Floats | None = None
