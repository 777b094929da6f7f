"""Pages that know the truth mark what was missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lydite.core import ItemId, Masks
from lydite.metrics import ImageTruth
from lydite.reports import Truth, write_run_pages
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
    assert pages["index.html"].text("div", **{"class": "metric"}) == "precision0.250\nAP500.750"


def test_without_annotations_nothing_is_said_about_misses(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add()
    index = write_run_pages(run.run, run.records, truth=Truth({}))
    assert all("missed" not in page.text("main") for page in read_pages(index.parent).values())
