"""What adds up over the pictures of a run, in memory that does not grow with their number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import Outcome
from lydite.reports.words import FILTER_RULES, NEGATIVE_RULES

BINS = 200
"""Cells of the score plane along each axis; scores run from 0 to 1."""
NO_NEGATIVE = -1
KEPT_NEIGHBOURS = 6


@dataclass(slots=True)
class RuleCount:
    """How often a rule blocked, and how often it alone did.

    Args:
        blocked: Candidates that it blocked.
        alone: Those that no other rule blocked.
    """

    blocked: int = 0
    alone: int = 0


def count_rules(table: pl.DataFrame) -> dict[str, dict[str, RuleCount]]:
    """Outcome to rule to counts, over all candidates of a table.

    A filtered candidate is scored all the same; its scores are not what stopped it and do not count here.
    """
    counts: dict[str, dict[str, RuleCount]] = defaultdict(lambda: defaultdict(RuleCount))
    rules = table.select("outcome", rules=pl.col("blocks").list.eval(pl.element().struct.field("rule")))
    grouped = rules.group_by("outcome", "rules").len()
    for outcome, names, count in grouped.iter_rows():
        for name in names:
            if outcome == Outcome.FILTERED and name not in FILTER_RULES:
                continue
            counts[outcome][name].blocked += count
            counts[outcome][name].alone += count if len(names) == 1 else 0
    return counts


@dataclass(frozen=True, slots=True, order=True)
class Neighbour:
    """An accepted instance near to an exemplar.

    Args:
        cosine: Its cosine to the exemplar.
        picture: Stem of its picture's page.
        region: Its number.
        score: Its positive score.
        jpeg: Its crop.
        width: Of the crop in pixels.
        height: Of the crop in pixels.
    """

    cosine: float
    picture: str
    region: int
    score: float
    jpeg: bytes = field(compare=False)
    width: int = field(compare=False)
    height: int = field(compare=False)


@dataclass(slots=True)
class Tally:
    """Sums over pictures.

    Args:
        funnel: Candidates by stage.
        instances: Accepted instances by class.
        pictures_with: Pictures with at least one instance, by class.
        rules: Outcome to rule to counts.
        plane: ``(class, accepted, cell of the positive score, cell of the negative score)`` to candidates.
        chosen: Accepted instances by nearest positive.
        refusing: Refused candidates by nearest negative.
        convicting: Refused candidates that only rules about negatives blocked, by nearest negative.
        neighbours: Nearest accepted instances by exemplar, best first.
        seconds: Wall time by stage of detection.
        against_truth: Instances found and invented and objects missed; empty without annotations.
    """

    funnel: Counter[str] = field(default_factory=Counter)
    instances: Counter[str] = field(default_factory=Counter)
    pictures_with: Counter[str] = field(default_factory=Counter)
    rules: dict[str, dict[str, RuleCount]] = field(default_factory=dict)
    plane: Counter[tuple[str, bool, int, int]] = field(default_factory=Counter)
    chosen: Counter[str] = field(default_factory=Counter)
    refusing: Counter[str] = field(default_factory=Counter)
    convicting: Counter[str] = field(default_factory=Counter)
    neighbours: dict[str, list[Neighbour]] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    against_truth: Counter[str] = field(default_factory=Counter)

    def add(self, table: pl.DataFrame, funnel: Mapping[str, int], seconds: Mapping[str, float]) -> None:
        """Take in one picture."""
        self.funnel.update(funnel)
        self.seconds.update(seconds)
        accepted = table.filter(pl.col("outcome") == Outcome.ACCEPTED)
        self.instances.update(accepted["class"].to_list())
        self.pictures_with.update(accepted["class"].unique().to_list())
        self.chosen.update(accepted["nearest_positive"].to_list())
        for outcome, rules in count_rules(table).items():
            for name, count in rules.items():
                known = self.rules.setdefault(outcome, {}).setdefault(name, RuleCount())
                known.blocked += count.blocked
                known.alone += count.alone
        self._add_negatives(table.filter(pl.col("outcome") == Outcome.REFUSED))
        self._add_scores(table.filter(pl.col("outcome") != Outcome.FILTERED))

    def wants(self, exemplar: str, cosine: float) -> bool:
        """Whether an instance this near would be among the kept neighbours of an exemplar."""
        kept = self.neighbours.get(exemplar, [])
        return len(kept) < KEPT_NEIGHBOURS or cosine > kept[-1].cosine

    def keep(self, exemplar: str, neighbour: Neighbour) -> None:
        """Keep a neighbour; the weakest one goes when there are too many."""
        kept = self.neighbours.setdefault(exemplar, [])
        kept.append(neighbour)
        kept.sort(key=lambda n: (-n.cosine, n.picture, n.region))
        del kept[KEPT_NEIGHBOURS:]

    def _add_negatives(self, refused: pl.DataFrame) -> None:
        refused = refused.filter(pl.col("nearest_negative") != "")
        rules = pl.col("blocks").list.eval(pl.element().struct.field("rule").is_in(list(NEGATIVE_RULES)))
        self.refusing.update(refused.filter(rules.list.any())["nearest_negative"].to_list())
        self.convicting.update(refused.filter(rules.list.all())["nearest_negative"].to_list())

    def _add_scores(self, scored: pl.DataFrame) -> None:
        accepted = (scored["outcome"] == Outcome.ACCEPTED).to_list()
        positive = _cells((scored["positive"].to_numpy() + 1) / 2)
        has_negative = scored["negative"].is_not_null().to_numpy()
        negative = _cells((scored["negative"].fill_null(0).to_numpy() + 1) / 2)
        negative[~has_negative] = NO_NEGATIVE
        names = scored["class"].to_list()
        self.plane.update(zip(names, accepted, positive.tolist(), negative.tolist(), strict=True))


def _cells(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    cells: npt.NDArray[np.int64] = np.clip(scores * BINS, 0, BINS - 1).astype(np.int64)
    return cells
