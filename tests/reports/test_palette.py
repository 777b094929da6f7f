"""Class colours are fixed by index and readable."""

from __future__ import annotations

import pytest

from lydite.reports.palette import HUES, SHAPES, contrast, look_of


def test_looks_are_distinct_until_colours_and_shapes_are_used_up() -> None:
    looks = [look_of(index, f"class {index}") for index in range(len(HUES) * len(SHAPES))]
    assert len({(look.colour, look.shape) for look in looks}) == len(looks)
    assert look_of(len(looks), "one more").colour == looks[0].colour


def test_a_class_looks_the_same_whatever_its_name() -> None:
    assert look_of(3, "pear").colour == look_of(3, "plum").colour


@pytest.mark.parametrize("index", range(len(HUES)))
def test_text_on_a_class_colour_is_readable(index: int) -> None:
    look = look_of(index, "x")
    assert contrast(look.ink, look.colour) >= 4.5


def test_contrast_of_black_and_white_is_the_largest() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
