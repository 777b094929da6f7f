"""What a check has to say about an item."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from lydite.core.errors import InvalidValue


class Severity(StrEnum):
    """How a finding is to be read; what is done about it is a policy's business."""

    NOTABLE = "notable"
    """The score has reached the check's own limit."""
    UNUSABLE = "unusable"
    """The item cannot be used at all."""
    CRASHED = "crashed"
    """The check itself failed, so nothing is known: that is a finding, not an absence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's word about one item.

    Args:
        item: Text of the item's id; empty where a check failed for all items.
        check: Name of the check.
        score: In the check's own unit; NaN where the check crashed.
        severity: How to read it.
        evidence: One sentence for people; not empty.
        kin: Other items that the evidence speaks of.

    Raises:
        InvalidValue: If check or evidence is empty, or a score is missing although the check did not crash.
    """

    item: str
    check: str
    score: float
    severity: Severity
    evidence: str
    kin: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "kin", tuple(self.kin))
        for name in ("check", "evidence"):
            if not getattr(self, name).strip():
                raise InvalidValue(f"Finding.{name}", "a text", getattr(self, name))
        if math.isnan(self.score) != (self.severity is Severity.CRASHED):
            raise InvalidValue("Finding.score", "a number, or NaN if the check crashed", self.score)
