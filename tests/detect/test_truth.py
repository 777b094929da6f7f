"""A truth beside a run: formats, names, pictures; nothing is left out in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detect.finished_runs import own_truth
from lydite.core import InputError, ItemId, UnknownName, UsageError
from lydite.detect.evaluation import choose_iou_type
from lydite.detect.finished import FinishedRun
from lydite.detect.store import masks_of
from lydite.detect.truth import RunTruth, TruthSource, read_truth
from reports.fake_run import FakeRun


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeRun:
    made = FakeRun(tmp_path_factory.mktemp("truth"))
    for _ in range(3):
        made.add()
    return made


@pytest.fixture(scope="module")
def run(fake: FakeRun) -> FinishedRun:
    return fake.finish()


def boxes_of(truth: RunTruth) -> dict[str, list[list[float]]]:
    return {p.record.item: np.round(p.truth.boxes.xyxy, 1).tolist() for p in truth.pictures}


def write_voc(fake: FakeRun) -> Path:
    folder = fake.root / "voc"
    folder.mkdir(exist_ok=True)
    for record in fake.records:
        rows, (height, width) = fake.accepted(record), record.size_hw
        boxes = masks_of(rows, record.size_hw).boxes.to_voc().astype(int).tolist()
        things = "".join(
            f"<object><name>{name}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax>"
            f"<ymax>{y1}</ymax></bndbox></object>"
            for name, (x0, y0, x1, y1) in zip(rows["class"], boxes, strict=True)
        )
        name = ItemId.parse(record.item).path
        (folder / name).with_suffix(".xml").write_text(
            f"<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height>"
            f"</size>{things}</annotation>"
        )
    return folder


def write_yolo(fake: FakeRun) -> Path:
    folder = fake.root / "yolo"
    folder.mkdir(exist_ok=True)
    (folder / "classes.txt").write_text("\n".join(fake.classes))
    for record in fake.records:
        rows = fake.accepted(record)
        boxes = masks_of(rows, record.size_hw).boxes.to_yolo(record.size_hw).tolist()
        lines = [
            " ".join(map(str, [list(fake.classes).index(name), *box]))
            for name, box in zip(rows["class"], boxes, strict=True)
        ]
        (folder / ItemId.parse(record.item).path).with_suffix(".txt").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(("write", "name"), [(write_voc, "voc"), (write_yolo, "yolo")])
def test_every_format_says_the_same(
    fake: FakeRun, run: FinishedRun, write: Callable[[FakeRun], Path], name: str
) -> None:
    coco = read_truth(TruthSource(own_truth(fake)), run)
    other = read_truth(TruthSource(write(fake), images=fake.root / "pictures"), run)
    assert (coco.format, other.format) == ("coco", name)
    assert boxes_of(other) == boxes_of(coco)
    assert choose_iou_type(coco) == "segm"
    assert choose_iou_type(other) == "bbox"
    assert choose_iou_type(coco, "box") == "bbox"
    with pytest.raises(InputError, match=r"Masks cannot be compared: \d+ true instances have only a box"):
        choose_iou_type(other, "mask")


def test_the_format_may_be_named(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake)
    assert read_truth(TruthSource(path, "coco"), run).format == "coco"
    with pytest.raises(
        UnknownName, match=r"There is no annotation format named 'koko'\. Did you mean .*'coco'"
    ):
        read_truth(TruthSource(path, "koko"), run)


def test_pictures_on_one_side_only_are_named(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake, only=2)
    content = json.loads(path.read_text())
    content["images"].append({"id": 99, "file_name": "unseen.png", "width": 9, "height": 9})
    path.write_text(json.dumps(content))
    left = read_truth(TruthSource(path), run).left_out
    assert left.without_truth == ("pictures:picture-0002.png",)
    assert left.without_picture == ("unseen.png",)


def test_bad_rows_are_named(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake)
    content = json.loads(path.read_text())
    content["annotations"][0]["category_id"] = 77
    path.write_text(json.dumps(content))
    (problem,) = read_truth(TruthSource(path), run).left_out.problems
    assert "annotations[0].category_id is the id of no known category. Seen: 77" in problem


def test_classes_that_one_side_does_not_know_are_counted(fake: FakeRun, run: FinishedRun) -> None:
    left = read_truth(TruthSource(own_truth(fake, classes=("apple", "plum"))), run).left_out
    pears = sum((fake.accepted(record)["class"] == "pear").sum() for record in fake.records)
    assert left.unknown_classes == {"plum": pears}
    assert left.untold_classes == ("pear",)


def test_classes_are_renamed_and_merged(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake, classes=("Golden", "Russet"))
    truth = read_truth(TruthSource(path, renames={"Golden": "apple", "Russet": "apple"}), run)
    assert {int(label) for p in truth.pictures for label in p.truth.labels} == {0}
    with pytest.raises(UnknownName, match=r"There is no class named 'Goldn'\. Did you mean 'Golden'"):
        read_truth(TruthSource(path, renames={"Goldn": "apple"}), run)
    with pytest.raises(
        InputError, match=r"has no class in common with the run\. Rename its classes with --map"
    ):
        read_truth(TruthSource(path), run)


def test_names_that_differ_by_spelling_are_asked_about(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake, classes=("Apple", "pear"))
    with pytest.raises(UsageError, match=r"differ by their spelling alone\. If .* --map Apple=apple"):
        read_truth(TruthSource(path), run)


def test_another_size_is_another_picture(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake, masks=False)
    path.write_text(path.read_text().replace('"width": 64', '"width": 65'))
    with pytest.raises(InputError, match=r"has 65x48 pixels in the truth and 64x48 in the run"):
        read_truth(TruthSource(path), run)


def test_no_picture_in_common(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake)
    path.write_text(path.read_text().replace("picture-", "photo-"))
    with pytest.raises(InputError, match=r"speaks of no picture of the run\. File names must agree"):
        read_truth(TruthSource(path), run)


def test_patterns_of_what_is_not_exhaustive(fake: FakeRun, run: FinishedRun) -> None:
    path = own_truth(fake)
    truth = read_truth(TruthSource(path, not_exhaustive=("*-0001.*",)), run)
    assert [picture.exhaustive for picture in truth.pictures] == [True, False, True]
    with pytest.raises(UsageError, match=r"No picture of the truth fits --not-exhaustive 'x\*'"):
        read_truth(TruthSource(path, not_exhaustive=("x*",)), run)
