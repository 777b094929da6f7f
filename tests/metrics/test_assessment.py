"""Laws of a whole evaluation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lydite.core import InvalidValue
from lydite.metrics import (
    Case,
    Figure,
    ImageResult,
    ImageTruth,
    IouType,
    Terms,
    assess,
    evaluate,
    match,
)
from lydite.metrics.assessment import NOT_EXHAUSTIVE, ONLY_BOXES
from metrics.scenes import CLASSES, boxes_at, perfect, random_scene, result_of, truth_of

SHAPES: tuple[IouType, ...] = ("bbox", "segm")


def cases_of(truth: list[ImageTruth], found: list[ImageResult], least: float = 0.0) -> list[Case]:
    """What reaches a score is accepted; everything was scored."""
    return [
        Case(one, every[every.scores >= np.float32(least)], every)
        for one, every in zip(truth, found, strict=True)
    ]


def terms(**changes: object) -> Terms:
    return replace(Terms(CLASSES, "segm", draws=25), **changes)  # type: ignore[arg-type]


def known(figures: dict[str, Figure]) -> dict[str, float]:
    return {name: figure.value for name, figure in figures.items() if figure.known}


@pytest.mark.parametrize("iou_type", SHAPES)
def test_the_truth_itself_is_perfect(iou_type: IouType) -> None:
    truth, _ = random_scene(1)
    result = assess(cases_of(truth, [perfect(one) for one in truth]), terms(iou_type=iou_type))
    for name in ("precision", "recall", "f1", "oracle_f1", "f1_to_oracle", "ap50", "matched_iou"):
        assert result.overall[name].value == pytest.approx(1), name
    assert result.confusion.counts.sum() == np.trace(result.confusion.counts) == sum(result.asked)
    assert not result.matching.misses
    assert not result.matching.false_alarms


def test_the_order_of_pictures_changes_nothing() -> None:
    cases = cases_of(*random_scene(2))
    first, again = assess(cases, terms()), assess(cases[::-1], terms())
    assert str(first.overall) == str(again.overall)
    assert str(first.per_class) == str(again.per_class)
    np.testing.assert_array_equal(first.confusion.counts, again.confusion.counts)


@pytest.mark.parametrize("seed", range(3))
def test_intervals_contain_the_number(seed: int) -> None:
    result = assess(cases_of(*random_scene(seed, images=20), least=0.02), terms(draws=100))
    for name, figure in result.overall.items():
        assert figure.low <= figure.value <= figure.high, name
        assert figure.images == 20


@pytest.mark.parametrize("iou_type", SHAPES)
def test_the_numbers_are_those_of_cocos_program_and_of_the_matching(iou_type: IouType) -> None:
    truth, found = random_scene(4)
    cases = cases_of(truth, found, least=0.03)
    result = assess(cases, terms(iou_type=iou_type))
    scores = evaluate(truth, [case.accepted for case in cases], CLASSES, iou_type)
    for name, value in (
        ("ap", scores.overall.ap),
        ("ap50", scores.overall.ap50),
        ("ap75", scores.overall.ap75),
    ):
        assert result.overall[name].value == pytest.approx(value)
    for most in (1, 10, 100):
        asked = evaluate(truth, [case.accepted for case in cases], CLASSES, iou_type, most).overall.ar
        assert result.overall[f"ar_{most}"].value == pytest.approx(asked)
    for label, figures in enumerate(result.per_class):
        assert figures["ap"].value == pytest.approx(scores.per_class[label].ap, nan_ok=True)
    ranked = evaluate(truth, found, CLASSES, iou_type).overall
    assert result.overall["ranking_ap"].value == pytest.approx(ranked.ap)
    counts = match(truth, [case.accepted for case in cases], CLASSES, 0.5, iou_type).pooled
    assert result.overall["f1"].value == pytest.approx(counts.f1)
    assert result.overall["precision"].value == pytest.approx(counts.precision)


@pytest.mark.parametrize("least", [0.0, 0.02, 0.05, 0.08])
def test_no_threshold_on_the_score_beats_the_oracle(least: float) -> None:
    result = assess(cases_of(*random_scene(5), least=least), terms())
    assert result.overall["f1"].value <= result.overall["oracle_f1"].value + 1e-12
    best = result.curves[-1].oracle
    again = assess(cases_of(*random_scene(5), least=best.threshold), terms())
    assert again.overall["f1"].value == pytest.approx(best.f1)


def test_rows_and_columns_of_the_confusion_add_up() -> None:
    truth, found = random_scene(6)
    result = assess(cases_of(truth, found), terms())
    counts = result.confusion.counts
    assert counts[:-1].sum(axis=1).tolist() == list(result.asked)
    said = np.bincount(np.concatenate([one.labels for one in found]), minlength=3)
    assert counts[:, :-1].sum(axis=0).tolist() == said.tolist()
    assert np.diag(counts)[:-1].tolist() == result.matching.table.sum(axis=0)[:, 0].tolist()


def test_another_class_on_the_same_place_is_a_confusion() -> None:
    boxes = boxes_at((0, 0, 20, 20), (30, 30, 50, 50), (0, 40, 10, 50))
    truth = truth_of("a", boxes[[0, 1]], [0, 1])
    found = result_of("a", boxes[[0, 2]], [2, 1], [0.9, 0.8])
    counts = assess([Case(truth, found, found)], terms()).confusion.counts
    assert counts.tolist() == [[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]


def test_what_is_not_exhaustive_has_recall_only() -> None:
    cases = [replace(case, exhaustive=False) for case in cases_of(*random_scene(7))]
    result = assess(cases, terms())
    assert set(known(result.overall)) == {"recall", "ar_1", "ar_10", "ar_100", "matched_iou", "matched_dice"}
    assert {figure.withheld for figure in result.overall.values()} == {"", NOT_EXHAUSTIVE}
    assert not result.curves
    assert not result.matching.false_alarms
    assert not result.confusion.counts[-1].any()


def test_precision_rests_on_exhaustive_pictures_and_recall_on_all() -> None:
    cases = cases_of(*random_scene(8))
    mixed = [replace(case, exhaustive=place < 5) for place, case in enumerate(cases)]
    result, whole, first = (assess(some, terms()) for some in (mixed, cases, cases[:5]))
    assert result.overall["recall"] == whole.overall["recall"]
    for name in ("precision", "f1", "ap", "oracle_f1", "foreground_iou"):
        assert result.overall[name] == first.overall[name]
    assert (result.images, result.exhaustive) == (8, 5)
    np.testing.assert_array_equal(result.confusion.counts[-1], first.confusion.counts[-1])
    assert {alarm.image for alarm in result.matching.false_alarms} <= {c.truth.image for c in cases[:5]}


def test_boxes_have_no_foreground() -> None:
    result = assess(cases_of(*random_scene(1)), terms(iou_type="bbox"))
    assert result.overall["foreground_iou"].withheld == ONLY_BOXES


def test_a_single_picture_has_no_interval() -> None:
    truth, found = random_scene(1)
    result = assess(cases_of(truth[:1], found[:1]), terms())
    assert not any(figure.has_interval for figure in result.overall.values())


def test_sizes_are_those_of_coco() -> None:
    boxes = boxes_at((0, 0, 10, 10), (12, 0, 50, 38))
    truth = truth_of("a", boxes, [0, 0])
    found = result_of("a", boxes[[1]], [0], [1.0])
    sizes = assess([Case(truth, found, found)], terms()).per_size
    assert (sizes["small"]["recall"].value, sizes["medium"]["recall"].value) == (0, 1)
    assert math.isnan(sizes["large"]["recall"].value)
    assert [sizes[size]["recall"].instances for size in ("small", "medium", "large")] == [1, 1, 0]
    assert sizes["medium"]["ap"].value == pytest.approx(1)


def test_more_draws_and_fewer_detections_change_the_outcome() -> None:
    cases = cases_of(*random_scene(9))
    usual = assess(cases, terms())
    assert assess(cases, terms(draws=60)).overall["ap"] != usual.overall["ap"]
    assert "ar_3" in assess(cases, terms(max_dets=3)).overall
    assert assess(cases, terms(threshold=0.8)).overall["f1"].value < usual.overall["f1"].value


def test_what_is_difficult_or_a_crowd_does_not_count() -> None:
    boxes = boxes_at((0, 0, 20, 20), (30, 0, 70, 40), (30, 45, 50, 60))
    flags = np.array([False, True, False]), np.array([False, False, True])
    truth = replace(truth_of("a", boxes, [0, 0, 0]), crowd=flags[0], difficult=flags[1])
    inside = boxes_at((0, 0, 20, 20), (31, 1, 41, 11), (50, 20, 60, 30), (30, 45, 50, 60))
    found = result_of("a", inside, [0] * 4, [0.1, 0.4, 0.3, 0.2])
    for shape in SHAPES:
        result = assess([Case(truth, found, found)], terms(iou_type=shape))
        for name in ("precision", "recall", "f1", "oracle_f1", "ap", "ar_100"):
            assert result.overall[name].value == pytest.approx(1), (shape, name)
        assert result.asked == (1, 0, 0)
    assert result.overall["foreground_iou"].value == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("threshold", 0.0, "threshold must be in (0, 1]. Seen: 0.0"),
        ("level", 1.0, "level must be in (0, 1). Seen: 1.0"),
        ("draws", 0, "draws must be 1 or more. Seen: 0"),
        ("max_dets", 0, "max_dets must be 1 or more. Seen: 0"),
    ],
)
def test_terms_out_of_range(name: str, value: float, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        terms(**{name: value})
    assert str(caught.value) == message


def test_nothing_to_evaluate() -> None:
    with pytest.raises(InvalidValue, match=r"Pictures to evaluate must be one or more\. Seen: 0"):
        assess([], terms())
