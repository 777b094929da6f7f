"""Plane by plane equals broadcasting."""

from __future__ import annotations

import numpy as np
import pytest

from lydite.data.shelf.channels import between, filtered, in_colour, thrice
from lydite.data.shelf.light import find_open_sky

COLOUR = np.array([0.2, 0.5, 0.9], np.float32)
OTHER = np.array([0.7, 0.1, 0.3], np.float32)


@pytest.fixture
def plane() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((7, 5), np.float32)


def test_planes_equal_broadcasting(plane: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    deep = plane[..., None]
    np.testing.assert_array_equal(thrice(plane), np.repeat(deep, 3, axis=2))
    np.testing.assert_array_equal(in_colour(plane, COLOUR), deep * COLOUR)
    np.testing.assert_allclose(between(plane, COLOUR, OTHER), COLOUR + (OTHER - COLOUR) * deep, atol=1e-6)
    picture = np.random.default_rng(1).random((7, 5, 3), np.float32)
    np.testing.assert_array_equal(filtered(picture, COLOUR), picture * COLOUR)


def test_hollows_hardly_depend_on_the_size_of_the_grid() -> None:
    """Large things are looked at on a coarser grid; the light that reaches them stays."""
    y, x = np.mgrid[-1:1:400j, -1:1:300j].astype(np.float32)
    away = np.hypot(x, y)
    small = slice(None, None, 4)
    depth = 100 * np.sqrt(np.maximum(1 - away**2, 0)) - 60 * np.exp(-((away / 0.2) ** 2))
    cover = away < 1
    fine = find_open_sky(depth.astype(np.float32), cover)
    coarse = find_open_sky((depth[small, small] / 4).astype(np.float32), cover[small, small])
    assert fine.min() < 0.6
    assert np.abs(fine[small, small] - coarse)[cover[small, small]].mean() < 0.02
