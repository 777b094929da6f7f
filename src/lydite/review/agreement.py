"""How far reviewers agree beyond chance.

Source: Cohen, "A coefficient of agreement for nominal scales", 1960.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from lydite.review.fold import Decision, Standing, Subject


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on what both decided; being unsure is no decision.

    Args:
        left: One reviewer.
        right: The other.
        both: Subjects that both decided.
        same: How many they decided alike.
        kappa: Cohen's kappa in -1..1; NaN where chance alone would give full agreement, or nothing is shared.
    """

    left: str
    right: str
    both: int
    same: int
    kappa: float


def agreements(decisions: Mapping[Subject, Decision]) -> tuple[Agreement, ...]:
    """Each pair of reviewers with something in common; words before an adjudication count, it does not."""
    shared: dict[tuple[str, str], list[tuple[object, object]]] = {}
    for decision in decisions.values():
        said = {
            word.reviewer: (word.standing, word.label)
            for word in decision.words
            if not word.adjudicates and word.standing is not Standing.UNSURE
        }
        for left, right in combinations(sorted(said), 2):
            shared.setdefault((left, right), []).append((said[left], said[right]))
    return tuple(
        Agreement(left, right, len(pairs), sum(a == b for a, b in pairs), kappa(pairs))
        for (left, right), pairs in sorted(shared.items())
    )


def kappa(pairs: Iterable[tuple[object, object]]) -> float:
    """Cohen's kappa of two columns of answers."""
    rows = list(pairs)
    if not rows:
        return float("nan")
    lefts, rights = Counter(a for a, _ in rows), Counter(b for _, b in rows)
    chance = sum(count * rights[answer] for answer, count in lefts.items()) / len(rows) ** 2
    observed = sum(a == b for a, b in rows) / len(rows)
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")
