"""A run evaluated: against itself, and with known errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from detect.finished_runs import evaluated, own_truth
from lydite.core import Outcome
from lydite.detect.evaluation import evaluate_finished
from lydite.detect.evaluation_record import evaluation_record, thin
from lydite.detect.fate import NOT_PROPOSED, trace
from lydite.detect.outlast import outlast
from lydite.detect.store import masks_of
from lydite.detect.truth import TruthSource, read_truth
from reports.fake_run import FakeRun


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeRun:
    made = FakeRun(tmp_path_factory.mktemp("evaluation"))
    for _ in range(4):
        made.add(candidates=60, lift=0.1)
    made.finish()
    return made


@pytest.mark.parametrize("shape", ["mask", "box"])
def test_a_run_is_perfect_by_its_own_instances(fake: FakeRun, shape: str) -> None:
    result = evaluated(fake.finish(), TruthSource(own_truth(fake)), shape)
    figures = result.assessment.overall
    for name in ("precision", "recall", "f1", "ap50", "matched_iou"):
        assert figures[name].value == pytest.approx(1), name
    assert result.accepted == sum(result.assessment.asked) > 10
    assert not result.misses
    assert not result.false_alarms


def test_what_the_truth_lacks_is_a_false_alarm_best_first(fake: FakeRun) -> None:
    result = evaluated(fake.finish(), TruthSource(own_truth(fake, drop=1)))
    assert len(result.false_alarms) == 4
    ranks = [alarm.rank for alarm in result.false_alarms]
    assert ranks == sorted(ranks, reverse=True)
    first = {str(fake.accepted(record)["region"][0]) for record in fake.records}
    assert {str(alarm.region.number) for alarm in result.false_alarms} <= first
    assert result.assessment.overall["recall"].value == 1


def test_a_miss_names_the_candidate_that_came_nearest(fake: FakeRun) -> None:
    """The truth is what the run refused: each miss must trace back to that very candidate."""
    path = own_truth(fake)
    content = json.loads(path.read_text())
    expected = {}
    for image, record in zip(content["images"], fake.records, strict=True):
        table = fake.finish().read_table(record)
        refused = table.filter(pl.col("outcome") == Outcome.REFUSED.value).sort("rank", descending=True)[:1]
        mask = masks_of(refused, record.size_hw)
        box = mask.boxes.to_xywh()[0].tolist()
        expected[record.item] = refused["region"][0]
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != image["id"]]
        segmentation = {"size": list(record.size_hw), "counts": mask.to_counts(0)}
        content["annotations"].append(
            {
                "id": 1000 + image["id"],
                "image_id": image["id"],
                "category_id": 1 + list(fake.classes).index(refused["class"][0]),
                "bbox": box,
                "segmentation": segmentation,
                "iscrowd": 0,
            }
        )
    path.write_text(json.dumps(content))
    result = evaluated(fake.finish(), TruthSource(path))
    fates = {miss.record.item: miss.fate for miss in result.misses}
    for item, fate in fates.items():
        assert fate.region == expected[item]
        assert fate.outcome == Outcome.REFUSED
        assert fate.blocks
    ranks = [miss.fate.rank for miss in result.misses]
    assert ranks == sorted(ranks, reverse=True)


def test_nothing_near_is_not_proposed(fake: FakeRun) -> None:
    record = fake.records[0]
    table = fake.finish().read_table(record)
    thing = masks_of(table[:1], record.size_hw)
    assert trace(table[:0], thing, "apple", 0.5).outcome == NOT_PROPOSED
    far = trace(table.filter(pl.col("region") > 100), thing.boxes, "apple", 0.5)
    assert (far.outcome, far.region) == (NOT_PROPOSED, -1)


def test_the_oracle_redecides_by_suppression_alone(fake: FakeRun) -> None:
    """Slow and obvious: walk down the ranks, keep what no kept one covers; at any threshold the same."""
    run, record = fake.finish(), fake.records[0]
    table = run.read_table(record)
    masks = masks_of(table, record.size_hw)
    dense = masks.to_dense()
    keeps = outlast(table, masks, run.class_map, run.settings)
    for least in (-10.0, float(table["rank"].median() or 0)):  # type: ignore[arg-type]
        kept: list[int] = []
        for row in np.argsort(-table["rank"].to_numpy(), kind="stable").tolist():
            if table["outcome"][row] == "filtered" or table["rank"][row] < least:
                continue
            if not any(_covers(dense, table, row, other) for other in kept):
                kept.append(row)
        expected = {row for row in np.flatnonzero(keeps).tolist() if table["rank"][row] >= least}
        assert set(kept) == expected


def _covers(dense: np.ndarray, table: pl.DataFrame, one: int, other: int) -> bool:
    both = (dense[one] & dense[other]).sum()
    iou = both / (dense[one] | dense[other]).sum()
    ios = both / min(dense[one].sum(), dense[other].sum())
    return bool(iou > 0.5 or (table["class"][one] == table["class"][other] and ios > 0.8))


def test_the_record_is_plain_json_and_complete(fake: FakeRun) -> None:
    result = evaluated(fake.finish(), TruthSource(own_truth(fake, drop=1), not_exhaustive=("*-0000.*",)))
    record = json.loads(json.dumps(evaluation_record(result), allow_nan=False))
    assert (record["pictures"], record["exhaustive_pictures"]) == (4, 3)
    f1 = record["overall"]["f1"]
    assert f1["low"] <= f1["value"] <= f1["high"]
    assert f1["pictures"] == 3
    assert set(record["per_class"]) == {"apple", "pear"}
    assert set(record["curves"]) == {"all", "apple", "pear"}
    assert len(record["false_alarms"]) == len(result.false_alarms) == 3
    assert record["left_out"]["without_truth"] == []


def test_thin_keeps_both_ends() -> None:
    assert thin(0, 5).tolist() == []
    assert thin(3, 5).tolist() == [0, 1, 2]
    assert thin(1001, 3).tolist() == [0, 500, 1000]


def test_crowded_pictures_are_counted(fake: FakeRun) -> None:
    run = fake.finish()
    truth = read_truth(TruthSource(own_truth(fake)), run)
    assert evaluate_finished(run, truth, "segm", max_dets=1, draws=2).crowded == 4
    assert evaluate_finished(run, truth, "segm", max_dets=100, draws=2).crowded == 0


def test_the_path_of_the_picture_may_differ(fake: FakeRun, tmp_path: Path) -> None:
    path = own_truth(fake)
    moved = tmp_path / "elsewhere.json"
    moved.write_text(path.read_text())
    result = evaluated(fake.finish(), TruthSource(moved))
    assert result.assessment.overall["f1"].value == pytest.approx(1)
