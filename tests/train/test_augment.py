"""Views: the same for the same generator, within the profile's promise, and never wider."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InvalidValue, UnknownName
from lydite.train.augment import augment, plain_view, resized
from lydite.train.profiles import PROFILES, Profile, get_profile
from lydite.train.tta import VIEWS
from pictures import disc, ground

NAMES = sorted(PROFILES)


@given(st.sampled_from(NAMES), st.integers(0, 2**32), st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_any_picture_becomes_a_view_of_the_size(name: str, seed: int, size_hw: tuple[int, int]) -> None:
    pixels = ground(size_hw, seed % 100)
    before = pixels.copy()
    view = augment(pixels, 32, PROFILES[name], np.random.default_rng(seed))
    again = augment(pixels, 32, PROFILES[name], np.random.default_rng(seed))
    assert view.shape == (32, 32, 3)
    assert view.dtype == np.uint8
    assert view.flags.c_contiguous
    assert np.array_equal(view, again)
    assert np.array_equal(pixels, before)


def test_no_change_is_the_plain_view() -> None:
    pixels = disc(ground((90, 120)), (60, 45), 20, (200, 30, 30))
    for seed in range(5):
        assert np.array_equal(
            augment(pixels, 48, PROFILES["none"], np.random.default_rng(seed)), plain_view(pixels, 48)
        )


@pytest.mark.parametrize("name", ["flip", "rotate", "light", "geometry"])
def test_geometry_makes_no_colour_that_was_not_there(name: str) -> None:
    """A picture of one colour stays of that colour, whatever is cropped, turned or mirrored."""
    pixels = np.full((70, 50, 3), (200, 30, 90), np.uint8)
    for seed in range(20):
        view = augment(pixels, 40, PROFILES[name], np.random.default_rng(seed))
        assert (view == pixels[0, 0]).all()


def test_no_color_keeps_hue_where_full_shifts_it() -> None:
    pixels = np.full((60, 60, 3), (220, 40, 40), np.uint8)

    def means(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        views = [augment(pixels, 32, PROFILES[name], np.random.default_rng(seed)) for seed in range(60)]
        return np.array([np.median(view.reshape(-1, 3), axis=0) for view in views])

    assert np.abs(means("no_color") - pixels[0, 0]).max() < 12
    assert np.abs(means("full") - pixels[0, 0]).max() > 30
    assert not PROFILES["no_color"].colour


def test_mirrors_and_quarters_are_exact() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    group = [np.rot90(p, k) for p in (pixels, pixels[:, ::-1]) for k in range(4)]
    seen = set()
    for seed in range(60):
        view = augment(pixels, 32, PROFILES["rotate"], np.random.default_rng(seed))
        (place,) = [k for k, member in enumerate(group) if np.array_equal(view, member)]
        seen.add(place)
    assert seen == set(range(8))


def test_crops_keep_their_least_share() -> None:
    """Each pixel tells its place, so a view tells how much of the picture it spans."""
    ramp = np.linspace(0, 255, 200).astype(np.uint8)
    pixels = np.stack(
        [np.tile(ramp, (200, 1)), np.tile(ramp[:, None], (1, 200)), np.zeros((200, 200), np.uint8)], -1
    )
    profile = Profile(smallest=0.5)
    for seed in range(40):
        view = augment(pixels, 64, profile, np.random.default_rng(seed)).astype(float)
        wide, high = (np.ptp(view[..., axis]) / 255 for axis in (0, 1))
        assert wide * high > 0.45


def test_harder_is_further_the_same_way() -> None:
    full = PROFILES["full"]
    assert full.harder(1) == full
    hard = full.harder(2)
    assert hard.turn_deg == 30
    assert hard.smallest == 0.08
    assert hard.saturation == pytest.approx(0.6)
    assert PROFILES["no_color"].harder(3).colour is False


@pytest.mark.parametrize("size_hw", [(70, 91), (91, 70), (64, 64), (40, 51), (33, 32), (1, 2)])
def test_a_turned_picture_has_the_turned_plain_view(size_hw: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size_hw, 3), np.uint8)
    straight = plain_view(pixels, 32)
    for view in VIEWS:
        turned = plain_view(np.ascontiguousarray(view.apply(pixels)), 32)
        difference = np.abs(turned.astype(int) - view.apply(straight))
        assert difference.max() <= 1, view.name  # one step of 255: a resize rounds the turned sums otherwise


def test_shrinking_takes_means_and_growing_keeps_values() -> None:
    board = (
        np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((4, 4)))[..., None].repeat(3, 2).astype(np.uint8) * 200
    )
    assert np.abs(resized(board, (4, 4)).astype(int) - 100).max() <= 1
    assert plain_view(board, 64).max() == 200


def test_unknown_profiles_name_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'no_color'"):
        get_profile("no_colour")
    with pytest.raises(InvalidValue, match=r"in 0\.\.1"):
        Profile(flip=2)
