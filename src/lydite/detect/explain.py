"""Why, and what would have to change: blocks and flips of every candidate that was not accepted.

A flip is exact. The thresholds of rules that read only the candidate itself move to the candidate's
own value. Then the greedy choices (duplicates, suppression) are replayed under those thresholds, where
weaker candidates may have come alive too, and their limits are raised to the first overlap at which
the candidate stays. Applying the flip accepts the candidate; a hair less of any part does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lydite.core import Block, Candidates, Decisions, Flip, Outcome
from lydite.detect.decide import (
    FILTER_COLUMNS,
    RULES,
    SIGNS,
    Bool,
    DecisionSettings,
    Values,
    Verdicts,
    passing,
)
from lydite.detect.evidence import Evidence
from lydite.detect.suppress import Rivals, keep_strongest, survives

SWITCHES = {"require_pos_gt_neg": 0.0}
"""Rules without a number: the value that switches them off."""


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
    eligible, passes = passing(verdicts.values, verdicts.thresholds)
    unique = eligible & (verdicts.duplicate_of < 0)
    return tuple(
        None if outcome is Outcome.ACCEPTED else _flip(row, verdicts, settings, eligible, unique, passes)
        for row, outcome in enumerate(verdicts.outcomes)
    )


def _flip(
    row: int, verdicts: Verdicts, settings: DecisionSettings, eligible: Bool, unique: Bool, passes: Bool
) -> Flip | None:
    own, thresholds = verdicts.values[row], verdicts.thresholds
    short = own < thresholds
    if not np.isfinite(own[short]).all():
        return None
    changes = [_change(column, own) for column in np.flatnonzero(short)]
    if short.any():
        eligible_now, passes = passing(verdicts.values, np.where(short, _lowered(own), thresholds))
        if short[FILTER_COLUMNS].any():
            eligible = eligible_now
            unique = _unique(verdicts.duplicates, eligible, settings.filters.duplicate_iou)
    if not unique[row]:
        limit = _first_limit(verdicts.duplicates, row, eligible, settings.filters.duplicate_iou)
        changes.append(("duplicate_iou", limit))
        unique = _unique(verdicts.duplicates, eligible, limit)
    changes += _outlast(verdicts.instances, row, unique & passes, settings)
    return Flip(tuple(changes))


def _change(column: np.intp, own: Values) -> tuple[str, float]:
    name = RULES[column].name
    return name, SWITCHES.get(name, float(own[column] * SIGNS[column]))


def _lowered(own: Values) -> Values:
    """The row's own values as thresholds; a switch has no number, it goes off."""
    switches = np.array([rule.name in SWITCHES for rule in RULES])
    return np.where(switches, -np.inf, own)


def _unique(duplicates: Rivals, eligible: Bool, max_iou: float) -> Bool:
    return eligible & (keep_strongest(duplicates, eligible, max_iou) < 0)


def _first_limit(duplicates: Rivals, row: int, alive: Bool, limit: float) -> float:
    """The first larger duplicate limit at which the row stays."""
    related = _related(duplicates, row, alive, limit, 1.0)
    steps = _steps(duplicates.iou[related], limit)
    return next((step for step in steps if survives(duplicates, row, alive, step, 1.0)), 1.0)


def _outlast(instances: Rivals, row: int, alive: Bool, settings: DecisionSettings) -> list[tuple[str, float]]:
    """The changes of the suppression limits at which the row stays; none if it stays already."""
    iou, ios = settings.suppression.nms_iou, settings.suppression.nested_ios
    if survives(instances, row, alive, iou, ios):
        return []
    related = _related(instances, row, alive, iou, ios)
    iou_steps, ios_steps = _steps(instances.iou[related], iou), _steps(instances.ios[related], ios)
    for value in iou_steps:
        if survives(instances, row, alive, value, ios):
            return [("nms_iou", value)]
    for value in ios_steps:
        if survives(instances, row, alive, iou, value):
            return [("nested_ios", value)]
    return _outlast_jointly(instances, row, alive, [iou, *iou_steps], [ios, *ios_steps])


def _outlast_jointly(
    instances: Rivals, row: int, alive: Bool, iou_steps: list[float], ios_steps: list[float]
) -> list[tuple[str, float]]:
    """Raise both limits: the first pair of steps that works while neither predecessor does."""
    for a in range(1, len(iou_steps)):
        for b in range(1, len(ios_steps)):
            if survives(instances, row, alive, iou_steps[a], ios_steps[b]):
                return _lowest_pair(instances, row, alive, iou_steps, ios_steps, a, b)
    return [("nms_iou", 1.0), ("nested_ios", 1.0)]


def _lowest_pair(
    instances: Rivals,
    row: int,
    alive: Bool,
    iou_steps: list[float],
    ios_steps: list[float],
    a: int,
    b: int,
) -> list[tuple[str, float]]:
    while True:
        if survives(instances, row, alive, iou_steps[a - 1], ios_steps[b]):
            a -= 1
        elif survives(instances, row, alive, iou_steps[a], ios_steps[b - 1]):
            b -= 1
        else:
            return [("nms_iou", iou_steps[a]), ("nested_ios", ios_steps[b])]


def _related(instances: Rivals, row: int, alive: Bool, iou: float, ios: float) -> Bool:
    """Pairs whose overlap the row's fate can depend on: those among the rows above it."""
    seen, frontier = {row}, [row]
    pairs = np.zeros(len(instances.stronger), np.bool_)
    while frontier:
        at = instances.of(frontier.pop())
        pairs[at] |= (instances.iou[at] > iou) | (instances.ios[at] > ios)
        for rival in instances.stronger[at][pairs[at]]:
            if alive[rival] and int(rival) not in seen:
                seen.add(int(rival))
                frontier.append(int(rival))
    return pairs


def _steps(overlaps: npt.NDArray[np.float64], limit: float) -> list[float]:
    """Distinct overlaps above a limit, ascending: the only values at which a greedy choice can change."""
    steps: list[float] = np.unique(overlaps[overlaps > limit]).tolist()
    return steps
