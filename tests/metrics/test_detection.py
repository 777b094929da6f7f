from __future__ import annotations

import contextlib
import io
import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lydite.core import Boxes, InvalidValue
from lydite.metrics import ImageResult, ImageTruth, evaluate
from lydite.metrics.instances import IouType
from metrics.scenes import CLASSES, SIZE_HW, boxes_at, perfect, random_scene, result_of, truth_of

both_shapes = pytest.mark.parametrize("iou_type", ["bbox", "segm"])


def by_the_book(truth: list[ImageTruth], results: list[ImageResult], iou_type: IouType) -> list[float]:
    """COCO's own way: its JSON, its loader, its summary. AP, AP50, AP75, AR at 100."""
    images = [{"id": row + 1, "height": SIZE_HW[0], "width": SIZE_HW[1]} for row in range(len(truth))]
    gold: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    for image_id, (one, guess) in enumerate(zip(truth, results, strict=True), start=1):
        for side, rows in ((one, gold), (guess, found)):
            for row, (label, box) in enumerate(zip(side.labels, side.boxes.xyxy.tolist(), strict=True)):
                x0, y0, x1, y1 = box
                entry = {
                    "id": len(rows) + 1,
                    "image_id": image_id,
                    "category_id": int(label) + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                }
                if iou_type == "segm":
                    entry["segmentation"] = [[x0, y0, x1, y0, x1, y1, x0, y1]]
                if isinstance(side, ImageResult):
                    entry["score"] = float(side.scores[row])
                rows.append(entry)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        categories = [{"id": label + 1, "name": name} for label, name in enumerate(CLASSES)]
        coco.dataset = {"images": images, "annotations": gold, "categories": categories, "info": {}}
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), iou_type)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [float(judge.stats[at]) for at in (0, 1, 2, 8)]


@both_shapes
@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_are_those_of_cocos_own_summary(seed: int, iou_type: IouType) -> None:
    truth, results = random_scene(seed)
    scores = evaluate(truth, results, CLASSES, iou_type)
    assert astuple(scores.overall) == pytest.approx(by_the_book(truth, results, iou_type), abs=1e-12)
    assert 0 < scores.overall.ap < 1
    assert scores.images == len(truth)


@both_shapes
def test_perfect_results_are_perfect(iou_type: IouType) -> None:
    truth, _ = random_scene(3)
    scores = evaluate(truth, [perfect(one) for one in truth], CLASSES, iou_type)
    for one in (scores.overall, *scores.per_class):
        assert astuple(one) == pytest.approx((1, 1, 1, 1), abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999))
def test_the_order_of_pictures_and_rows_does_not_matter(seed: int) -> None:
    truth, results = random_scene(seed)
    order = np.random.default_rng(seed)
    shuffled_truth = [truth[row][order.permutation(len(truth[row]))] for row in order.permutation(len(truth))]
    shuffled = [results[row][order.permutation(len(results[row]))] for row in order.permutation(len(results))]
    straight, mixed = (
        evaluate(truth, results, CLASSES),
        evaluate(shuffled_truth, shuffled, CLASSES),
    )
    np.testing.assert_equal(astuple(mixed.overall), astuple(straight.overall))
    for one, other in zip(straight.per_class, mixed.per_class, strict=True):
        np.testing.assert_equal(astuple(other), astuple(one))


def test_a_class_that_is_absent_from_the_truth_has_no_number() -> None:
    truth, results = random_scene(1, classes=2)
    wrong = [replace(found, labels=np.minimum(found.labels + 1, 2)) for found in results]
    scores = evaluate(truth, wrong, CLASSES)
    assert all(math.isnan(value) for value in astuple(scores.per_class[2]))
    assert scores.overall.ap == pytest.approx(np.mean([one.ap for one in scores.per_class[:2]]))


def test_a_class_that_was_never_found_counts_as_zero() -> None:
    truth = [truth_of("a", boxes_at((0, 0, 9, 9), (20, 20, 30, 30)), [0, 1])]
    found = [result_of("a", boxes_at((0, 0, 9, 9)), [0], [0.5])]
    scores = evaluate(truth, found, CLASSES)
    assert [one.ap50 for one in scores.per_class[:2]] == pytest.approx([1, 0])
    assert scores.overall.ap == pytest.approx(0.5)


def test_pictures_without_instances() -> None:
    nothing = boxes_at()
    empty = evaluate([truth_of("a", nothing, [])], [result_of("a", nothing, [], [])], CLASSES)
    assert all(math.isnan(value) for value in astuple(empty.overall))
    missed = evaluate(
        [truth_of("a", boxes_at((0, 0, 9, 9)), [0])], [result_of("a", nothing, [], [])], CLASSES
    )
    assert astuple(missed.overall) == (0, 0, 0, 0)
    none = evaluate([], [], CLASSES)
    assert none.images == 0
    assert len(none.per_class) == 3
    assert math.isnan(none.overall.ap)


@both_shapes
def test_more_than_a_hundred_instances_are_counted_when_asked_for(iou_type: IouType) -> None:
    x, y = np.meshgrid(np.arange(20) * 4, np.arange(15) * 4)
    corners = np.stack([x.ravel(), y.ravel()], axis=1)
    boxes = Boxes(np.concatenate([corners, corners + 3], axis=1).astype(np.float32))
    truth = [truth_of("a", boxes, [0] * 300)]
    found = [perfect(truth[0])]
    assert evaluate(truth, found, CLASSES, iou_type).overall.ar == pytest.approx(1 / 3)
    assert evaluate(truth, found, CLASSES, iou_type, max_dets=300).overall.ar == pytest.approx(1)
    assert evaluate(truth, found, CLASSES, iou_type, max_dets=150).overall.ar == pytest.approx(0.5)


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(*random_scene(0), CLASSES)
    assert capsys.readouterr().out == ""


def test_at_least_one_detection_counts() -> None:
    with pytest.raises(InvalidValue) as caught:
        evaluate([], [], CLASSES, max_dets=0)
    assert str(caught.value) == "max_dets must be 1 or more. Seen: 0"
