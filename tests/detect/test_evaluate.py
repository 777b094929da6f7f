"""A run against the truth: hits, misses, false alarms, and what does not count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lydite.core import AnnotationError, ClassMap, InvalidValue, ItemId, Masks
from lydite.data import CocoWriter, to_coco_rle
from lydite.detect.evaluate import evaluate_run, summarise_matching
from lydite.detect.run_folder import RunFolder
from lydite.detect.store import ImageRecord
from lydite.metrics import Counts

SIZE = (40, 60)
TRUTH_CLASSES = ClassMap(("plum", "apple", "pear"))
APPLE, PEAR, PLUM = 1, 2, 0


def squares(*corners: tuple[int, int], side: int = 10) -> Masks:
    dense = np.zeros((len(corners), *SIZE), bool)
    for mask, (y, x) in zip(dense, corners, strict=True):
        mask[y : y + side, x : x + side] = True
    return Masks.from_dense(dense)


@dataclass
class Bench:
    """A run folder and a truth that tests fill."""

    root: Path
    classes: tuple[str, ...] = ("apple", "pear")

    def __post_init__(self) -> None:
        self.records: list[ImageRecord] = []
        self.run = RunFolder(self.root / "run")
        self.run.shelf.folder.mkdir(parents=True)
        (self.run.path / "run.json").write_text(json.dumps({"classes": self.classes}))
        self.truth = self.root / "truth.json"

    def find(
        self, name: str, masks: Masks, classes: list[str], ranks: list[float], outcome: str = "accepted"
    ) -> None:
        item = ItemId("scenes", name)
        table = {
            "class": classes,
            "outcome": [outcome] * len(classes),
            "rank": ranks,
            "mask": [rle["counts"] for rle in to_coco_rle(masks)],
        }
        schema = {"class": pl.String, "outcome": pl.String, "rank": pl.Float64, "mask": pl.String}
        pl.DataFrame(table, schema=schema).write_parquet(self.run.shelf.table_path(item))
        self.records.append(ImageRecord(str(item), str(self.root / "scenes" / name), "done", size_hw=SIZE))

    def tell(
        self,
        rows: dict[str, tuple[Masks, list[int]]],
        difficult: tuple[int, ...] = (),
        crowd: tuple[int, ...] = (),
    ) -> None:
        with CocoWriter(self.truth, TRUTH_CLASSES) as writer:
            for name, (masks, labels) in rows.items():
                numbers = range(len(labels))
                writer.add(
                    f"scenes/{name}",
                    SIZE,
                    masks.boxes,
                    labels,
                    masks=masks,
                    crowd=[row in crowd for row in numbers],
                    attributes=[{"difficult": True} if row in difficult else {} for row in numbers],
                )

    def pooled(self) -> Counts:
        return evaluate_run(self.run, self.records, self.truth).pooled


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_hits_misses_and_false_alarms_by_class(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0), (0, 20), (20, 20)), ["apple", "pear", "pear"], [3, 2, 1])
    bench.tell({"a.jpg": (squares((1, 0), (0, 20), (20, 40)), [APPLE, APPLE, PEAR])})
    matching = evaluate_run(bench.run, bench.records, bench.truth)
    assert matching.images == ("scenes/a.jpg",)
    assert list(matching.class_map) == ["apple", "pear"]
    assert matching.per_class == (Counts(1, 0, 1), Counts(0, 2, 1))
    assert summarise_matching(matching, 0.5) == {
        "threshold": 0.5,
        "pictures": 1,
        "found": 1,
        "invented": 2,
        "missed": 2,
        "precision": 0.3333,
        "recall": 0.3333,
        "f1": 0.3333,
        "by_class": {
            "apple": {"found": 1, "invented": 0, "missed": 1, "precision": 1.0, "recall": 0.5, "f1": 0.6667},
            "pear": {"found": 0, "invented": 2, "missed": 1, "precision": 0.0, "recall": 0.0, "f1": 0.0},
        },
    }


def test_only_accepted_instances_count(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0], outcome="refused")
    bench.tell({"a.jpg": (squares((0, 0)), [APPLE])})
    assert bench.pooled() == Counts(0, 0, 1)


def test_what_is_difficult_is_neither_hit_nor_miss(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0), (20, 20)), ["apple", "apple"], [2, 1])
    bench.tell({"a.jpg": (squares((0, 0), (20, 20), (20, 40)), [APPLE] * 3)}, difficult=(1, 2))
    assert bench.pooled() == Counts(1, 0, 0)


def test_a_difficult_instance_forgives_its_own_class_and_place_only(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0), (27, 27)), ["pear", "apple"], [2, 1])
    bench.tell({"a.jpg": (squares((0, 0), (20, 20)), [APPLE, APPLE])}, difficult=(0, 1))
    assert bench.pooled() == Counts(0, 2, 0)


def test_a_counted_instance_is_preferred_to_a_difficult_one(bench: Bench) -> None:
    bench.find("a.jpg", squares((1, 0)), ["apple"], [1.0])
    bench.tell({"a.jpg": (squares((0, 0), (2, 0)), [APPLE, APPLE])}, difficult=(1,))
    assert bench.pooled() == Counts(1, 0, 0)


def test_inside_a_crowd_any_number_is_forgiven(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0), (10, 10), (5, 40)), ["apple"] * 3, [3, 2, 1])
    bench.tell({"a.jpg": (squares((0, 0), side=30), [APPLE])}, crowd=(0,))
    assert bench.pooled() == Counts(0, 1, 0)


def test_classes_that_the_run_does_not_know_are_left_out(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.tell({"a.jpg": (squares((0, 0), (20, 20)), [APPLE, PLUM])})
    assert bench.pooled() == Counts(1, 0, 0)


def test_failed_and_unknown_pictures_are_left_out(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.find("b.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.records.append(ImageRecord("scenes:c.jpg", str(bench.root / "scenes" / "c.jpg"), "failed"))
    bench.tell({name: (squares((0, 0)), [APPLE]) for name in ("a.jpg", "c.jpg", "d.jpg")})
    assert bench.pooled() == Counts(1, 0, 0)


def test_a_picture_without_instances_counts_its_false_alarms(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.tell({"a.jpg": (squares(), [])})
    assert bench.pooled() == Counts(0, 1, 0)


def test_what_cannot_be_said_is_null(bench: Bench) -> None:
    bench.find("a.jpg", squares(), [], [])
    bench.tell({"a.jpg": (squares(), [])})
    summary = summarise_matching(evaluate_run(bench.run, bench.records, bench.truth), 0.5)
    assert (summary["precision"], summary["recall"], summary["f1"], summary["by_class"]) == (
        None,
        None,
        None,
        {},
    )
    json.dumps(summary, allow_nan=False)


def test_no_picture_in_common(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.tell({"z.jpg": (squares((0, 0)), [APPLE])})
    with pytest.raises(InvalidValue, match=r"Pictures of .*truth.json must be some of the run's.*a\.jpg"):
        bench.pooled()


def test_a_truth_with_a_bad_row_is_refused(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    bench.tell({"a.jpg": (squares((0, 0)), [APPLE])})
    bench.truth.write_text(bench.truth.read_text().replace('"category_id": 2', '"category_id": 9'))
    with pytest.raises(AnnotationError, match="is the id of no known category"):
        bench.pooled()


def test_a_truth_without_masks_is_refused(bench: Bench) -> None:
    bench.find("a.jpg", squares((0, 0)), ["apple"], [1.0])
    with CocoWriter(bench.truth, TRUTH_CLASSES) as writer:
        writer.add("scenes/a.jpg", SIZE, squares((0, 0)).boxes, [APPLE])
    with pytest.raises(InvalidValue, match=r"Masks of scenes/a.jpg must be in the truth"):
        bench.pooled()
