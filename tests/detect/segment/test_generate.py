"""Masks of a grid are those of the pipeline where the two must agree, and every option does what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from support import need_module

need_module("torch")
need_module("torchvision")
need_module("transformers")

import transformers  # noqa: E402
from PIL import Image  # noqa: E402

from detect.segment.flood import FloodEye  # noqa: E402
from detect.segment.tiny import TINY, random_segmenter  # noqa: E402
from lydite.core import Boxes  # noqa: E402
from lydite.detect.proposal_settings import SamSettings  # noqa: E402
from lydite.detect.segment.generate import Piece, segment_grid, segment_prompts  # noqa: E402
from lydite.detect.segment.segmenter import Promptable, Segmenter  # noqa: E402
from lydite.metrics.overlap import box_iou  # noqa: E402
from pictures import RED, disc, ground  # noqa: E402

pytestmark = pytest.mark.torch

OPEN = {
    "points_per_side": 4,
    "pred_iou": 0,
    "stability": 0,
    "crop_layers": 0,
    "box_nms": 1,
    "crop_nms": 1,
    "sam_min_region_px": 0,
}
SQUARE = disc(ground((64, 64)), (30, 34), 16, RED)
WIDE = disc(ground((40, 80)), (50, 20), 12, RED)


def segmenter(name: str) -> Segmenter:
    model, processor = random_segmenter(name)
    return Segmenter(model, processor, {})


@pytest.fixture(scope="module")
def sam() -> Segmenter:
    return segmenter("sam")


def grid(asked: Promptable, pixels: npt.NDArray[np.uint8], **options: Any) -> list[Piece]:
    settings = SamSettings.model_validate(OPEN | options)
    return segment_grid(asked, pixels, settings.sam_min_region_px, settings)


def dense(piece: Piece, size_hw: tuple[int, int]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size_hw, bool)
    x0, y0, x1, y1 = piece.box
    mask[y0:y1, x0:x1] = piece.mask
    return mask


@pytest.mark.parametrize("name", TINY)
def test_masks_are_those_of_the_pipeline_on_square_pictures(name: str) -> None:
    model, processor = random_segmenter(name)
    pipeline: Any = transformers.MaskGenerationPipeline(  # type: ignore[no-untyped-call]
        model=model, image_processor=processor
    )
    known = pipeline(
        Image.fromarray(SQUARE),
        points_per_crop=4,
        points_per_batch=64,
        pred_iou_thresh=0,
        stability_score_thresh=0.1,
        crops_n_layers=0,
        crops_nms_thresh=1.0,
    )
    ours = grid(Segmenter(model, processor, {}), SQUARE, stability=0.1)
    pairs = zip(known["masks"], known["scores"].tolist(), strict=True)
    theirs = {(bytes(mask.numpy()), round(score, 5)) for mask, score in pairs if mask.any()}
    assert len(theirs) >= 5
    assert {(bytes(dense(p, (64, 64))), round(p.score, 5)) for p in ours} == theirs


@pytest.mark.parametrize("name", TINY)
def test_points_reach_every_part_of_a_wide_picture(name: str) -> None:
    asked = segmenter(name)
    view = asked.look(WIDE)
    corner = np.array([[80, 40]]) * view.scale_xy
    long_side = 56 if name == "sam3_tracker" else 64
    stretched = name in {"sam2", "edgetam", "sam3_tracker"}
    assert corner.tolist() == [[long_side, long_side if stretched else long_side / 2]]


@pytest.mark.parametrize("name", TINY)
def test_a_batch_of_any_size_gives_the_same_masks(name: str) -> None:
    asked = segmenter(name)
    one, many = (grid(asked, WIDE, points_per_batch=size) for size in (3, 64))
    assert len(one) == len(many) > 20
    same = [np.array_equal(dense(a, (40, 80)), dense(b, (40, 80))) for a, b in zip(one, many, strict=True)]
    assert np.mean(same) > 0.9  # rounding may differ with the batch where a logit is almost 0


@pytest.mark.parametrize("prompts", [[[50.0, 20.0], [10.0, 30.0]], [[38.0, 8.0, 62.0, 32.0], [2, 2, 20, 20]]])
@pytest.mark.parametrize("name", TINY)
def test_prompts_are_answered(name: str, prompts: list[list[float]]) -> None:
    settings = SamSettings.model_validate(OPEN)
    asked = np.array(prompts, np.float32)
    found = segment_prompts(segmenter(name), WIDE, asked, 0, settings)
    assert 1 <= len(found) <= (6 if asked.shape[1] == 2 else 2)
    assert {piece.origin for piece in found} == {"point" if asked.shape[1] == 2 else "box"}
    assert segment_prompts(segmenter(name), WIDE, asked[:0], 0, settings) == []


def test_no_more_points_are_answered_at_a_time_than_asked_for(sam: Segmenter) -> None:
    view = sam.look(WIDE)
    answers = list(sam.ask_points(view, np.full((7, 2), 9, np.float32), 3))
    assert [len(scores) for _, scores in answers] == [9, 9, 3]
    assert [tuple(logits.shape) for logits, _ in answers] == [(9, 40, 80), (9, 40, 80), (3, 40, 80)]


def test_thresholds_let_only_better_masks_through(sam: Segmenter) -> None:
    everything = grid(sam, SQUARE)
    middle = float(np.median([piece.score for piece in everything]))
    surer = grid(sam, SQUARE, pred_iou=max(middle, 0.01))
    assert 0 < len(surer) < len(everything)
    assert min(piece.score for piece in surer) > max(middle, 0.01)
    stable = grid(sam, SQUARE, stability=0.2)
    assert 0 < len(stable) < len(everything)


def test_nms_leaves_no_two_boxes_alike(sam: Segmenter) -> None:
    kept = grid(sam, SQUARE, box_nms=0.5)
    boxes = np.array([piece.box for piece in kept], float)
    assert 0 < len(kept) < len(grid(sam, SQUARE))
    overlap = box_iou(Boxes(boxes.astype(np.float32)), Boxes(boxes.astype(np.float32)))
    np.fill_diagonal(overlap, 0)
    assert overlap.max() <= 0.5


def things() -> npt.NDArray[np.uint8]:
    """A small square between the points of the picture, and a bar that no crop holds whole."""
    pixels = np.full((200, 200, 3), 190, np.uint8)
    pixels[38:46, 38:46] = RED
    pixels[150:170, 10:190] = RED
    return pixels


def boxes_of(pieces: list[Piece], origin: str) -> set[tuple[int, int, int, int]]:
    return {piece.box for piece in pieces if piece.origin == origin}


def test_crops_find_what_falls_between_the_points_and_drop_what_they_cut() -> None:
    looked = grid(FloodEye(), things(), crop_layers=1, points_per_side=8, crop_downscale=1)
    small, bar, ground_box = (38, 38, 46, 46), (10, 150, 190, 170), (0, 0, 200, 200)
    assert boxes_of(looked, "grid") == {bar, ground_box}
    assert boxes_of(looked, "crop1") == {small}


def test_of_two_masks_of_one_thing_the_smaller_crops_stays() -> None:
    pixels = disc(things(), (63, 63), 9, RED)  # now both the grid and the crop hit it
    options = {"crop_layers": 1, "points_per_side": 8, "crop_downscale": 1}
    twice = grid(FloodEye(), pixels, **options, box_nms=0.9)
    (box,) = boxes_of(twice, "grid") & boxes_of(twice, "crop1")
    once = grid(FloodEye(), pixels, **options, box_nms=0.9, crop_nms=0.9)
    assert box in boxes_of(once, "crop1")
    assert box not in boxes_of(once, "grid")


def test_crops_are_asked_less_and_overlap_as_they_should() -> None:
    counts = {}
    for factor, overlap in ((1, 0.3), (2, 0.3), (1, 0.0)):
        eye = FloodEye()
        grid(eye, things(), crop_layers=1, crop_downscale=factor, crop_overlap=overlap)
        counts[factor, overlap] = (eye.asked, eye.looks[1])
    assert counts == {
        (1, 0.3): (16 + 4 * 16, (130, 130)),
        (2, 0.3): (16 + 4 * 4, (130, 130)),
        (1, 0.0): (80, (100, 100)),
    }


def test_small_islands_and_holes_are_mended(sam: Segmenter) -> None:
    import cv2

    for piece in grid(sam, SQUARE, sam_min_region_px=30):
        mask = np.pad(piece.mask, 1).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        assert count == 2 or stats[1:, cv2.CC_STAT_AREA].min() >= 30
    assert any(piece.mended for piece in grid(sam, SQUARE, sam_min_region_px=30))
    assert not any(piece.mended for piece in grid(sam, SQUARE))
