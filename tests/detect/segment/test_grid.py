from __future__ import annotations

import numpy as np
import pytest

from lydite.detect.proposal_settings import SamSettings
from lydite.detect.segment.grid import count_prompts, cut_crops, grid_points, points_in


@pytest.mark.parametrize("size_hw", [(480, 640), (333, 77), (5, 3), (1, 1)])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_crops_of_every_layer_cover_the_picture(size_hw: tuple[int, int], layers: int) -> None:
    crops = list(cut_crops(size_hw, layers, 512 / 1500))
    assert {crop.layer for crop in crops} == set(range(layers + 1))
    for layer in range(layers + 1):
        seen = np.zeros(size_hw, int)
        for crop in crops:
            assert min(crop.size_hw) >= 1
            if crop.layer == layer:
                seen[crop.y0 : crop.y1, crop.x0 : crop.x1] += 1
        assert seen.min() >= 1


def test_neighbours_overlap_by_the_share_asked_for() -> None:
    crops = [crop for crop in cut_crops((300, 600), 1, 0.2) if crop.layer]
    assert len(crops) == 4
    assert sorted({(crop.x0, crop.x1) for crop in crops}) == [(0, 330), (270, 600)]
    assert sorted({(crop.y0, crop.y1) for crop in crops}) == [(0, 180), (120, 300)]


def test_points_stand_in_the_middle_of_equal_cells() -> None:
    points = grid_points((30, 60), 3)
    assert points.tolist() == [[x, y] for y in (5, 15, 25) for x in (10, 30, 50)]


def test_crops_have_fewer_points_but_at_least_one() -> None:
    settings = SamSettings(points_per_side=32, crop_downscale=2)
    counts = {crop.layer: len(points_in(crop, settings)) for crop in cut_crops((480, 640), 2, 0.3)}
    assert counts == {0: 32**2, 1: 16**2, 2: 8**2}
    assert count_prompts((480, 640), SamSettings()) == 32**2 + 4 * 16**2
    scarce = SamSettings(points_per_side=2, crop_downscale=16)
    assert [len(points_in(crop, scarce)) for crop in cut_crops((9, 9), 1, 0.3)] == [4, 1, 1, 1, 1]
