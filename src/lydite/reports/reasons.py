"""How often each rule blocked, ready to be listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lydite.reports.tally import RuleCount
from lydite.reports.words import SUBJECTS


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule and the candidates that it blocked.

    Args:
        rule: Name of the setting.
        subject: What the rule measures.
        outcome: What became of them.
        count: How many it blocked.
        alone: How many of them no other rule blocked.
    """

    rule: str
    subject: str
    outcome: str
    count: int
    alone: int


def rank_reasons(rules: Mapping[str, Mapping[str, RuleCount]]) -> tuple[Reason, ...]:
    """Rules by how many candidates they blocked, most first."""
    reasons = [
        Reason(name, SUBJECTS.get(name, name), outcome, count.blocked, count.alone)
        for outcome, counts in rules.items()
        for name, count in counts.items()
    ]
    return tuple(sorted(reasons, key=lambda r: (-r.count, r.rule, r.outcome)))
