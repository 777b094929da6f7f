"""Verdicts as a pure function of evidence and settings, applied late.

Each rule is one line of a table: the setting that it is named after, the value that it reads, and on
which side of the threshold the value must lie. Deciding, explaining and flipping all read this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lydite.core import Outcome
from lydite.detect.evidence import Evidence
from lydite.detect.scoring import Scores
from lydite.detect.settings import FilterSettings, RuleSettings, SuppressionSettings
from lydite.detect.suppress import Rivals, find_rivals, keep_strongest

Values = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Int = npt.NDArray[np.int64]


class DecisionSettings(NamedTuple):
    """The three groups of settings that verdicts depend on."""

    filters: FilterSettings
    rules: RuleSettings
    suppression: SuppressionSettings


@dataclass(frozen=True, slots=True)
class Rule:
    """A value must not lie on the wrong side of a threshold.

    Args:
        name: The setting, and the rule's name in explanations.
        at_least: True when values below the threshold are blocked, false when values above are.
        is_filter: True for rules about the candidate alone, false for rules about the bank.
        values: The value of each row; infinite where the rule has nothing to say.
        threshold: The threshold in force; ``None`` when the rule is switched off.
    """

    name: str
    at_least: bool
    is_filter: bool
    values: Callable[[Evidence, RuleSettings], Values]
    threshold: Callable[[DecisionSettings], float | None]


def to_unit(cosine: npt.NDArray[np.float32]) -> Values:
    """From a cosine to the scale of the thresholds, ``(cosine + 1) / 2``."""
    scale: Values = (cosine.astype(np.float64) + 1) / 2
    return scale


def _positive(e: Evidence, _: RuleSettings) -> Values:
    return to_unit(e.scores.positive)


def _negative(e: Evidence, _: RuleSettings) -> Values:
    return np.nan_to_num(to_unit(e.scores.negative), nan=-np.inf)


def _gap(e: Evidence, rules: RuleSettings) -> Values:
    return _positive(e, rules) - _negative(e, rules)


def _ratio(e: Evidence, rules: RuleSettings) -> Values:
    negative = _negative(e, rules)
    positive = _positive(e, rules)
    ratio: Values = np.divide(positive, negative, out=np.full(len(e), np.inf), where=negative > 0)
    return ratio


def _nearest_gap(e: Evidence, _: RuleSettings) -> Values:
    gap = to_unit(e.scores.nearest[:, 0]) - to_unit(e.scores.nearest_negative_cosine)
    return np.nan_to_num(gap, nan=np.inf)


def _separation(e: Evidence, _: RuleSettings) -> Values:
    by_class = to_unit(e.scores.by_class)
    if by_class.shape[1] < 2:
        return np.full(len(e), np.inf)
    second, first = np.partition(by_class, by_class.shape[1] - 2, axis=1)[:, -2:].T
    gap: Values = first - second
    return gap


def _consensus(e: Evidence, rules: RuleSettings) -> Values:
    nearest = e.scores.nearest
    voters = np.isfinite(nearest).sum(axis=1)
    last = np.minimum(rules.consensus_k, voters) - 1
    return to_unit(nearest[np.arange(len(e)), last])


def _share_of_best(e: Evidence, rules: RuleSettings) -> Values:
    positive = _positive(e, rules)
    best = positive.max(initial=0)
    return positive / best if best > 0 else np.ones(len(e))


def _over_class_threshold(e: Evidence, rules: RuleSettings) -> Values:
    """How far the rank lies above the threshold of the row's class; infinite where the class has none."""
    of_class = np.array([rules.class_thresholds.get(name, -np.inf) for name in e.scores.class_map])
    over: Values = e.rank.astype(np.float64) - of_class[e.scores.labels]
    return over


_ABOVE_ZERO = float(np.nextafter(0, 1))

RULES: tuple[Rule, ...] = (
    Rule("min_area_frac", True, True, lambda e, _: e.area_frac, lambda s: s.filters.min_area_frac),
    Rule("max_area_frac", False, True, lambda e, _: e.area_frac, lambda s: s.filters.max_area_frac),
    Rule(
        "border_width",
        True,
        True,
        lambda e, _: e.border_distance.astype(np.float64),
        lambda s: s.filters.border_width or None,
    ),
    Rule(
        "min_quality",
        True,
        True,
        lambda e, _: e.quality.astype(np.float64),
        lambda s: s.filters.min_quality or None,
    ),
    Rule(
        "max_surround",
        False,
        True,
        lambda e, _: e.surround.astype(np.float64),
        lambda s: s.filters.max_surround if s.filters.max_surround < 1 else None,
    ),
    Rule(
        "max_rectangle",
        False,
        True,
        lambda e, _: e.outlines.rectangle,
        lambda s: s.filters.max_rectangle if s.filters.max_rectangle < 1 else None,
    ),
    Rule(
        "max_square",
        False,
        True,
        lambda e, _: e.outlines.square,
        lambda s: s.filters.max_square if s.filters.max_square < 1 else None,
    ),
    Rule(
        "max_holes",
        False,
        True,
        lambda e, _: e.outlines.holes,
        lambda s: s.filters.max_holes if s.filters.max_holes < 1 else None,
    ),
    Rule("min_pos_score", True, False, _positive, lambda s: s.rules.min_pos_score),
    Rule("decision_threshold", True, False, _gap, lambda s: s.rules.decision_threshold),
    Rule("score_ratio", True, False, _ratio, lambda s: s.rules.score_ratio),
    Rule("neg_cap", False, False, _negative, lambda s: s.rules.neg_cap if s.rules.neg_cap < 1 else None),
    Rule(
        "require_pos_gt_neg",
        True,
        False,
        _gap,
        lambda s: _ABOVE_ZERO if s.rules.require_pos_gt_neg else None,
    ),
    Rule("margin", True, False, _nearest_gap, lambda s: s.rules.margin if s.rules.margin > -1 else None),
    Rule("class_separation", True, False, _separation, lambda s: s.rules.class_separation or None),
    Rule("consensus_thr", True, False, _consensus, lambda s: s.rules.consensus_thr),
    Rule(
        "max_shape_distance",
        False,
        False,
        lambda e, _: e.shape_distance.astype(np.float64),
        lambda s: s.rules.max_shape_distance,
    ),
    Rule(
        "class_slack",
        True,
        False,
        _over_class_threshold,
        lambda s: s.rules.class_slack if s.rules.class_thresholds else None,
    ),
    Rule(
        "adaptive_ratio",
        True,
        False,
        _share_of_best,
        lambda s: s.rules.adaptive_ratio if s.rules.adaptive else None,
    ),
    Rule(
        "adaptive_diff_floor",
        True,
        False,
        _gap,
        lambda s: s.rules.adaptive_diff_floor if s.rules.adaptive else None,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Row-aligned with the evidence.

    Args:
        outcomes: ``n`` outcomes.
        values: ``(n, rules)`` what each rule read, signed so that larger is always better.
        thresholds: ``(rules,)`` signed likewise; -inf for a rule that is switched off.
        eligible: ``(n,)`` bool: passed the filters on geometry.
        duplicate_of: ``(n,)`` the better proposal that each duplicate repeats; -1 for none.
        suppressed_by: ``(n,)`` the stronger instance; -1 for none.
        duplicates: Who could be whose duplicate.
        instances: Who could suppress whom.
    """

    outcomes: tuple[Outcome, ...]
    values: Values
    thresholds: Values
    eligible: Bool
    duplicate_of: Int
    suppressed_by: Int
    duplicates: Rivals
    instances: Rivals

    @property
    def accepted(self) -> Bool:
        """``(n,)`` bool."""
        return np.array([outcome is Outcome.ACCEPTED for outcome in self.outcomes], np.bool_)


FILTER_COLUMNS: Bool = np.array([rule.is_filter for rule in RULES])
SIGNS: Values = np.array([1.0 if rule.at_least else -1.0 for rule in RULES])


def decide(evidence: Evidence, settings: DecisionSettings) -> Verdicts:
    """Judge every candidate of a picture.

    Order: filters, duplicates, score rules, then suppression among what passed. A filtered candidate
    is scored all the same, so that its explanation is whole.
    """
    evidence.require_floors(settings.filters, settings.suppression)
    thresholds = signed_thresholds(settings)
    values = np.stack([rule.values(evidence, settings.rules) for rule in RULES], axis=1) * SIGNS
    duplicates = find_rivals(evidence.overlaps, evidence.quality)
    instances = find_rivals(
        evidence.overlaps, evidence.rank, evidence.scores.labels, settings.suppression.one_class_per_thing
    )
    eligible, passes = passing(values, thresholds)
    duplicate_of = keep_strongest(duplicates, eligible, settings.filters.duplicate_iou)
    unique = eligible & (duplicate_of < 0)
    suppressed_by = keep_strongest(
        instances, unique & passes, settings.suppression.nms_iou, settings.suppression.nested_ios
    )
    outcomes = _outcomes(unique, passes, suppressed_by < 0)
    return Verdicts(
        outcomes, values, thresholds, eligible, duplicate_of, suppressed_by, duplicates, instances
    )


def _outcomes(unique: Bool, passes: Bool, outlasts: Bool) -> tuple[Outcome, ...]:
    """The first stage at which each row fell, as an outcome."""
    stages = (Outcome.FILTERED, Outcome.REFUSED, Outcome.SUPPRESSED, Outcome.ACCEPTED)
    fell = np.select([~unique, ~passes, ~outlasts], [0, 1, 2], 3)
    return tuple(stages[stage] for stage in fell.tolist())


def signed_thresholds(settings: DecisionSettings) -> Values:
    """``(rules,)`` thresholds, signed so that values must not be smaller; -inf for rules switched off."""
    raw = [rule.threshold(settings) for rule in RULES]
    signed = np.array([-np.inf if t is None else t * sign for t, sign in zip(raw, SIGNS, strict=True)])
    if not settings.rules.allow_unknown:
        signed[~FILTER_COLUMNS] = -np.inf
    return signed


def passing(values: Values, thresholds: Values) -> tuple[Bool, Bool]:
    """Who passes all filters, and who passes all score rules: two ``(n,)`` bool."""
    ok: Bool = values >= thresholds
    filters: Bool = np.all(ok[:, FILTER_COLUMNS], axis=1)
    rules: Bool = np.all(ok[:, ~FILTER_COLUMNS], axis=1)
    return filters, rules


@dataclass(frozen=True, slots=True, eq=False)
class Hurdles:
    """Who passes when a few thresholds are lowered, without looking at the others again.

    Args:
        values: ``(n, rules)`` as in ``Verdicts``.
        ok: ``(n, rules)`` bool: passed at the thresholds in force.
        filters_missed: ``(n,)`` int64: how many filters each row does not pass.
        rules_missed: ``(n,)`` int64: how many score rules.
    """

    values: Values
    ok: Bool
    filters_missed: Int
    rules_missed: Int

    @classmethod
    def of(cls, values: Values, thresholds: Values) -> Hurdles:
        """The state at these thresholds."""
        ok = values >= thresholds
        missed = ~ok
        filters = missed[:, FILTER_COLUMNS].sum(axis=1)
        return cls(values, ok, filters, missed[:, ~FILTER_COLUMNS].sum(axis=1))

    def lowered(self, columns: Int, thresholds: Values) -> tuple[Bool, Bool]:
        """As ``passing`` with these columns at these thresholds, which must not be higher than before."""
        gained = (self.values[:, columns] >= thresholds) & ~self.ok[:, columns]
        filters = FILTER_COLUMNS[columns]
        eligible: Bool = self.filters_missed == gained[:, filters].sum(axis=1)
        passes: Bool = self.rules_missed == gained[:, ~filters].sum(axis=1)
        return eligible, passes


__all__ = ["RULES", "DecisionSettings", "Rule", "Scores", "Verdicts", "decide", "passing", "to_unit"]
