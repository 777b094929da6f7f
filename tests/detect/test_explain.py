"""Every refusal names its rules, and its flip is exact: applying it accepts, a hair less does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.synthetic import random_case
from lydite.core import Outcome
from lydite.detect.decide import RULES, DecisionSettings, decide
from lydite.detect.explain import explain
from lydite.detect.replay import a_hair_less, changed
from lydite.detect.settings import FilterSettings, RuleSettings, SuppressionSettings

DEFAULT = DecisionSettings(FilterSettings(), RuleSettings(), SuppressionSettings())
STRICT_EVERYWHERE = DecisionSettings(
    FilterSettings(
        min_area_frac=0.02,
        max_area_frac=0.15,
        border_width=3,
        duplicate_iou=0.6,
        min_quality=0.3,
        max_surround=0.7,
        max_rectangle=0.98,
        max_square=0.6,
    ),
    RuleSettings(
        min_pos_score=0.7,
        decision_threshold=0.1,
        score_ratio=1.2,
        neg_cap=0.6,
        margin=0.05,
        class_separation=0.02,
        consensus_k=3,
        consensus_thr=0.7,
        adaptive=True,
        max_shape_distance=0.3,
    ),
    SuppressionSettings(nms_iou=0.2, nested_ios=0.4),
)
SETTINGS = {
    "default": DEFAULT,
    "strict everywhere": STRICT_EVERYWHERE,
    "suppression only": DecisionSettings(
        FilterSettings(duplicate_iou=0.5),
        RuleSettings(allow_unknown=False),
        SuppressionSettings(nms_iou=0.1, nested_ios=0.2),
    ),
}


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 100_000),
    classes=st.integers(1, 3),
    negatives=st.booleans(),
    base=st.sampled_from(sorted(SETTINGS)),
)
def test_a_flip_flips_and_a_hair_less_does_not(seed: int, classes: int, negatives: bool, base: str) -> None:
    _, evidence = random_case(seed, classes=classes, negatives=negatives)
    candidates, _ = random_case(seed, classes=classes, negatives=negatives)
    now = SETTINGS[base]
    decisions = explain(candidates, evidence, decide(evidence, now), now)
    for row, flip in enumerate(decisions.flips):
        if decisions.outcomes[row] is Outcome.ACCEPTED:
            assert flip is None
            continue
        assert flip is not None
        changes = dict(flip.changes)
        assert decide(evidence, changed(now, changes)).outcomes[row] is Outcome.ACCEPTED, (row, flip)
        for name, value in changes.items():
            less = changes | {name: a_hair_less(name, value, now)}
            assert decide(evidence, changed(now, less)).outcomes[row] is not Outcome.ACCEPTED, (
                row,
                name,
                flip,
            )


@pytest.mark.parametrize("base", sorted(SETTINGS))
def test_every_candidate_that_is_not_accepted_names_its_rules(base: str) -> None:
    known = {rule.name for rule in RULES} | {"duplicate_iou", "nms_iou", "nested_ios"}
    for seed in range(20):
        candidates, evidence = random_case(seed)
        now = SETTINGS[base]
        decisions = explain(candidates, evidence, decide(evidence, now), now)
        for outcome, blocks in zip(decisions.outcomes, decisions.blocks, strict=True):
            assert bool(blocks) == (outcome is not Outcome.ACCEPTED)
            for block in blocks:
                assert block.rule in known
                assert block.short_by >= 0
                if block.rule in {"duplicate_iou", "nms_iou", "nested_ios"}:
                    assert block.against in set(candidates.numbers.tolist())


def test_rows_stay_aligned_under_selection() -> None:
    candidates, evidence = random_case(3)
    decisions = explain(candidates, evidence, decide(evidence, DEFAULT), DEFAULT)
    chosen = np.array([5, 2, 9])
    part = decisions[chosen]
    assert part.ids == tuple(candidates[chosen].ids)
    assert part.outcomes == tuple(decisions.outcomes[row] for row in chosen)
    assert part.flips == tuple(decisions.flips[row] for row in chosen)
