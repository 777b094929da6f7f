from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from detect.regions.drawn import Mask, Pixels, disc, iou, noise, paint, square
from lydite.core import Candidates, ItemId
from lydite.detect.proposers.regions import RegionProposer
from lydite.detect.regions import RegionSettings
from support import measuring_data

ITEM = ItemId("drawn", "picture.png")
RED, BLUE, GREEN = (190, 40, 40), (40, 60, 190), (60, 160, 60)
SIZE = (240, 320)


def propose(pixels: Pixels, **settings: object) -> Candidates:
    return RegionProposer(RegionSettings.model_validate(settings)).propose(pixels, ITEM)


def best(candidates: Candidates, truth: Mask) -> float:
    return max((iou(mask, truth) for mask in candidates.masks), default=0.0)


def scene() -> Pixels:
    return paint(SIZE, [(disc(SIZE, (90, 90), 40), RED), (square(SIZE, (180, 120), 80), BLUE)])


def test_the_laws_hold_on_any_picture() -> None:
    for pixels in (scene(), noise((90, 130)), noise((700, 900), 1)[::1, ::1]):
        found = propose(pixels, min_region_px=30, max_region_frac=0.5, max_candidates=400)
        areas = found.masks.areas
        assert 0 < len(found) <= 400
        assert found.size_hw == pixels.shape[:2]
        assert areas.min() >= 30
        assert areas.max() <= 0.5 * pixels.shape[0] * pixels.shape[1]
        assert np.array_equal(found.boxes.xyxy, found.masks.boxes.xyxy)
        assert found.numbers.tolist() == list(range(len(found)))
        assert found.quality.min() >= 0
        assert found.quality.max() <= 1
        assert found.quality[0] == found.quality.max()
        assert len({tuple(found.masks.to_counts(row)) for row in range(len(found))}) == len(found)


def test_the_same_picture_gives_the_same_candidates() -> None:
    first, second = propose(scene()), propose(scene())
    assert np.array_equal(first.masks.runs, second.masks.runs)
    assert np.array_equal(first.quality, second.quality)
    assert first.origins == second.origins


def test_a_smaller_cap_gives_the_first_of_a_larger_ones() -> None:
    few, many = propose(scene(), max_candidates=40), propose(scene(), max_candidates=160)
    assert len(few) == 40
    assert np.array_equal(few.masks.runs, many[:40].masks.runs)
    assert np.array_equal(few.quality, many[:40].quality)


def test_near_equal_masks_come_once() -> None:
    found = propose(paint((320, 640), [(disc((320, 640), (200, 160), 70), RED)]), max_candidates=200)
    dense = found.masks.to_dense().reshape(len(found), -1).astype(np.float32)
    common = dense @ dense.T
    areas = found.masks.areas
    overlap = common / (areas[:, None] + areas[None] - common)
    np.fill_diagonal(overlap, 0)
    assert overlap.max() < 0.95


def test_a_disc_in_a_square_and_the_square_are_both_found() -> None:
    outer, inner = square(SIZE, (100, 60), 120), disc(SIZE, (160, 120), 30)
    found = propose(paint(SIZE, [(outer, BLUE), (inner, RED)]), max_candidates=100)
    assert best(found, outer) > 0.9
    assert best(found, inner) > 0.9


def test_touching_discs_of_two_colours_are_told_apart() -> None:
    left, right = disc(SIZE, (110, 120), 40), disc(SIZE, (190, 120), 40)
    found = propose(paint(SIZE, [(left, RED), (right, GREEN)]), max_candidates=100)
    assert best(found, left) > 0.9
    assert best(found, right) > 0.9


def test_a_disc_of_twelve_pixels_in_a_large_picture_is_found() -> None:
    truth = disc((480, 640), (301, 217), 6)
    assert best(propose(paint((480, 640), [(truth, RED)])), truth) > 0.6


def test_masks_of_large_and_of_small_pictures_fit_their_own_pixels() -> None:
    for size, centre, radius in (((1200, 1600), (700, 500), 210), ((60, 80), (40, 30), 14)):
        truth = disc(size, centre, radius)
        assert best(propose(paint(size, [(truth, RED)]), max_candidates=50), truth) > 0.9


@pytest.mark.parametrize(
    "size_hw", [(1, 1), (1, 2), (3, 3), (1, 5000), (5000, 1), (2, 40000), (2500, 3000)], ids=str
)
def test_pictures_of_every_size_are_borne(size_hw: tuple[int, int]) -> None:
    found = propose(noise(size_hw), max_candidates=20)
    assert found.size_hw == size_hw
    assert len(found) == 0 or found.masks.areas.min() >= 16


@pytest.mark.parametrize("value", [0, 7, 128, 255])
def test_a_picture_of_one_colour_has_nothing_in_it(value: int) -> None:
    assert len(propose(np.full((120, 160, 3), value, np.uint8))) == 0


def test_a_grey_picture_works_like_any_other() -> None:
    truth = disc(SIZE, (150, 110), 50)
    assert best(propose(paint(SIZE, [(truth, (210, 210, 210))]), max_candidates=100), truth) > 0.9


@pytest.mark.parametrize("source", ["edge", "colour", "texture", "blob"])
def test_every_source_alone_finds_a_plain_disc(source: str) -> None:
    truth = disc(SIZE, (150, 110), 50)
    found = propose(paint(SIZE, [(truth, RED)]), sources=[source])
    assert set(found.origins) == {f"regions/{source}"}
    assert best(found, truth) > 0.85


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("long_side", 200),
        ("superpixels", 200),
        ("sources", ["edge"]),
        ("max_candidates", 50),
        ("min_region_px", 300),
        ("max_region_frac", 0.02),
        ("region_duplicate_iou", 0.6),
    ],
)
def test_every_setting_changes_the_candidates(field: str, value: object) -> None:
    small: dict[str, object] = {"long_side": 320}
    usual, changed = propose(scene(), **small), propose(scene(), **small | {field: value})
    assert not np.array_equal(usual.masks.runs, changed.masks.runs)


def test_every_setting_is_among_those_tried() -> None:
    tried = {"long_side", "superpixels", "sources", "max_candidates", "min_region_px", "max_region_frac"}
    assert set(RegionSettings.model_fields) == tried | {"region_duplicate_iou"}


@pytest.mark.data
def test_most_nuclei_of_real_pictures_are_found() -> None:
    folders = sorted(path for path in measuring_data("data", "nuclei").iterdir() if path.is_dir())[:6]
    overlaps: list[float] = []
    for folder in folders:
        picture = next((folder / "images").iterdir())
        found = propose(np.asarray(Image.open(picture).convert("RGB")))
        dense = found.masks.to_dense()
        areas = found.masks.areas
        for path in sorted((folder / "masks").iterdir()):
            truth = np.asarray(Image.open(path).convert("L")) > 0
            common = np.count_nonzero(dense[:, truth], axis=1)
            overlaps.append(float((common / (areas + np.count_nonzero(truth) - common)).max()))
    assert np.mean(np.array(overlaps) >= 0.5) > 0.7
