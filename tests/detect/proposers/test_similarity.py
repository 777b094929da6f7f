"""What looks like the examples is proposed first, from one look of any encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detect.eyes import ColourEncoder
from detect.proposers.given import SMALL
from lydite.core import Candidates, ItemId
from lydite.data import load_image
from lydite.detect import Detection, Detector, build_bank, find_exemplars, resolve
from lydite.detect.guidance import Guide
from lydite.detect.proposers import build_proposer
from lydite.detect.proposers.similarity import SimilarityProposer
from lydite.detect.store import to_table
from lydite.features import VectorCache
from pictures import GREEN, RED, write_examples, write_scene
from support import need_module

ITEM = ItemId("images", "scene.png")
THINGS = {"red": ((35, 35, 16), (110, 80, 20)), "green": ((50, 90, 14),)}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("similarity")
    write_examples(folder / "positive", {"red": RED, "green": GREEN}, count=2)
    write_scene(folder / "scene.png")
    return folder


def detect(root: Path, **options: Any) -> Detection:
    settings = resolve(options=SMALL | {"proposer": "similarity"} | options)
    return Detector.from_folders(root / "positive", settings=settings).detect_file(root / "scene.png")


def best_iou(found: Candidates, x: int, y: int, radius: int) -> float:
    rows, columns = np.mgrid[:120, :160]
    truth = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    return max(float((mask & truth).sum() / (mask | truth).sum()) for mask in found.masks)


@pytest.mark.parametrize("encoder", ["descriptor", "embedded"])
def test_every_thing_is_among_the_candidates(root: Path, encoder: str) -> None:
    found = detect(root, encoder=encoder, short_side=256).candidates
    for circles in THINGS.values():
        assert all(best_iou(found, *circle) > 0.7 for circle in circles)
    assert {origin.split("/")[0] for origin in found.origins} == {"similarity"}
    assert {origin.split("/")[1] for origin in found.origins} <= {"peak", "snapped", "component", "rest"}
    counts = {tuple(found.masks.to_counts(row)) for row in range(len(found))}
    assert len(counts) == len(found)


def test_other_regions_come_last(root: Path) -> None:
    guided = detect(root, similarity_fill=0).candidates
    assert not any(origin == "similarity/rest" for origin in guided.origins)
    for most in (len(guided) + 10, 1000):
        filled = detect(root, similarity_fill=most).candidates
        assert len(guided) < len(filled) <= most
        assert filled.origins[: len(guided)] == guided.origins
        assert set(filled.origins[len(guided) :]) == {"similarity/rest"}
        assert np.array_equal(filled.boxes.xyxy[: len(guided)], guided.boxes.xyxy)


def test_things_are_found_and_named(root: Path) -> None:
    found = detect(root)
    assert sorted(instance.class_name for instance in found.instances) == ["green", "red", "red"]


def test_the_encoder_looks_once(root: Path) -> None:
    settings = resolve(options=SMALL | {"proposer": "similarity"})
    encoder = ColourEncoder()
    bank = build_bank(find_exemplars(root / "positive"), encoder)
    looks = len(encoder.looks)
    Detector(settings, encoder, build_proposer(settings), bank).detect_file(root / "scene.png")
    assert len(encoder.looks) == looks + 1


def test_a_cache_changes_no_number(root: Path, tmp_path: Path) -> None:
    settings = resolve(options=SMALL | {"proposer": "similarity"})
    plain = Detector.from_folders(root / "positive", settings=settings)
    cached = Detector.from_folders(root / "positive", settings=settings, cache=VectorCache(tmp_path))
    tables = [to_table(d.detect_file(root / "scene.png")) for d in (plain, cached, cached)]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_without_regions_the_components_stand_alone(root: Path) -> None:
    encoder = ColourEncoder()
    bank = build_bank(find_exemplars(root / "positive"), encoder)
    settings = resolve(options=SMALL | {"min_region_px": 19200, "max_region_frac": 0.001})
    pixels = load_image(root / "scene.png").pixels
    guide = Guide(encoder.encode(pixels), bank, settings.scoring)
    nothing = build_proposer(settings)
    found = SimilarityProposer(settings.similarity, nothing).propose_guided(pixels, ITEM, guide)  # type: ignore[arg-type]
    assert len(found) > 0
    assert set(found.origins) == {"similarity/component"}
    assert all(best_iou(found, *circle) > 0.4 for circle in THINGS["red"])


def test_a_picture_of_one_pixel_is_no_accident(root: Path) -> None:
    settings = resolve(options=SMALL | {"proposer": "similarity"})
    detector = Detector.from_folders(root / "positive", settings=settings)
    guide = Guide(detector.encoder.encode(np.zeros((1, 1, 3), np.uint8)), detector.bank, settings.scoring)
    proposer = detector.proposer
    assert isinstance(proposer, SimilarityProposer)
    assert len(proposer.propose_guided(np.zeros((1, 1, 3), np.uint8), ITEM, guide)) <= 1


@pytest.mark.torch
@pytest.mark.parametrize("prompts", ["points", "boxes"])
@pytest.mark.parametrize("name", ["sam", "sam2", "sam_hq", "edgetam", "sam3_tracker"])
def test_peaks_are_prompts_of_a_segmenter(root: Path, tmp_path: Path, name: str, prompts: str) -> None:
    need_module("torchvision")
    need_module("transformers")
    from detect.segment.tiny import save_segmenter

    folder = save_segmenter(name, tmp_path / name)
    options: dict[str, Any] = {"pred_iou": 0, "stability": 0, "box_nms": 1, "sam_min_region_px": 0}
    chosen = {"proposer": name, "sam_checkpoint": folder, "sam_prompts": prompts, "similarity_peaks": 4}
    found = detect(root, **options, **chosen)
    most = 4 * 3 if prompts == "points" else 4
    assert 1 <= len(found.candidates) <= most
    assert set(found.candidates.origins) == {f"{name}/{ {'points': 'point', 'boxes': 'box'}[prompts] }"}
    smaller = detect(root, **options, **chosen, sam_long_side=50)
    assert smaller.candidates.size_hw == (120, 160)
