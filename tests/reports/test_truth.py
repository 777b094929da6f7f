"""Pages that know the truth mark what was missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lydite.core import ClassMap, ItemId, Masks
from lydite.metrics import ImageTruth
from lydite.reports import Truth, write_run_pages
from lydite.reports.truth import Compared, compare
from reports.fake_run import FakeRun
from reports.html_check import read_pages


@pytest.mark.parametrize("with_masks", [True, False])
def test_misses_are_drawn_and_figures_are_shown(tmp_path: Path, with_masks: bool) -> None:
    run = FakeRun(tmp_path)
    detection = run.add()
    run.add()
    found = detection.candidates.masks[detection.decisions.accepted][:1]
    label = int(detection.decisions.labels[detection.decisions.accepted][0])
    dense = np.zeros((1, 48, 64), bool)
    dense[0, 0:2, 0:2] = True
    masks = Masks.concatenate([found, Masks.from_dense(dense)], (48, 64))
    there = ImageTruth("a", masks.boxes, masks if with_masks else None, np.array([label, 0]))
    truth = Truth({ItemId.parse(run.records[0].item): there}, {"precision": 0.25, "AP50": 0.75})
    index = write_run_pages(run.run, run.records, truth=truth)
    pages = read_pages(index.parent)
    missed = {
        name: page.find("g", **{"class": "miss"}) for name, page in pages.items() if "pictures/" in name
    }
    assert sorted(len(groups) for groups in missed.values()) == [0, 1]
    assert "1 missed" in pages["gallery-1.html"].text()
    accepted = int(detection.decisions.accepted.sum())
    assert f"1 found, {accepted - 1} invented, 1 missed" in pages["gallery-1.html"].text()
    counts = pages["index.html"].text("div", **{"class": "count"})
    assert counts == f"found1\ninvented{accepted - 1}\nmissed1"
    assert pages["index.html"].text("div", **{"class": "metric"}) == "precision0.250\nAP500.750"


def test_invented_instances_are_marked_where_they_are_drawn_and_listed(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    detection = run.add()
    accepted = detection.decisions.accepted
    found = detection.candidates.masks[accepted][:1]
    there = ImageTruth("a", found.boxes, found, detection.decisions.labels[accepted][:1])
    truth = Truth({ItemId.parse(run.records[0].item): there}, {"f1": 0.5})
    pages = read_pages(write_run_pages(run.run, run.records, truth=truth).parent)
    (page,) = [page for name, page in pages.items() if "pictures/" in name]
    invented = int(accepted.sum()) - 1
    assert invented > 0
    assert len(page.find("g", **{"class": "invented"})) == invented
    assert len(page.find("tbody", **{"class": "invented"})) == invented
    assert page.text("span", **{"class": "badge"}).splitlines() == ["✕ invented"] * invented
    assert page.find("input", name="invented")
    assert page.find("input", name="misses")
    assert "F10.500" in pages["index.html"].text("div", **{"class": "metric"})
    assert "IoU of at least 0.5" in pages["index.html"].text()


def test_an_instance_of_the_wrong_class_is_invented_and_the_object_missed() -> None:
    masks = Masks.from_dense(np.ones((1, 4, 4), bool))
    there = ImageTruth("a", masks.boxes, masks, np.array([1]))
    corners = {"x0": [0.0], "y0": [0.0], "x1": [4.0], "y1": [4.0]}
    classes = ClassMap(("apple", "pear"))
    wrong = pl.DataFrame({"class": ["apple"], "rank": [0.5], **corners})
    right = wrong.with_columns(pl.lit("pear").alias("class"))
    assert compare(there, wrong, masks, classes) == Compared(0, (0,), (0,))
    assert compare(there, right, masks, classes) == Compared(1, (), ())


def test_without_annotations_nothing_is_said_about_misses(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add()
    index = write_run_pages(run.run, run.records, truth=Truth({}))
    pages = read_pages(index.parent)
    assert all(word not in page.text("main") for page in pages.values() for word in ("missed", "invented"))
