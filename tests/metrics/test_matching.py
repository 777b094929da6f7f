from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InvalidValue
from lydite.metrics import Counts, Hit, ImageResult, ImageTruth, Miss, box_iou, match
from metrics.scenes import CLASSES, boxes_at, perfect, random_scene, result_of, truth_of

TWO_FIFTHS = float(np.float32(0.4))


def slow_counts(truth: list[ImageTruth], results: list[ImageResult], threshold: float) -> list[Counts]:
    """The obvious way, one instance at a time."""
    tally = np.zeros((len(CLASSES), 3), int)
    for one, found in zip(truth, results, strict=True):
        free = set(range(len(one)))
        for row in sorted(range(len(found)), key=lambda row: (-found.scores[row], row)):
            label = found.labels[row]
            overlaps = {
                other: float(box_iou(found.boxes[[row]], one.boxes[[other]])[0, 0])
                for other in sorted(free)
                if one.labels[other] == label
            }
            best = max(overlaps, key=lambda other: overlaps[other], default=None)
            hit = best is not None and overlaps[best] >= threshold
            tally[label, 0 if hit else 1] += 1
            free -= {best} if hit else set()
        for other in free:
            tally[one.labels[other], 2] += 1
    return [Counts(*row) for row in tally.tolist()]


@given(st.integers(0, 9999), st.sampled_from([0.25, 0.5, 0.75]))
def test_counts_equal_the_obvious_way(seed: int, threshold: float) -> None:
    truth, results = random_scene(seed, images=4)
    outcome = match(truth, results, CLASSES, threshold)
    assert list(outcome.per_class) == slow_counts(truth, results, threshold)


@given(st.integers(0, 9999))
def test_the_counts_add_up(seed: int) -> None:
    truth, results = random_scene(seed, images=4)
    outcome = match(truth, results, CLASSES)
    pooled = outcome.pooled
    assert pooled.tp + pooled.fn == sum(len(one) for one in truth)
    assert pooled.tp + pooled.fp == sum(len(found) for found in results)
    assert len(outcome.misses) == pooled.fn
    assert len(outcome.false_alarms) == pooled.fp
    assert outcome.images == tuple(one.image for one in truth)
    assert outcome.table.shape == (4, 3, 3)
    again = match(truth[::-1], results[::-1], CLASSES)
    np.testing.assert_array_equal(again.table, outcome.table)


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_perfect_results_are_perfect(iou_type: str) -> None:
    truth, _ = random_scene(3)
    outcome = match(truth, [perfect(one) for one in truth], CLASSES, 1.0, iou_type)  # type: ignore[arg-type]
    assert (outcome.pooled.precision, outcome.pooled.recall, outcome.pooled.f1) == (1, 1, 1)
    assert outcome.misses == outcome.false_alarms == ()


def test_what_went_wrong_is_listed() -> None:
    truth = [truth_of("a", boxes_at((0, 0, 10, 10), (20, 20, 30, 30), (40, 40, 50, 50)), [0, 1, 0])]
    found = [
        result_of(
            "a",
            boxes_at((0, 0, 10, 9), (0, 0, 10, 10), (20, 20, 30, 30), (40, 40, 50, 44)),
            [0, 0, 0, 0],
            [0.9, 0.8, 0.7, 0.6],
        )
    ]
    outcome = match(truth, found, CLASSES)
    assert outcome.per_class == (Counts(1, 3, 1), Counts(0, 0, 1), Counts(0, 0, 0))
    assert outcome.misses == (Miss("a", 1, 1, 0.0), Miss("a", 2, 0, TWO_FIFTHS))
    assert outcome.false_alarms == (
        Miss("a", 1, 0, 1.0),
        Miss("a", 2, 0, 0.0),
        Miss("a", 3, 0, TWO_FIFTHS),
    )


def test_a_class_on_neither_side_has_no_number() -> None:
    nothing = match([truth_of("a", boxes_at(), [])], [result_of("a", boxes_at(), [], [])], CLASSES)
    for counts in (nothing.pooled, *nothing.per_class):
        assert all(math.isnan(value) for value in (counts.precision, counts.recall, counts.f1))
    assert Counts(0, 2, 0).precision == 0
    assert math.isnan(Counts(0, 2, 0).recall)
    assert Counts(0, 2, 0).f1 == 0


def test_shapes_decide_when_masks_are_compared() -> None:
    truth, results = random_scene(5)
    assert match(truth, results, CLASSES, iou_type="segm").pooled == match(truth, results, CLASSES).pooled


@pytest.mark.parametrize("threshold", [0, 1.5])
def test_a_threshold_is_a_share(threshold: float) -> None:
    with pytest.raises(InvalidValue) as caught:
        match([], [], CLASSES, threshold)
    assert str(caught.value) == f"threshold must be in (0, 1]. Seen: {threshold}"


def test_a_hit_names_both_sides() -> None:
    truth = truth_of("a", boxes_at((0, 0, 10, 10), (20, 20, 30, 30)), [0, 1])
    found = result_of("a", boxes_at((20, 20, 30, 28), (50, 0, 60, 10)), [1, 0], [0.9, 0.8])
    outcome = match([truth], [found], CLASSES)
    (hit,) = outcome.hits
    assert hit == Hit("a", 0, 1, 1, hit.iou)
    assert hit.iou == pytest.approx(0.8)
    assert [miss.row for miss in outcome.misses] == [0]
    assert [alarm.row for alarm in outcome.false_alarms] == [1]
