"""The views of a picture: laws of a group, exact answers, and never a changed pixel."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InvalidValue, UnknownName, UsageError
from lydite.train.tta import IDENTITY, TTA, VIEWS, Pixels, View, combine, predict_views, views_of

SUBGROUPS = sorted(TTA)
every_view = st.sampled_from(VIEWS)
sizes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))


def draw(seed: int, shape: tuple[int, ...]) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def ordinary_network(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Answers that depend on where each pixel is, one picture at a time."""
    weights = np.random.default_rng(1).normal(size=(*pixels.shape[1:], 5))
    return np.stack([np.tensordot(one / 255, weights, 3) for one in pixels]).astype(np.float32)


def symmetric_network(pixels: Pixels) -> npt.NDArray[np.float32]:
    """A convolution whose kernel has all symmetries, then the mean: sums of whole numbers, hence exact."""
    wide = np.pad(pixels.astype(np.int64), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = pixels.shape[1:3]
    cells = np.zeros(pixels.shape, np.int64)
    for row, column in product(range(3), range(3)):
        weight = (1, 3, 9)[abs(row - 1) + abs(column - 1)]
        cells += weight * wide[:, row : row + height, column : column + width]
    answers: npt.NDArray[np.float32] = ((cells**2 % 1009).sum(axis=(1, 2)) / 64).astype(np.float32)
    return answers


@given(every_view, every_view, sizes, st.integers(0, 99))
def test_two_views_in_a_row_are_the_one_view_of_the_table(
    one: View, other: View, shape: tuple[int, ...], seed: int
) -> None:
    pixels = draw(seed, shape)
    np.testing.assert_array_equal(other.apply(one.apply(pixels)), other.after(one).apply(pixels))


def test_the_views_are_a_group_of_eight() -> None:
    table = {(one, other): one.after(other) for one, other in product(VIEWS, VIEWS)}
    assert set(table.values()) == set(VIEWS)
    for one, two, three in product(VIEWS, VIEWS, VIEWS):
        assert table[table[one, two], three] is table[one, table[two, three]]
    for view in VIEWS:
        assert table[view, IDENTITY] is table[IDENTITY, view] is view
        assert table[view, view.inverse()] is table[view.inverse(), view] is IDENTITY
    assert len({view.name for view in VIEWS}) == 8
    turn = next(view for view in VIEWS if view.name == "quarter_turn")
    assert turn.after(turn).name == "half_turn"
    assert turn.inverse().name == "back_turn"
    assert table[turn, VIEWS[1]] is not table[VIEWS[1], turn]


def test_views_are_what_numpy_calls_them() -> None:
    (pixels,) = draw(0, (1, 3, 5))
    seen = {view.name: view.apply(pixels) for view in VIEWS}
    for name, expected in {
        "identity": pixels,
        "mirror": np.fliplr(pixels),
        "mirror_down": np.flipud(pixels),
        "half_turn": np.rot90(pixels, 2),
        "quarter_turn": np.rot90(pixels),
        "back_turn": np.rot90(pixels, -1),
        "diagonal": pixels.transpose(1, 0, 2),
        "other_diagonal": np.rot90(pixels, 2).transpose(1, 0, 2),
    }.items():
        np.testing.assert_array_equal(seen[name], expected)


@pytest.mark.parametrize("name", SUBGROUPS)
def test_every_named_set_is_closed_and_has_its_inverses(name: str) -> None:
    views = views_of(name)
    assert len(views) == TTA[name]
    assert views[0] is IDENTITY
    assert {one.after(other) for one, other in product(views, views)} == set(views)
    assert {view.inverse() for view in views} == set(views)


@pytest.mark.parametrize("name", ["none", "flip", "geo4"])
def test_small_sets_keep_the_shape_of_a_picture(name: str) -> None:
    assert {view.apply(draw(0, (1, 2, 7))).shape for view in views_of(name)} == {(1, 2, 7, 3)}


@given(every_view, sizes, st.integers(0, 99))
def test_no_pixel_is_changed_and_nothing_is_copied(view: View, shape: tuple[int, ...], seed: int) -> None:
    pixels = draw(seed, shape)
    seen = view.apply(pixels)
    assert np.shares_memory(seen, pixels)
    for before, after in zip(pixels, seen, strict=True):
        colours = [np.unique(one.reshape(-1, 3), axis=0, return_counts=True) for one in (before, after)]
        np.testing.assert_array_equal(colours[0][0], colours[1][0])
        np.testing.assert_array_equal(colours[0][1], colours[1][1])


@pytest.mark.parametrize("name", SUBGROUPS)
def test_any_network_answers_alike_for_every_view_of_a_set(name: str) -> None:
    pixels, views = draw(7, (4, 6, 6)), views_of(name)
    answer = predict_views(ordinary_network, pixels, views)
    for view in views:
        turned = np.ascontiguousarray(view.apply(pixels))
        np.testing.assert_array_equal(predict_views(ordinary_network, turned, views), answer)
    if name != "geo8":
        turned = np.ascontiguousarray(VIEWS[7].apply(pixels))
        assert not np.array_equal(predict_views(ordinary_network, turned, views), answer)


@pytest.mark.parametrize("count", range(1, 9))
def test_a_network_with_the_symmetry_answers_as_without_views(count: int) -> None:
    pixels = draw(3, (3, 5, 8))
    np.testing.assert_array_equal(
        predict_views(symmetric_network, pixels, views_of("geo8", count)), symmetric_network(pixels)
    )


@pytest.mark.parametrize("name", SUBGROUPS)
def test_a_batch_equals_the_loop_over_pictures_and_views(name: str) -> None:
    pixels = draw(5, (3, 4, 4))
    loop = []
    for one in pixels:
        answers = [ordinary_network(view.apply(one)[None])[0].astype(np.float64) for view in views_of(name)]
        loop.append(np.mean(np.sort(answers, axis=0), axis=0).astype(np.float32))
    assert np.abs(predict_views(ordinary_network, pixels, views_of(name)) - np.stack(loop)).max() == 0


def test_the_order_of_views_does_not_matter_to_the_last_bit() -> None:
    answers = [np.random.default_rng(k).normal(size=(4, 3)).astype(np.float32) * 10.0**k for k in range(4)]
    answers = [one.astype(np.float32) for one in answers]
    first = combine(answers)
    for order in permutations(answers):
        np.testing.assert_array_equal(combine(order), first)


def test_a_row_without_an_answer_stays_without_one() -> None:
    answers = np.array([[1, 2], [np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(combine([answers, answers]), answers)


def test_the_first_views_of_a_set_are_a_beginning_of_it() -> None:
    for count in range(1, 9):
        assert views_of("geo8", count) == VIEWS[:count]
    assert views_of("geo4", 2) == views_of("flip")


def test_bad_requests_are_refused() -> None:
    with pytest.raises(UnknownName, match=r"no set of views named 'geo6'\. Did you mean 'geo8' or 'geo4'\?"):
        views_of("geo6")
    with pytest.raises(UsageError) as caught:
        views_of("flip", 3)
    assert str(caught.value) == "Views of 'flip' to use must be 1..2. Ask for fewer, or for geo8. Seen: 3"
    with pytest.raises(UsageError, match=r"must be 1\.\.8"):
        views_of("geo8", 0)
    with pytest.raises(InvalidValue, match=r"^Logits of views must be of one shape, at least one view"):
        combine([])
    with pytest.raises(InvalidValue):
        combine([np.zeros((1, 2), np.float32), np.zeros((2, 2), np.float32)])
