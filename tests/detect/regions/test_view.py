from __future__ import annotations

import numpy as np
import pytest

from detect.regions.drawn import disc, noise
from lydite.detect.regions import look


def test_small_pictures_are_at_most_doubled_and_large_ones_shrunk() -> None:
    assert look(noise((30, 40)), 640).size_hw == (60, 80)
    assert look(noise((900, 1200)), 640).size_hw == (480, 640)
    assert look(noise((1, 5000)), 640).size_hw == (1, 640)


def test_the_sources_of_a_region_are_the_height_of_its_step() -> None:
    size = (160, 160)
    truth = disc(size, (80, 80), 40)
    pixels = np.full((*size, 3), 60, np.uint8)
    pixels[truth] = 160
    view = look(pixels, 160)
    step = view.lab[80, 80, 0] - view.lab[5, 5, 0]
    padded = np.pad(truth, 1)
    sides = sum(np.count_nonzero(np.diff(padded.astype(np.int8), axis=axis)) for axis in (0, 1))
    circumference = sides * np.pi / 4
    assert view.sources[truth].sum(axis=0)[0] / circumference == pytest.approx(step, rel=0.1)
    assert abs(float(view.sources.sum())) < 1
