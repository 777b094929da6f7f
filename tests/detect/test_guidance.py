"""Peaks stand where the examples are, and components around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.eyes import ColourEncoder
from lydite.core import Masks
from lydite.detect import Bank, build_bank, find_exemplars
from lydite.detect.guidance import (
    Guide,
    LikenessMap,
    find_peaks,
    find_prompts,
    grow_components,
    measure_likeness,
)
from lydite.detect.proposal_settings import SimilaritySettings
from lydite.detect.settings import ScoringSettings
from lydite.features import pool
from pictures import BLUE, GREEN, RED, Pixels, disc, ground, save, square, write_examples

DISCS = ((36, 36), (110, 80))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    root = tmp_path_factory.mktemp("guidance")
    positive = write_examples(root / "positive", {"red": RED}, count=3)
    for k, colour in enumerate((BLUE, GREEN)):
        save(square(ground((64, 64), k), (0, 0), 64, colour), root / "negative" / f"{k}.jpg")
    save(ground((64, 64), 5), root / "negative" / "ground.jpg")
    return build_bank(find_exemplars(positive, root / "negative"), ColourEncoder(), 1.0)


def scene() -> Pixels:
    pixels = ground((120, 160), 1)
    for xy in DISCS:
        pixels = disc(pixels, xy, 16, RED)
    return square(pixels, (120, 10), 26, BLUE)


@pytest.fixture(scope="module")
def guide(bank: Bank) -> Guide:
    return Guide(ColourEncoder().encode(scene()), bank, ScoringSettings())


def test_a_cell_is_scored_like_a_mask_over_it(guide: Guide) -> None:
    (one,) = measure_likeness(guide, [0.01])
    rows, columns = guide.feature_map.grid_hw
    dense = np.zeros((1, 120, 160), bool)
    dense[0, 4 * 8 : 5 * 8, 3 * 8 : 4 * 8] = True
    assert (rows, columns, one.window) == (15, 20, 1)
    known = guide.likeness(pool(guide.feature_map, Masks.from_dense(dense), ("a",)))
    assert one.values[4, 3] == pytest.approx(known[0], abs=1e-5)


def test_a_window_is_scored_like_a_mask_over_its_cells(guide: Guide) -> None:
    (one,) = measure_likeness(guide, [0.2])
    dense = np.zeros((1, 120, 160), bool)
    dense[0, 3 * 8 : 6 * 8, 2 * 8 : 5 * 8] = True
    assert one.window == 3
    known = guide.likeness(pool(guide.feature_map, Masks.from_dense(dense), ("a",)))
    assert one.values[4, 3] == pytest.approx(known[0], abs=1e-4)


def test_examples_at_more_sizes_change_no_map(guide: Guide, bank: Bank) -> None:
    """Another vector at a second size would draw every window nearer; windows have sizes of their own."""
    assert bank.negatives is not None
    turned, others = (np.roll(known.vectors, 1, axis=1)[None] for known in (bank.positives, bank.negatives))
    known = replace(guide, bank=replace(bank, positive_sizes=turned, negative_sizes=others))
    for one, two in zip(measure_likeness(guide, [0.1]), measure_likeness(known, [0.1]), strict=True):
        np.testing.assert_array_equal(one.values, two.values)


def test_scales_that_come_to_one_window_come_once(guide: Guide) -> None:
    assert [one.window for one in measure_likeness(guide, (0.2, 0.01, 0.02, 0.21))] == [1, 3]


def test_the_first_peaks_stand_on_the_things(guide: Guide) -> None:
    maps = measure_likeness(guide, (0.02, 0.1))
    first, second = find_peaks(maps, 2)
    for xy in DISCS:
        assert any(np.hypot(p.x - xy[0], p.y - xy[1]) < 16 for p in (first, second))
    assert find_peaks(maps, 1) == [first]
    assert all(0 < peak.rise <= 1 for peak in find_peaks(maps, 100))


def test_a_flat_map_has_no_peaks() -> None:
    flat = LikenessMap(np.full((8, 8), 0.25, np.float32), 1, (64, 64))
    assert find_peaks([flat], 10) == []
    assert find_peaks([], 10) == []


def test_a_component_holds_its_peak_and_shrinks_with_the_level(guide: Guide) -> None:
    maps = measure_likeness(guide, (0.1,))
    peaks = find_peaks(maps, 2)
    grown = list(grow_components(maps, peaks, (0.3, 0.6, 0.9)))
    assert len(grown) == 6
    for peak, trio in zip(peaks, (grown[:3], grown[3:]), strict=True):
        areas = [one.mask.sum() for one in trio]
        assert areas == sorted(areas, reverse=True)
        for one in trio:
            assert one.canvas_hw == (120, 160)
            assert one.mask[int(peak.y) - one.top, int(peak.x) - one.left]
            assert 0 < one.contrast <= 1


def test_prompts_are_points_or_boxes_in_the_picture(guide: Guide) -> None:
    settings = SimilaritySettings(similarity_peaks=5)
    points = find_prompts(guide, settings, boxes=False)
    boxes = find_prompts(guide, settings, boxes=True)
    assert points.shape[1] == 2
    assert boxes.shape[1] == 4
    assert 2 <= len(points) <= 5
    assert 1 <= len(boxes) <= 5
    assert (points >= 0).all()
    assert (points < (160, 120)).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (boxes >= 0).all()
    assert (boxes <= (160, 120, 160, 120)).all()
