from __future__ import annotations

import numpy as np
import pytest

from detect.regions.drawn import disc, iou
from lydite.detect.regions import restore


@pytest.mark.parametrize("full_hw", [(60, 80), (240, 320), (30, 40), (97, 211)], ids=str)
def test_a_disc_stays_in_place_at_every_size(full_hw: tuple[int, int]) -> None:
    mask = disc((60, 80), (50, 30), 18)[10:50, 30:70]
    top, left, piece = restore(mask, (10, 30), (60, 80), full_hw)
    whole = np.zeros(full_hw, np.bool_)
    whole[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
    y, x = np.mgrid[: full_hw[0], : full_hw[1]]
    down, right = full_hw[0] / 60, full_hw[1] / 80
    truth = np.hypot((x + 0.5) / right - 50.5, (y + 0.5) / down - 30.5) <= 18.2
    assert iou(whole, np.asarray(truth, np.bool_)) > 0.92


@pytest.mark.parametrize("full_hw", [(9, 12), (12, 16), (31, 47)], ids=str)
def test_a_mask_of_everything_stays_everything(full_hw: tuple[int, int]) -> None:
    top, left, piece = restore(np.ones((6, 8), np.bool_), (0, 0), (6, 8), full_hw)
    assert (top, left, piece.shape) == (0, 0, full_hw)
    assert piece.all()
