"""Why, and what would have to change: blocks and flips of every candidate that was not accepted.

A flip is exact. The thresholds of rules that read only the candidate itself move to the candidate's
own value. Then the greedy choices (duplicates, suppression) are replayed under those thresholds, where
weaker candidates may have come alive too, and their limits are raised to the first overlap at which
the candidate stays. Applying the flip accepts the candidate; a hair less of any part does not.
"""

from __future__ import annotations

import numpy as np

from lydite.core import Block, Candidates, Decisions, Flip, Outcome
from lydite.detect.contest import Web, weave
from lydite.detect.decide import RULES, SIGNS, Bool, DecisionSettings, Hurdles, Int, Values, Verdicts
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
        _blocks(candidates, verdicts, settings),
        _flips(verdicts, settings),
    )


def _blocks(
    candidates: Candidates, verdicts: Verdicts, settings: DecisionSettings
) -> tuple[tuple[Block, ...], ...]:
    blocks: list[list[Block]] = [[] for _ in range(len(candidates))]
    thresholds = (verdicts.thresholds * SIGNS).tolist()
    rows, columns = np.nonzero(verdicts.values < verdicts.thresholds)
    values = (verdicts.values[rows, columns] * SIGNS[columns]).tolist()
    for row, column, value in zip(rows.tolist(), columns.tolist(), values, strict=True):
        blocks[row].append(Block(RULES[column].name, value, thresholds[column]))
    for row in np.flatnonzero(verdicts.duplicate_of >= 0).tolist():
        better = int(verdicts.duplicate_of[row])
        iou, _ = _overlap(verdicts.duplicates, row, better)
        named = int(candidates.numbers[better])
        blocks[row].append(Block("duplicate_iou", iou, settings.filters.duplicate_iou, named))
    for row in np.flatnonzero(verdicts.suppressed_by >= 0).tolist():
        winner = int(verdicts.suppressed_by[row])
        iou, ios = _overlap(verdicts.instances, row, winner)
        named = int(candidates.numbers[winner])
        if iou > settings.suppression.nms_iou:
            blocks[row].append(Block("nms_iou", iou, settings.suppression.nms_iou, named))
        if ios > settings.suppression.nested_ios:
            blocks[row].append(Block("nested_ios", ios, settings.suppression.nested_ios, named))
    return tuple(map(tuple, blocks))


def _overlap(rivals: Rivals, row: int, other: int) -> tuple[float, float]:
    at = rivals.of(row)
    place = int(np.flatnonzero(rivals.stronger[at] == other)[0])
    return float(rivals.iou[at][place]), float(rivals.ios[at][place])


def _flips(verdicts: Verdicts, settings: DecisionSettings) -> tuple[Flip | None, ...]:
    filters, _, suppression = settings
    duplicates = weave(verdicts.duplicates, filters.duplicate_iou)
    instances = weave(verdicts.instances, suppression.nms_iou, suppression.nested_ios)
    hurdles = Hurdles.of(verdicts.values, verdicts.thresholds)
    return tuple(
        None if outcome is Outcome.ACCEPTED else _flip(row, verdicts, hurdles, duplicates, instances)
        for row, outcome in enumerate(verdicts.outcomes)
    )


def _flip(row: int, verdicts: Verdicts, hurdles: Hurdles, duplicates: Web, instances: Web) -> Flip | None:
    own = verdicts.values[row]
    short = np.flatnonzero(own < verdicts.thresholds)
    if not np.isfinite(own[short]).all():
        return None
    changes = [_change(column, own) for column in short]
    eligible, passes = hurdles.lowered(short, np.where(_SWITCH_COLUMNS[short], -np.inf, own[short]))
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
