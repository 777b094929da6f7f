"""Reasons in plain words, and commands that keep every digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import Block
from lydite.detect.decide import RULES
from lydite.detect.settings import FilterSettings
from lydite.reports.words import (
    FILTER_RULES,
    NEGATIVE_RULES,
    SUBJECTS,
    describe_block,
    describe_changes,
    number,
    plural,
    told_apart,
    without_folder,
)

OVERLAPS = {"duplicate_iou", "nms_iou", "nested_ios"}


def test_every_rule_has_words_and_no_word_is_without_a_rule() -> None:
    assert set(SUBJECTS) == {rule.name for rule in RULES} | OVERLAPS
    assert set(SUBJECTS) >= NEGATIVE_RULES


def test_filter_rules_are_those_of_the_filter_settings() -> None:
    assert set(FilterSettings.model_fields) == FILTER_RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_side_of_each_rule_is_the_side_that_is_blocked(rule: object) -> None:
    name, at_least = rule.name, rule.at_least  # type: ignore[attr-defined]
    text = describe_block(Block(name, 0.2 if at_least else 0.8, 0.5))
    assert (" below " in text) == at_least
    assert name in text


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (Block("min_pos_score", 0.552, 0.58), "positive score 0.552 is 0.028 below min_pos_score 0.58"),
        (
            Block("nms_iou", 0.75, 0.5, against=12),
            "overlap (IoU) with the stronger instance #12 is 0.750, 0.250 above nms_iou 0.5",
        ),
        (
            Block("require_pos_gt_neg", -0.02, 5e-324),
            "positive score is 0.020 below the negative score (require_pos_gt_neg)",
        ),
        (
            Block("min_area_frac", 0.00001, 0.00005),
            "share of the picture's area 0.000010 is 0.00004 below min_area_frac 0.00005",
        ),
    ],
)
def test_a_block_reads_as_a_sentence(block: Block, text: str) -> None:
    assert describe_block(block) == text


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_value_and_its_threshold_look_as_different_as_they_are(value: float, threshold: float) -> None:
    shown, limit = (float(text) for text in told_apart(value, threshold))
    assert limit == threshold
    assert shown - limit == pytest.approx(value - threshold, rel=0.1, abs=1e-300)


@given(st.floats(-1, 1))
def test_a_flip_keeps_every_digit(value: float) -> None:
    (change,) = describe_changes([("min_pos_score", value)])
    option, text = str(change).split()
    assert option == "--min-pos-score"
    assert float(text) == value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("require_pos_gt_neg", 0.0, "--no-require-pos-gt-neg"),
        ("border_width", 3.0, "--border-width 3"),
        ("nms_iou", 0.8999999761581421, "--nms-iou 0.8999999761581421"),
        ("min_area_frac", 1.25e-06, "--min-area-frac 1.25e-06"),
    ],
)
def test_a_flip_is_the_option_of_the_command_line(name: str, value: float, text: str) -> None:
    assert str(describe_changes([(name, value)])[0]) == text


def test_small_numbers_do_not_vanish() -> None:
    assert number(0.0004) == "0.0004"
    assert number(0) == "0.000"


def test_plurals() -> None:
    assert plural(1, "picture") == "1 picture"
    assert plural(1000, "picture") == "1,000 pictures"
    assert plural(2, "class", "classes") == "2 classes"


def test_a_message_names_a_file_without_its_folder() -> None:
    path, name = "/home/me/shelf/positive/apple/00.png", "positive/apple/00.png"
    assert without_folder(f"Picture {path} is gone.", path, name) == f"Picture {name} is gone."
    beside = "Mask /home/me/shelf/positive/apple/01.png is empty."
    assert without_folder(beside, path, name) == "Mask positive/apple/01.png is empty."
    assert without_folder("Picture 0.png is gone.", "0.png", "0.png") == "Picture 0.png is gone."


def test_a_rank_below_the_threshold_of_its_class_is_said_so() -> None:
    assert describe_block(Block("class_slack", -0.172, 0.0)) == (
        "rank is 0.172 below the threshold of its class (class_slack 0)"
    )
    assert describe_block(Block("class_slack", 0.2, 0.5)) == (
        "rank above the threshold of its class 0.200 is 0.300 below class_slack 0.5"
    )
