"""Real architectures with random weights, from a saved folder to the exported file."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco

from support import need_module

need_module("torch")
need_module("torchvision")
need_module("transformers")

from cli.support_cli import detect  # noqa: E402
from detect.segment.tiny import TINY, save_segmenter  # noqa: E402
from lydite.core import ItemId  # noqa: E402
from lydite.data import load_image  # noqa: E402
from lydite.detect import DetectSettings, resolve  # noqa: E402
from lydite.detect.proposers import build_proposer  # noqa: E402
from lydite.detect.segment import SegmentProposer  # noqa: E402
from pictures import GREEN, RED, write_examples, write_scene  # noqa: E402

pytestmark = pytest.mark.torch

OPEN: dict[str, Any] = {
    "pred_iou": 0,
    "stability": 0,
    "box_nms": 1,
    "crop_nms": 1,
    "sam_min_region_px": 0,
    "points_per_side": 4,
    "crop_layers": 0,
}
"""Thresholds of the segmenter out of the way: random weights are sure of nothing."""
ACCEPT_ALL = {
    "min_quality": 0,
    "max_surround": 1,
    "duplicate_iou": 1,
    "min_area_frac": 0,
    "max_area_frac": 1,
    "nms_iou": 1,
    "nested_ios": 1,
}
"""And those of the rules."""


def options(values: dict[str, Any]) -> list[str]:
    return [str(part) for name, value in values.items() for part in ("--" + name.replace("_", "-"), value)]


def blind(settings: DetectSettings) -> SegmentProposer:
    proposer = build_proposer(settings)
    assert isinstance(proposer, SegmentProposer)
    return proposer


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("family")
    write_examples(root / "positive", {"red": RED, "green": GREEN}, count=2)
    write_scene(root / "scene.png")
    for name in TINY:
        save_segmenter(name, root / name)
    return root


@pytest.mark.parametrize("name", TINY)
def test_at_least_twenty_masks_reach_the_exported_file(name: str, folders: Path, tmp_path: Path) -> None:
    chosen = {"proposer": name, "sam_checkpoint": folders / name, **OPEN, **ACCEPT_ALL}
    outcome = detect(
        folders / "scene.png",
        folders / "positive",
        tmp_path / "out",
        *options(chosen),
        "--no-allow-unknown",
        "--no-pages",
        "--quiet",
    )
    assert outcome.code == 0, outcome.err
    written = json.loads((tmp_path / "out" / "instances.json").read_text())
    assert len(written["annotations"]) >= 20
    height, width = 120, 160
    for row in written["annotations"]:
        rle = row["segmentation"]
        assert rle["size"] == [height, width]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of numpy, inside pycocotools
            mask = coco.decode(rle)
        assert mask.sum() == row["area"] > 0
        x, y, w, h = row["bbox"]
        rows, columns = np.nonzero(mask)
        assert [x, y] == [columns.min(), rows.min()]
        assert [x + w, y + h] == [columns.max() + 1, rows.max() + 1]
    segmentations = {json.dumps(row["segmentation"]) for row in written["annotations"]}
    assert len(segmentations) == len(written["annotations"])
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["proposer"]["name"] == name
    assert run["proposer"]["model"] == name
    assert len(run["proposer"]["weights"]) == 64


def test_candidates_are_best_first_and_say_where_they_come_from(folders: Path) -> None:
    pixels = load_image(folders / "scene.png").pixels
    settings = resolve(options={"proposer": "sam", "sam_checkpoint": folders / "sam", **OPEN})
    found = blind(settings).propose(pixels, ItemId("images", "scene.png"))
    assert len(found) > 20
    assert found.size_hw == (120, 160)
    assert set(found.origins) == {"sam/grid"}
    assert np.all(np.diff(found.quality) <= 0)
    assert found.quality.min() >= 0
    assert found.quality.max() <= 1


def test_a_smaller_long_side_still_gives_masks_of_the_picture(folders: Path) -> None:
    pixels = load_image(folders / "scene.png").pixels
    base = {"proposer": "sam", "sam_checkpoint": folders / "sam", **OPEN}
    item = ItemId("images", "scene.png")
    as_is = blind(resolve(options=base)).propose(pixels, item)
    larger = blind(resolve(options=base | {"sam_long_side": 1000})).propose(pixels, item)
    smaller = blind(resolve(options=base | {"sam_long_side": 50})).propose(pixels, item)
    assert np.array_equal(as_is.masks.runs, larger.masks.runs)
    assert smaller.size_hw == (120, 160)
    assert len(smaller) > 20
    assert not np.array_equal(as_is.masks.runs, smaller.masks.runs)


def test_a_picture_of_one_pixel_is_no_accident(folders: Path) -> None:
    for name in TINY:
        settings = resolve(
            options={"proposer": name, "sam_checkpoint": folders / name, **OPEN, "crop_layers": 1}
        )
        found = blind(settings).propose(np.full((1, 1, 3), 9, np.uint8), ItemId("images", "dot.png"))
        assert found.size_hw == (1, 1)
