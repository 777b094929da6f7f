"""Each rule blocks exactly on its side of its threshold; what is off says nothing; the first fall counts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.synthetic import ITEM, random_case, scores_of, squares
from lydite.core import Candidates, InvalidValue, Masks, Outcome
from lydite.detect.decide import RULES, DecisionSettings, decide
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.explain import explain
from lydite.detect.outline import Outlines
from lydite.detect.settings import FilterSettings, RuleSettings, SuppressionSettings
from lydite.detect.shape import MEASURES

NO_SHAPES = np.full((1, MEASURES), np.nan, np.float32)
FILTERS_OFF = {
    "min_area_frac": 0,
    "max_area_frac": 1,
    "border_width": 0,
    "min_quality": 0,
    "max_surround": 1,
    "max_rectangle": 1,
    "max_square": 1,
    "max_holes": 1,
    "duplicate_iou": 1,
}
RULES_OFF = {
    "min_pos_score": 0,
    "decision_threshold": -1,
    "score_ratio": 0,
    "neg_cap": 1,
    "require_pos_gt_neg": False,
    "margin": -1,
    "class_separation": 0,
    "consensus_thr": 0,
    "max_shape_distance": 1e9,
    "adaptive": False,
    "adaptive_ratio": 0,
    "adaptive_diff_floor": -1,
}
SUPPRESSION_OFF = {"nms_iou": 1, "nested_ios": 1, "one_class_per_thing": True}
SWITCHES = {
    "border_width",
    "min_quality",
    "max_surround",
    "max_rectangle",
    "max_square",
    "max_holes",
    "neg_cap",
    "class_slack",
    "require_pos_gt_neg",
    "margin",
    "class_separation",
    "adaptive_ratio",
    "adaptive_diff_floor",
}


def only(**changes: Any) -> DecisionSettings:
    """Everything switched off but these."""

    def group(base: dict[str, Any]) -> dict[str, Any]:
        return {name: changes.pop(name, value) for name, value in base.items()}

    filters, suppression = group(FILTERS_OFF), group(SUPPRESSION_OFF)
    return DecisionSettings(
        FilterSettings(**filters),
        RuleSettings(**{**RULES_OFF, **changes}),
        SuppressionSettings(**suppression),
    )


def evidence_of(
    masks: Masks,
    positive: list[float],
    negative: list[float | None],
    quality: list[float] | None = None,
    surround: float = 0.25,
    shape: float = 0.375,
) -> tuple[Candidates, Evidence]:
    candidates = Candidates.born(ITEM, masks, quality or [0.5] * len(masks))
    around = np.full(len(masks), surround, np.float32)
    evidence = gather_evidence(
        candidates, scores_of(positive, negative), around, NO_SHAPES, np.zeros(1, np.int64)
    )
    rectangle, square, holes = (np.full(len(masks), value) for value in (0.875, 0.625, 0.125))
    outlines = Outlines(rectangle, square, holes)
    distance = np.full(len(masks), shape, np.float32)
    return candidates, replace(evidence, shape_distance=distance, outlines=outlines)


# One 8x8 square at (4, 8) of 64x64, cosine 0.5 to its class (score 0.75), 0 to the negatives (0.5), -0.5 to
# the second class (0.25); single positives 0.625, 0.5, 0.375; the nearest negative 0.125. A second candidate,
# far off, is the best of the picture: cosine 1.
VALUES: dict[str, tuple[float, dict[str, Any]]] = {
    "min_area_frac": (1 / 64, {}),
    "max_area_frac": (1 / 64, {}),
    "border_width": (4, {}),
    "min_quality": (0.5, {}),
    "max_surround": (0.25, {}),
    "max_rectangle": (0.875, {}),
    "max_square": (0.625, {}),
    "max_holes": (0.125, {}),
    "min_pos_score": (0.75, {}),
    "decision_threshold": (0.25, {}),
    "score_ratio": (1.5, {}),
    "neg_cap": (0.5, {}),
    "margin": (0.8125 - 0.5625, {}),
    "class_separation": (0.5, {}),
    "consensus_thr": (0.6875, {"consensus_k": 3}),
    "max_shape_distance": (0.375, {}),
    "class_slack": (-0.125, {"class_thresholds": {"apple": 0.0}}),
    "adaptive_ratio": (0.75, {"adaptive": True}),
    "adaptive_diff_floor": (0.25, {"adaptive": True}),
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_rule_blocks_beyond_its_threshold_and_not_on_it(name: str) -> None:
    value, base = VALUES[name]
    rule = next(rule for rule in RULES if rule.name == name)
    worse = math.inf if rule.at_least else -math.inf
    beyond = int(value) + 1 if name == "border_width" else math.nextafter(value, worse)
    candidates, evidence = evidence_of(squares((4, 8), (40, 40)), [0.5, 1.0], [0.0, 0.0])
    on = only(**base, **{name: int(value) if name == "border_width" else value})
    assert decide(evidence, on).outcomes[0] is Outcome.ACCEPTED
    off = only(**base, **{name: beyond})
    verdicts = decide(evidence, off)
    assert verdicts.outcomes[0] is (Outcome.FILTERED if rule.is_filter else Outcome.REFUSED)
    (block,) = explain(candidates, evidence, verdicts, off).blocks[0]
    assert (block.rule, block.value, block.threshold) == (name, value, beyond)


def test_every_rule_with_a_number_is_tried() -> None:
    assert {rule.name for rule in RULES} == set(VALUES) | {"require_pos_gt_neg"}


@pytest.mark.parametrize(
    ("negative", "outcome"),
    [(0.5, Outcome.REFUSED), (math.nextafter(0.5, 1), Outcome.REFUSED), (0.49999997, Outcome.ACCEPTED)],
)
def test_the_positive_score_must_exceed_the_negative_one(negative: float, outcome: Outcome) -> None:
    _, evidence = evidence_of(squares((4, 8)), [0.5], [negative])
    assert decide(evidence, only(require_pos_gt_neg=True)).outcomes == (outcome,)


@given(seed=st.integers(0, 10_000), negatives=st.booleans())
def test_rules_that_are_off_never_block(seed: int, negatives: bool) -> None:
    _, evidence = random_case(seed, negatives=negatives)
    verdicts = decide(evidence, only())
    assert set(verdicts.outcomes) == {Outcome.ACCEPTED}
    off = {rule.name for rule, limit in zip(RULES, verdicts.thresholds, strict=True) if limit == -np.inf}
    assert off == SWITCHES


@given(seed=st.integers(0, 10_000))
def test_without_negatives_rules_about_them_are_silent(seed: int) -> None:
    _, evidence = random_case(seed, negatives=False)
    harsh = only(
        decision_threshold=1,
        score_ratio=1e9,
        neg_cap=0,
        require_pos_gt_neg=True,
        margin=1,
        adaptive=True,
        adaptive_diff_floor=1,
    )
    assert set(decide(evidence, harsh).outcomes) == {Outcome.ACCEPTED}


def test_one_class_has_no_second_to_be_separate_from() -> None:
    _, evidence = random_case(1, classes=1)
    assert set(decide(evidence, only(class_separation=1)).outcomes) == {Outcome.ACCEPTED}


def test_fewer_positives_than_asked_to_agree_must_all_agree() -> None:
    _, evidence = evidence_of(squares((4, 8)), [0.5], [0.0])
    assert decide(evidence, only(consensus_k=10, consensus_thr=0.6875)).outcomes == (Outcome.ACCEPTED,)
    assert decide(evidence, only(consensus_k=10, consensus_thr=0.6876)).outcomes == (Outcome.REFUSED,)


@given(seed=st.integers(0, 10_000))
def test_when_nothing_is_unknown_only_filters_and_rivals_remain(seed: int) -> None:
    _, evidence = random_case(seed)
    harsh = only(
        min_pos_score=1, score_ratio=1e9, adaptive=True, adaptive_ratio=1, min_area_frac=0.05, nms_iou=0.3
    )
    known = decide(evidence, DecisionSettings(harsh[0], RuleSettings(allow_unknown=False), harsh[2]))
    assert Outcome.REFUSED not in known.outcomes
    small = evidence.area_frac < 0.05
    assert [outcome is Outcome.FILTERED for outcome in known.outcomes] == small.tolist()
    same = decide(evidence, only(min_area_frac=0.05, nms_iou=0.3))
    assert known.outcomes == same.outcomes


def test_the_first_stage_at_which_a_candidate_falls_is_its_outcome() -> None:
    masks = squares((0, 0), (0, 0), (0, 1), (40, 40), (40, 41))
    low = [0.9, -0.5, 0.6, -0.5, 0.6]
    _, evidence = evidence_of(masks, low, [0.0] * 5, [0.9, 0.8, 0.7, 0.05, 0.7])
    settings = only(min_quality=0.1, duplicate_iou=0.9, min_pos_score=0.5, nms_iou=0.5)
    verdicts = decide(evidence, settings)
    assert verdicts.outcomes == (
        Outcome.ACCEPTED,
        Outcome.FILTERED,  # a duplicate of the first, and of a low score besides
        Outcome.SUPPRESSED,
        Outcome.FILTERED,  # of a low quality, and of a low score besides
        Outcome.ACCEPTED,  # its stronger rival was filtered
    )
    assert verdicts.duplicate_of.tolist() == [-1, 0, -1, -1, -1]
    assert verdicts.suppressed_by.tolist() == [-1, -1, 0, -1, -1]
    assert verdicts.accepted.tolist() == [True, False, False, False, True]


def test_negatives_lower_the_rank_of_what_is_nearly_as_like_them_and_of_nothing_else() -> None:
    """A wall that resembles neither must not rise above an object that resembles what it is confused with."""
    masks = squares((0, 0), (0, 16), (0, 32), (0, 48))
    positive, negative = [0.75, 0.75, 0.75, 0.75], [None, 0.5, 0.625, 1.0]
    _, evidence = evidence_of(masks, positive, negative)
    np.testing.assert_allclose(evidence.rank - evidence.rank[0], [0, -0.15, -0.275, -0.65], atol=1e-6)
    _, far = evidence_of(masks, positive, [0.35, 0.0, -0.5, -1.0])
    np.testing.assert_allclose(far.rank, evidence.rank[0], atol=1e-6)


def test_what_was_refused_suppresses_nobody() -> None:
    masks = squares((0, 0), (0, 1))
    _, evidence = evidence_of(masks, [0.25, 0.5], [0.0, 0.0], [0.9, 0.2])
    assert evidence.rank[0] > evidence.rank[1]
    assert decide(evidence, only(nms_iou=0.5)).outcomes == (Outcome.ACCEPTED, Outcome.SUPPRESSED)
    settings = only(nms_iou=0.5, min_pos_score=0.7)
    assert decide(evidence, settings).outcomes == (Outcome.REFUSED, Outcome.ACCEPTED)


def test_what_was_filtered_has_no_duplicates() -> None:
    masks = Masks.from_dense(np.concatenate([squares((0, 0)).to_dense(), squares((0, 0), side=9).to_dense()]))
    _, evidence = evidence_of(masks, [0.5, 0.5], [0.0, 0.0], [0.9, 0.4])
    assert decide(evidence, only(duplicate_iou=0.7)).outcomes == (Outcome.ACCEPTED, Outcome.FILTERED)
    settings = only(duplicate_iou=0.7, min_area_frac=81 / 64**2)
    assert decide(evidence, settings).outcomes == (Outcome.FILTERED, Outcome.ACCEPTED)


def test_one_thing_has_one_class_unless_told_otherwise() -> None:
    _, evidence = evidence_of(squares((0, 0), (0, 1)), [0.5, 0.5], [0.0, 0.0])
    labels = np.array([0, 1])
    apart = replace(evidence, scores=replace(evidence.scores, labels=labels))
    either = decide(apart, only(nms_iou=0.5, one_class_per_thing=False))
    assert either.outcomes == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert decide(apart, only(nms_iou=0.5)).outcomes == (Outcome.ACCEPTED, Outcome.SUPPRESSED)
    assert decide(apart, only(nms_iou=1, nested_ios=0.1)).outcomes == either.outcomes


@pytest.mark.parametrize(("name", "floor"), [("duplicate_iou", 0.5), ("nms_iou", 0.5), ("nested_ios", 0.8)])
def test_limits_below_what_was_measured_are_refused(name: str, floor: float) -> None:
    masks = squares((0, 0))
    candidates = Candidates.born(ITEM, masks)
    evidence = gather_evidence(
        candidates,
        scores_of([0.5], [0.0]),
        np.zeros(1, np.float32),
        NO_SHAPES,
        np.zeros(1, np.int64),
        floor_iou=0.5,
        floor_ios=0.8,
    )
    assert decide(evidence, only(**{name: floor})).outcomes == (Outcome.ACCEPTED,)
    with pytest.raises(InvalidValue) as caught:
        decide(evidence, only(**{name: 0.25}))
    assert str(caught.value) == (
        f"{name} must be {floor} or more, since smaller overlaps were not measured. Seen: 0.25"
    )


def test_no_candidates_get_no_verdicts() -> None:
    _, evidence = evidence_of(Masks.empty((64, 64)), [], [])
    assert decide(evidence, only(adaptive=True)).outcomes == ()


def test_a_rule_about_outlines_needs_outlines() -> None:
    _, evidence = evidence_of(squares((4, 8)), [0.5], [0.0])
    blind = replace(evidence, outlines=Outlines.unmeasured(1))
    assert decide(blind, only()).outcomes == (Outcome.ACCEPTED,)
    with pytest.raises(InvalidValue, match="must be 1, since no outline was measured"):
        decide(blind, only(max_square=0.9))
