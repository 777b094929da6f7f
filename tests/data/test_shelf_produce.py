"""Every row of the tables: each group looks like itself, each kind of clutter can be drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lydite.data import shelf
from lydite.data.shelf.produce import PRODUCE, get_variety

ROWS = [(name, group) for name, groups in shelf.CLASSES.items() for group in groups]

# Hue in degrees, low and high, of what most of the skin looks like. Around red the low end is negative.
HUES = {
    ("apple", "red-delicious"): (-30, 25),
    ("apple", "granny-smith"): (60, 110),
    ("apple", "gala"): (-5, 50),
    ("orange", "navel"): (15, 45),
    ("orange", "mandarin"): (10, 40),
    ("lemon", "eureka"): (42, 70),
    ("lemon", "verdelli"): (50, 110),
    ("tomato", "round"): (-10, 25),
    ("tomato", "roma"): (-10, 25),
    ("bell pepper", "red"): (-15, 20),
    ("bell pepper", "yellow"): (35, 65),
    ("bell pepper", "green"): (80, 140),
    ("pear", "williams"): (45, 80),
    ("pear", "bosc"): (20, 50),
    ("banana", "cavendish"): (40, 66),
    ("banana", "plantain"): (55, 100),
    ("cucumber", "slicing"): (80, 150),
    ("cucumber", "pickling"): (65, 130),
    ("carrot", "nantes"): (10, 42),
    ("carrot", "purple"): (-70, 20),
    ("potato", "russet"): (15, 55),
    ("potato", "red"): (-20, 25),
    ("onion", "brown"): (15, 50),
    ("onion", "red"): (-60, 5),
    ("aubergine", "globe"): (-100, 0),
    ("aubergine", "graffiti"): (-90, -20),
}


def test_every_class_has_two_groups_and_every_group_an_expected_colour() -> None:
    assert len(shelf.CLASSES) >= 6
    assert all(len(groups) >= 2 for groups in shelf.CLASSES.values())
    assert set(HUES) == set(ROWS)
    assert shelf.class_map().names == tuple(PRODUCE)


@pytest.mark.parametrize(("name", "group"), ROWS)
def test_the_colour_under_the_mask_is_that_of_the_group(name: str, group: str) -> None:
    exemplar = shelf.render_exemplar(name, group, 2, (96, 96))
    inside = cv2.erode(exemplar.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    red, green, blue = np.median(exemplar.pixels[inside], axis=0) / 255
    hue = np.rad2deg(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))
    low, high = HUES[name, group]
    assert low <= hue <= high


@pytest.mark.parametrize(("name", "group"), ROWS)
def test_an_exemplar_shows_one_whole_piece(name: str, group: str) -> None:
    exemplar = shelf.render_exemplar(name, group, 5, (96, 96))
    assert 0.06 < exemplar.mask.mean() < 0.6
    border = np.concatenate([exemplar.mask[0], exemplar.mask[-1], exemplar.mask[:, 0], exemplar.mask[:, -1]])
    assert not border.any()
    count, _ = cv2.connectedComponents(exemplar.mask.astype(np.uint8))
    assert count == 2


def test_seeds_vary_a_piece_and_repeat_it() -> None:
    first, again, other = (shelf.render_exemplar("pear", "bosc", seed, (96, 96)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert (first.mask != other.mask).mean() > 0.02


def test_near_misses_are_near_but_not_the_same() -> None:
    """A red apple, a tomato and a red pepper share a hue; their shapes and skins differ."""
    reds = [("apple", "red-delicious"), ("tomato", "round"), ("bell pepper", "red")]
    colours = []
    for name, group in reds:
        exemplar = shelf.render_exemplar(name, group, 1, (96, 96))
        colours.append(exemplar.pixels[exemplar.mask].mean(axis=0))
    for colour in colours:
        assert colour[0] > 1.5 * max(colour[1], colour[2])


def test_long_produce_is_long() -> None:
    assert get_variety("cucumber", "slicing").is_long
    assert not get_variety("apple", "gala").is_long


@pytest.mark.parametrize("kind", shelf.CLUTTER)
def test_clutter_is_drawn_on_its_counter(kind: str) -> None:
    first, again, other = (shelf.render_clutter(kind, seed, (96, 96)) for seed in (3, 3, 4))
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    middle = cv2.GaussianBlur(first, (0, 0), 1.5)[24:72, 24:72]
    assert middle.astype(float).std() > 3
