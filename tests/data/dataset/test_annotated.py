"""Versions and annotations: every format that is read comes in, every one that is written goes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset.made import draw_picture
from lydite.core import Boxes, ClassMap, Masks
from lydite.data.annotations import AnnotatedImage, AnnotationSet
from lydite.data.dataset import (
    DatasetVersion,
    Wanted,
    diff,
    from_annotations,
    merge,
    read_pictures,
    read_source,
    to_annotations,
)
from lydite.data.formats import FORMATS, TARGETS

SIZE = (24, 32)
CLASSES = ClassMap(("Äpfel", "bird"))
NAMES = ("a.png", "ünder/b.png", "empty.png")
WITH_IDS = {"coco", "cvat", "label-studio"}


def _annotations() -> AnnotationSet:
    dense = np.zeros((2, *SIZE), np.bool_)
    dense[0, 3:9, 4:12] = True
    dense[0, 5, 6] = False
    masks = Masks.from_dense(dense)
    boxes = Boxes(np.array([[4, 3, 12, 9], [1.5, 2, 20.25, 21]], np.float32))
    images = [
        AnnotatedImage(
            name,
            SIZE,
            boxes,
            np.array([1, 0]),
            masks,
            occluded=np.array([True, False]),
            attributes=({"worn": "yes"}, {}),
        )
        for name in NAMES[:2]
    ]
    empty = AnnotatedImage(NAMES[2], SIZE, Boxes.empty(), np.zeros(0, np.int64))
    return AnnotationSet(CLASSES, (*images, empty))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for seed, name in enumerate(NAMES):
        draw_picture(tmp_path / "images" / name, seed, SIZE)
    return tmp_path / "images"


@pytest.fixture
def first(pictures: Path) -> DatasetVersion:
    intake = read_pictures(from_annotations(_annotations(), "s", pictures))
    return DatasetVersion.begin(intake, "me", "why")


def test_annotations_come_back_as_they_were(first: DatasetVersion) -> None:
    before = {image.path: image for image in _annotations().images}
    stream = to_annotations(first)
    assert stream.class_map == CLASSES
    for image in stream.images:
        old = before.pop(image.path)
        assert image.size_hw == old.size_hw
        assert np.array_equal(image.boxes.xyxy, old.boxes.xyxy)
        assert np.array_equal(image.labels, old.labels)
        assert np.array_equal(image.occluded, old.occluded)
        assert image.attributes == old.attributes
        assert (image.masks is None) == (old.masks is None)
        if image.masks is not None and old.masks is not None:
            assert np.array_equal(image.masks.runs, old.masks.runs)
    assert not before


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_format_goes_out_and_comes_back(first: DatasetVersion, pictures: Path, target: str) -> None:
    out = pictures.parent / "out"
    out.mkdir()
    TARGETS[target].write(out / TARGETS[target].file, to_annotations(first))
    read = {"voc": out / "Annotations", "yolo": out / "labels"}.get(
        TARGETS[target].format, out / TARGETS[target].file
    )
    wanted = Wanted("s", TARGETS[target].format, pictures)
    back = read_pictures(read_source(read, wanted))
    assert back.items["image"].null_count() == 0
    after = merge(first, back, "me", "back")
    assert set(after.items["item"]) == {f"s:{name}" for name in NAMES}
    assert after.info.regions == 4
    counts = diff(first, after).regions.counts
    if TARGETS[target].format in WITH_IDS:
        assert set(counts) <= {"redrawn", "other attributes", "other flags"}  # the same regions
    if target == "coco":
        assert after is first
    centres = [(v.regions["x0"] + v.regions["x1"]).sort().round(1) for v in (first, after)]
    assert centres[0].equals(centres[1])


def test_every_format_is_tried() -> None:
    assert {target.format for target in TARGETS.values()} == set(FORMATS) - {"cvat-video"}  # read only


def test_a_prediction_is_no_label(pictures: Path) -> None:
    image = replace(_annotations().images[0], scores=np.array([0.9, np.nan]))
    found = AnnotationSet(CLASSES, (image,))
    refused = from_annotations(found, "s", pictures, file="x.json")
    assert len(refused.regions) == 1
    assert "1 regions with a machine's score: a prediction is no label" in refused.report["what"].to_list()
    assert len(from_annotations(found, "s", pictures, accept_scored=True).regions) == 2


def test_several_sources_are_told_apart(first: DatasetVersion, pictures: Path) -> None:
    other = from_annotations(_annotations(), "t", pictures, split_of=lambda _: "val")
    both = merge(first, read_pictures(other), "me", "more")
    assert {image.path for image in to_annotations(both).images} == {f"{s}/{n}" for s in "st" for n in NAMES}
    assert {image.path for image in to_annotations(both, source="t").images} == set(NAMES)
    assert {image.path for image in to_annotations(both, split="val").images} == set(NAMES)


def test_a_picture_of_another_size_loses_its_regions_and_says_so(pictures: Path) -> None:
    draw_picture(pictures / NAMES[0], 9, (32, 24))
    intake = read_pictures(from_annotations(_annotations(), "s", pictures))
    assert intake.items.filter(pl.col("item") == f"s:{NAMES[0]}").select("height", "width").row(0) == (32, 24)
    assert set(intake.regions["item"]) == {f"s:{NAMES[1]}"}
    assert any("drawn on 32x24 pixels, the picture has 24x32" in what for what in intake.report["what"])


def test_names_that_leave_the_folder_or_are_the_same_are_refused(pictures: Path) -> None:
    images = _annotations().images
    twice = replace(images[0], path="u\u0308nder/b.png")
    outside = replace(images[0], path="a/../../b.png")
    found = AnnotationSet(CLASSES, (images[1], twice, outside))
    intake = from_annotations(found, "s", pictures)
    assert len(intake.items) == 1
    told = " ".join(intake.report.filter(pl.col("kind") == "refused")["what"])
    assert "a second picture s:ünder/b.png" in told
    assert "below its root" in told
