from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ClassMap, ClassMapMismatch, ContractError, Exposure, InvalidValue, ItemId, Predictions
from strategies import predictions, selections

AB = ClassMap(("a", "b"))


def three() -> Predictions:
    logits = np.array([[0, 1], [np.nan, np.nan], [2, -np.inf]], np.float32)
    items = tuple(ItemId("s", name) for name in "xyz")
    return Predictions(
        items, AB, logits, "run", np.array([0, 1, -1], np.int16), np.array([0, 3, 2], np.uint8)
    )


@given(st.data(), predictions())
def test_rows_stay_aligned_under_any_selection(data: st.DataObject, some: Predictions) -> None:
    chosen = some[data.draw(selections(len(some)))]
    for row, item in enumerate(chosen.items):
        was = some.items.index(item)
        np.testing.assert_array_equal(chosen.logits[row], some.logits[was])
        assert chosen.fold[row] == some.fold[was]
        assert chosen.exposure[row] == some.exposure[was]
    assert chosen.classes == some.classes


@given(predictions())
def test_probabilities_sum_to_one_where_there_are_any(some: Predictions) -> None:
    found = some.probabilities()
    np.testing.assert_allclose(found[some.known].sum(axis=1), 1, atol=1e-6)
    assert np.isnan(found[~some.known]).all()


@given(predictions())
def test_strict_is_stricter_and_nothing_hidden_is_scored(some: Predictions) -> None:
    assert not (some.scorable(strict=True) & ~some.scorable()).any()
    assert not (some.scorable() & (some.exposure >= Exposure.TRAINED)).any()
    assert not (some.scorable() & ~some.known).any()
    assert sum(some.counts().values()) == int(some.known.sum())


@given(st.data(), predictions())
def test_aligned_rows_are_those_of_the_items(data: st.DataObject, some: Predictions) -> None:
    order = data.draw(st.permutations(range(len(some))))
    stranger = ItemId("nobody", "knows")
    asked = [*(some.items[row] for row in order), stranger]
    found = some.aligned(asked)
    assert found.items == tuple(asked)
    np.testing.assert_array_equal(found.logits[:-1], some.logits[list(order)])
    assert found.exposure[-1] == Exposure.UNKNOWN
    assert not found.known[-1]


def test_trained_and_unknown_rows_are_never_scored() -> None:
    assert three().scorable().tolist() == [True, False, True]
    assert three().scorable(strict=True).tolist() == [True, False, False]
    assert three().counts() == {Exposure.CLEAN: 1, Exposure.SELECTED: 1}


def test_a_class_that_was_never_seen_has_no_probability() -> None:
    assert three().probabilities()[2].tolist() == [1, 0]


def test_two_class_maps_do_not_combine() -> None:
    other = replace(three(), classes=ClassMap(("b", "a")))
    with pytest.raises(ClassMapMismatch):
        Predictions.concatenate([three(), other])


def test_two_runs_are_not_one() -> None:
    with pytest.raises(ContractError) as caught:
        Predictions.concatenate([three(), replace(three(), run="other")])
    assert str(caught.value) == (
        "Predictions of two runs are no predictions of one. Keep them apart, or mix them as an ensemble. "
        "Seen: ['run', 'other']"
    )


def test_halves_make_the_whole() -> None:
    some = three()
    whole = Predictions.concatenate([some[:1], some[1:]])
    assert whole.items == some.items
    np.testing.assert_array_equal(whole.logits, some.logits)


@pytest.mark.parametrize(
    "row", [[np.nan, 0], [np.inf, 0], [-np.inf, -np.inf]], ids=["half", "plus infinity", "nothing"]
)
def test_a_row_is_numbers_or_nothing(row: list[float]) -> None:
    logits = three().logits.copy()
    logits[0] = row
    with pytest.raises(InvalidValue) as caught:
        replace(three(), logits=logits)
    assert str(caught.value).startswith(
        "Predictions.logits[0] (s:x) must be numbers, or NaN throughout. Seen: ["
    )


def test_an_item_stands_once_in_a_fold_and_may_stand_in_several() -> None:
    one = three()[:1]

    def twice(folds: list[int]) -> Predictions:
        logits = one.logits.repeat(2, 0)
        numbers = np.array(folds, np.int16)
        return Predictions(one.items * 2, AB, logits, "run", numbers, np.zeros(2, np.uint8))

    assert len(twice([0, 1])) == 2
    with pytest.raises(InvalidValue) as caught:
        twice([0, 0])
    assert str(caught.value) == "Predictions.items must be distinct within a fold. Seen: s:x"


def test_columns_are_of_one_length() -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(three(), fold=np.zeros(2, np.int16))
    assert str(caught.value) == (
        "Predictions must be columns of one length. Seen: {'items': 3, 'fold': 2, 'exposure': 3}"
    )


def test_an_exposure_reads_back() -> None:
    assert [Exposure.parse(str(exposure)) for exposure in Exposure] == list(Exposure)
    with pytest.raises(InvalidValue):
        Exposure.parse("CLEAN")
