from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lydite.core import AnnotationError, InputError, ItemId
from lydite.data import AnnotationStream, write_cvat, write_label_studio
from lydite.detect import FinishedRun, read_accepted
from lydite.detect.provenance import Counts, tell_provenance
from reports.fake_run import FakeRun


def test_what_was_accepted_in_the_order_of_the_run(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path, classes=("Äpfel", "鳥"))
    detections = [fake.add("ü b.png", lift=0.4), fake.add("empty.png", candidates=0), fake.add("a.png")]
    fake.add_failed("broken.png", "no picture")
    run = fake.finish()
    assert run.class_map.names == ("Äpfel", "鳥")
    assert run.count() == (3, 1)
    pictures = list(read_accepted(run))
    assert [found.image.path for found in pictures] == ["ü b.png", "empty.png", "a.png"]
    for found, detection in zip(pictures, detections, strict=True):
        assert set(found.image.ids or ()) == {instance.region for instance in detection.instances}
        table = fake.run.shelf.read_table(detection.item).filter(pl.col("outcome") == "accepted")
        assert found.regions == tuple(table.sort("rank", descending=True)["region"])
        assert found.image.masks is None or np.array_equal(
            found.image.boxes.xyxy, found.image.masks.boxes.xyxy
        )
    assert len(pictures[0].image) > 0
    assert pictures[0].image.attributes is not None
    assert pictures[0].image.attributes[0]["nearest_positive"].startswith("positive/")


@pytest.mark.parametrize("path", ["../a.png", "/etc/passwd", "x/../../a.png"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    run = FakeRun(tmp_path).finish()
    (run.folder.path / "pictures.jsonl").write_text(json.dumps({"item": f"images:{path}", "status": "done"}))
    with pytest.raises(AnnotationError, match=r"jsonl, line 1: item leaves the folder of pictures"):
        list(read_accepted(run))


@pytest.mark.parametrize("damage", ["gone", "cut", "class"])
def test_a_damaged_result_is_named(tmp_path: Path, damage: str) -> None:
    fake = FakeRun(tmp_path)
    fake.add("a.png", lift=0.4)
    run = fake.finish()
    table = fake.run.shelf.table_path(ItemId("pictures", "a.png"))
    if damage == "gone":
        table.unlink()
    elif damage == "cut":
        table.write_bytes(table.read_bytes()[:-50])
    else:
        pl.read_parquet(table).with_columns(pl.lit("x").alias("class")).write_parquet(table)
    with pytest.raises(
        InputError, match=r"The result of pictures:a\.png in .* cannot be read\. Give the same"
    ):
        list(read_accepted(run))


@pytest.mark.parametrize("write", [write_cvat, write_label_studio])
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path, write: object) -> None:
    fake = FakeRun(tmp_path)
    for _ in range(3):
        fake.add(lift=0.4)
    run = fake.finish()
    entries = (run.folder.path / "pictures.jsonl").read_text()

    def peak(times: int) -> int:
        (run.folder.path / "pictures.jsonl").write_text(entries * times)
        tracemalloc.start()
        images = (found.image for found in read_accepted(run))
        write(tmp_path / "out", AnnotationStream(run.class_map, images))  # type: ignore[operator]
        _, high = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return high

    peak(1)
    assert peak(20) < peak(2) + 50_000


def test_provenance_tells_the_run_and_every_model(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    described = fake.run.describe()
    described["space"] |= {"encoder": "embedded", "weights": "a" * 64}
    (fake.run.path / "run.json").write_text(json.dumps(described))
    told = tell_provenance(fake.finish(), "cvat", Counts(3, 7, 1))
    assert told["run"]["fingerprint"] == "f" * 64
    assert (told["format"], told["pictures"], told["instances"], told["pictures_left_out"]) == (
        "cvat",
        3,
        7,
        1,
    )
    encoder, proposer = told["models"]
    assert encoder["weights_sha256"] == "a" * 64
    assert encoder["licence"] == "Apache-2.0 (weights that ship with Lydite)"
    assert (proposer["role"], proposer["name"]) == ("proposer", "regions")
    assert proposer["licence"].startswith("Apache-2.0")
    described["settings"]["proposer"] = "something else"
    (fake.run.path / "run.json").write_text(json.dumps(described))
    told = tell_provenance(FinishedRun.open(fake.run.path), "cvat", Counts(0, 0, 0))
    assert told["models"][1]["licence"] == "unknown: see the model's page"
