"""Why, and what would have to change: blocks and flips of every candidate that was not accepted.

A flip is exact. The thresholds of rules that read only the candidate itself move to the candidate's
own value. Then the greedy choices (duplicates, suppression) are replayed under those thresholds, where
weaker candidates may have come alive too, and their limits are raised to the first overlap at which
the candidate stays. Applying the flip accepts the candidate; a hair less of any part does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lydite.core import Block, Candidates, Decisions, Flip, Outcome
from lydite.detect.contest import Web, weave
from lydite.detect.decide import RULES, SIGNS, Bool, DecisionSettings, Int, Values, Verdicts, passing
from lydite.detect.evidence import Evidence
from lydite.detect.suppress import Rivals, keep_strongest

SWITCHES = {"require_pos_gt_neg": 0.0}
"""Rules without a number: the value that switches them off."""
_SWITCH_COLUMNS = np.array([rule.name in SWITCHES for rule in RULES])


def explain(
    candidates: Candidates, evidence: Evidence, verdicts: Verdicts, settings: DecisionSettings
) -> Decisions:
    """Turn verdicts into decisions with the whole reason of each."""
    scores = evidence.scores
    return Decisions(
        candidates.item,
        candidates.numbers,
        scores.class_map,
        scores.labels,
        scores.positive,
        scores.negative,
        tuple(scores.positive_ids[row] for row in scores.nearest_positive),
        tuple(scores.negative_ids[row] if row >= 0 else "" for row in scores.nearest_negative),
        verdicts.outcomes,
        tuple(tuple(_blocks(row, candidates, verdicts, settings)) for row in range(len(evidence))),
        _flips(verdicts, settings),
    )


def _blocks(
    row: int, candidates: Candidates, verdicts: Verdicts, settings: DecisionSettings
) -> Iterator[Block]:
    for column in np.flatnonzero(verdicts.values[row] < verdicts.thresholds):
        sign = SIGNS[column]
        threshold = float(verdicts.thresholds[column] * sign)
        yield Block(RULES[column].name, float(verdicts.values[row, column] * sign), threshold)
    better = int(verdicts.duplicate_of[row])
    if better >= 0:
        iou, _ = _overlap(verdicts.duplicates, row, better)
        yield Block("duplicate_iou", iou, settings.filters.duplicate_iou, int(candidates.numbers[better]))
    winner = int(verdicts.suppressed_by[row])
    if winner >= 0:
        iou, ios = _overlap(verdicts.instances, row, winner)
        if iou > settings.suppression.nms_iou:
            yield Block("nms_iou", iou, settings.suppression.nms_iou, int(candidates.numbers[winner]))
        if ios > settings.suppression.nested_ios:
            yield Block("nested_ios", ios, settings.suppression.nested_ios, int(candidates.numbers[winner]))


def _overlap(rivals: Rivals, row: int, other: int) -> tuple[float, float]:
    at = rivals.of(row)
    place = int(np.flatnonzero(rivals.stronger[at] == other)[0])
    return float(rivals.iou[at][place]), float(rivals.ios[at][place])


def _flips(verdicts: Verdicts, settings: DecisionSettings) -> tuple[Flip | None, ...]:
    filters, _, suppression = settings
    duplicates = weave(verdicts.duplicates, filters.duplicate_iou)
    instances = weave(verdicts.instances, suppression.nms_iou, suppression.nested_ios)
    return tuple(
        None if outcome is Outcome.ACCEPTED else _flip(row, verdicts, duplicates, instances)
        for row, outcome in enumerate(verdicts.outcomes)
    )


def _flip(row: int, verdicts: Verdicts, duplicates: Web, instances: Web) -> Flip | None:
    own, thresholds = verdicts.values[row], verdicts.thresholds
    short = own < thresholds
    if not np.isfinite(own[short]).all():
        return None
    changes = [_change(column, own) for column in np.flatnonzero(short)]
    eligible, passes = passing(verdicts.values, np.where(short, _lowered(own), thresholds))
    limit, _ = duplicates.find_limits(row, eligible)
    if limit > duplicates.max_iou:
        changes.append(("duplicate_iou", limit))
    iou, ios = instances.max_iou, instances.max_ios
    if instances.is_challenged(row, eligible & passes):
        unique = eligible & (_duplicate_of(verdicts, eligible, limit, duplicates.max_iou) < 0)
        iou, ios = instances.find_limits(row, unique & passes)
    if iou > instances.max_iou:
        changes.append(("nms_iou", iou))
    if ios > instances.max_ios:
        changes.append(("nested_ios", ios))
    return Flip(tuple(changes))


def _duplicate_of(verdicts: Verdicts, eligible: Bool, limit: float, limit_in_force: float) -> Int:
    """Who repeats whom under other filters; the verdicts know it if nothing moved."""
    if limit == limit_in_force and np.array_equal(eligible, verdicts.eligible):
        return verdicts.duplicate_of
    return keep_strongest(verdicts.duplicates, eligible, limit)


def _change(column: np.intp, own: Values) -> tuple[str, float]:
    name = RULES[column].name
    return name, SWITCHES.get(name, float(own[column] * SIGNS[column]))


def _lowered(own: Values) -> Values:
    """The row's own values as thresholds; a switch has no number, it goes off."""
    return np.where(_SWITCH_COLUMNS, -np.inf, own)
