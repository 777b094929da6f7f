"""The drawing machine: laws of posing, splatting, noise and ownership."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydite.data.shelf.canvas import Canvas
from lydite.data.shelf.lathe import Form, build_surface, grow_stem, turn_body
from lydite.data.shelf.light import Light, find_open_sky
from lydite.data.shelf.noise import Volume, fractal
from lydite.data.shelf.raster import pose, rasterise
from lydite.data.shelf.sprite import Sprite, turned

ANGLES = st.floats(-7, 7)


@settings(deadline=None)
@given(tilt=ANGLES, roll=ANGLES, spin=ANGLES)
def test_a_pose_is_a_rotation(tilt: float, roll: float, spin: float) -> None:
    turn = pose(tilt, roll, spin)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(turn) == pytest.approx(1, abs=1e-5)


def test_the_stem_points_where_the_pose_says() -> None:
    stem = np.array([0, 0, 1])
    np.testing.assert_allclose(pose(0, 1.3, 0.4) @ stem, [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(pose(np.pi / 2, 0, 0.4) @ stem, [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(pose(np.pi / 2, np.pi / 2, 0.4) @ stem, [-1, 0, 0], atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(tilt=ANGLES, roll=ANGLES, radius=st.floats(6, 50))
def test_a_ball_is_a_disc_with_the_normals_of_a_ball(tilt: float, roll: float, radius: float) -> None:
    volume = Volume.draw(np.random.default_rng(0))
    ball = turn_body(build_surface(Form(lumps=0.0), volume))
    seen = rasterise([ball], pose(tilt, roll, 0.0), radius)
    # Every pixel that is touched counts, which adds half a pixel to the radius.
    assert seen.cover.sum() == pytest.approx(np.pi * (radius + 0.5) ** 2, rel=0.05, abs=3 * radius)
    (part,) = seen.parts
    np.testing.assert_array_equal(np.sort(part.pixels), np.flatnonzero(seen.cover))
    np.testing.assert_allclose(np.linalg.norm(part.normal, axis=0), 1, atol=1e-4)
    # On a ball of this radius the depth is the normal's share that points at the camera.
    well_inside = part.normal[2] > 0.5
    assert well_inside.mean() > 0.5
    depth = seen.depth.ravel()[part.pixels[well_inside]]
    np.testing.assert_allclose(depth / radius, part.normal[2, well_inside], atol=0.08)


@pytest.mark.parametrize("stem_towards_camera", [True, False])
def test_the_nearest_part_is_seen(stem_towards_camera: bool) -> None:
    surface = build_surface(Form(lumps=0.0), Volume.draw(np.random.default_rng(0)))
    stem = grow_stem(surface, np.random.default_rng(0), radius=0.3, length=0.4, curve=0.0, sink=0.05)
    tilt = 0.0 if stem_towards_camera else np.pi
    seen = rasterise([turn_body(surface), stem], pose(tilt, 0.0, 0.0), 30.0)
    shown = {part.name: len(part.pixels) for part in seen.parts}
    assert (shown["stem"] > 100) == stem_towards_camera
    assert shown["body"] + shown["stem"] == seen.cover.sum()


def test_a_silhouette_has_no_holes() -> None:
    volume = Volume.draw(np.random.default_rng(1))
    bent = turn_body(build_surface(Form(length=3.5, fullness=0.4, bend=1.3, lumps=0.05), volume))
    seen = rasterise([bent], pose(1.5, 0.7, 0.0), 40.0)
    inside = np.pad(seen.cover, 1)
    crossings = np.abs(np.diff(inside.astype(int), axis=0)).sum(axis=0)
    assert np.median(crossings[crossings > 0]) == 2


def test_noise_is_repeatable_smooth_and_of_unit_spread() -> None:
    volume = Volume.draw(np.random.default_rng(2))
    points = np.random.default_rng(3).uniform(-4, 4, (500, 3)).astype(np.float32)
    values = volume.sample(points, 1.0)
    np.testing.assert_array_equal(values, volume.sample(points, 1.0))
    np.testing.assert_allclose(values, volume.sample(points + np.float32(1e-4), 1.0), atol=5e-3)
    np.testing.assert_allclose(values, volume.sample(points + np.float32(32), 1.0), atol=5e-3)
    corner = np.array([[3.0, 5.0, 7.0]], np.float32)
    assert volume.sample(corner, 1.0)[0] == pytest.approx(volume.cells[3, 5, 7])
    for axis, neighbour in enumerate([(4, 5, 7), (3, 6, 7), (3, 5, 8)]):
        between = corner.copy()
        between[0, axis] += 0.5
        mean = (volume.cells[3, 5, 7] + volume.cells[neighbour]) / 2
        assert volume.sample(between, 1.0)[0] == pytest.approx(mean, abs=1e-5)
    plane = fractal(np.random.default_rng(4), (40, 60), 12)
    assert plane.mean() == pytest.approx(0, abs=1e-4)
    assert plane.std() == pytest.approx(1, abs=1e-4)


def test_hollows_are_darker_than_flats() -> None:
    depth = np.full((80, 80), 20, np.float32)
    depth[36:44, 36:44] = 8
    share = find_open_sky(depth, np.ones((80, 80), bool))
    assert share[40, 40] < 0.8 < share[20, 20]
    assert share.min() >= 0.28 - 1e-6


def _tile(side: int, value: float) -> Sprite:
    colour = np.full((side, side, 3), value, np.float32)
    return Sprite(colour, np.ones((side, side), np.float32), (side // 2, side // 2), 0.0)


def _canvas(side: int) -> Canvas:
    return Canvas.on(np.zeros((side, side, 3), np.float32), Light.draw(np.random.default_rng(0)))


def test_the_upper_of_two_owns_the_overlap() -> None:
    canvas = _canvas(40)
    canvas.lay(_tile(20, 0.2), (16, 16), 0)
    canvas.lay(_tile(20, 0.7), (26, 26), 1)
    linear, owner = canvas.develop()
    assert owner[10, 10] == 1
    assert owner[3, 3] == 0
    assert owner[19, 1] == -1
    assert linear[10, 10, 0] == pytest.approx(0.7)
    assert (owner == 0).sum() == (100 - 25)


def test_of_two_equal_halves_the_upper_one_owns_the_pixel() -> None:
    canvas = _canvas(8)
    canvas.lay(_tile(8, 0.2), (4, 4), 0)
    canvas.lay(_tile(8, 0.7), (4, 7), 1)
    _, owner = canvas.develop()
    np.testing.assert_array_equal(owner[0], [0, 1, 1, 1])


def test_a_thing_outside_counts_its_area_and_owns_nothing() -> None:
    canvas = _canvas(40)
    assert canvas.lay(_tile(10, 0.5), (-60, 90), 0) == 100
    assert canvas.lay(_tile(10, 0.5), (0, 0), 1) == 100
    _, owner = canvas.develop()
    assert (owner == 1).sum() > 0
    assert not (owner == 0).any()


def test_a_shadow_falls_away_from_the_light() -> None:
    light = Light.draw(np.random.default_rng(0))
    canvas = Canvas.on(np.ones((200, 200, 3), np.float32), light)
    canvas.lay(
        Sprite(np.ones((40, 40, 3), np.float32), np.ones((40, 40), np.float32), (20, 20), 30.0), (100, 100), 0
    )
    below, above = canvas.colour[122:140, 85:115].mean(), canvas.colour[60:78, 85:115].mean()
    assert light.direction[1] > 0
    assert below < above
    assert canvas.colour[:5].min() > 0.97


@settings(max_examples=25, deadline=None)
@given(degrees=st.floats(-180, 180))
def test_turning_keeps_area_and_colour(degrees: float) -> None:
    sprite = turned(_tile(24, 0.4), degrees)
    assert sprite.cover.sum() == pytest.approx(24 * 24, rel=0.09)
    np.testing.assert_allclose(sprite.colour[sprite.cover > 0.5], 0.4, atol=1e-3)
