"""What a proposer is: pixels in, candidates out, nobody judged yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ItemId, Masks
from lydite.detect.guidance import Guide


def _no_facts() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Provenance:
    """What decides a proposer's candidates beyond the settings, and what a person should hear of it.

    Args:
        facts: Names to texts, for example ``"weights"`` to a digest; part of a run's identity.
        notes: Sentences for the person who starts a run; no part of its identity.
    """

    facts: Mapping[str, str] = field(default_factory=_no_facts)
    notes: tuple[str, ...] = ()


class Proposer(Protocol):
    """Looks at one picture at a time, without exemplars, and says where things may be.

    A proposer travels to worker processes by pickle.
    """

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Files, weights or code that its candidates come from."""
        ...

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """Regions of one picture, best first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row; the regions are born in it.

        Returns:
            Candidates with non-empty, distinct masks of the picture's size; may be none.
        """
        ...


@runtime_checkable
class Guided(Protocol):
    """Whether a proposer wants to know the examples, and the picture's feature map, before it proposes."""

    def propose_guided(self, pixels: npt.NDArray[np.uint8], item: ItemId, guide: Guide) -> Candidates:
        """Regions of one picture, best first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row; the regions are born in it.
            guide: Feature map of these pixels, and the examples.

        Returns:
            Candidates with non-empty, distinct masks of the picture's size; may be none.
        """
        ...


class GuidedProposer(Guided, Protocol):
    """A proposer that is shown the examples. It judges nothing all the same: rules come later."""

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Files, weights or code that its candidates come from."""
        ...


AnyProposer = Proposer | GuidedProposer


def distinct_rows(masks: Masks) -> npt.NDArray[np.int64]:
    """Rows of the first of each set of equal masks, in order."""
    seen: set[bytes] = set()
    rows = []
    for row in range(len(masks)):
        key = masks.runs[masks.offsets[row] : masks.offsets[row + 1]].tobytes()
        if key not in seen:
            seen.add(key)
            rows.append(row)
    return np.array(rows, np.int64)
