from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import Block, ClassMap, Decisions, Flip, InvalidValue, ItemId, Outcome, RegionId
from strategies import items, selections


@st.composite
def decisions(draw: st.DrawFn) -> Decisions:
    count = draw(st.integers(0, 6))
    return build(draw(items), draw(st.permutations(range(100)))[:count], draw(st.integers(0, 2**count - 1)))


def build(item: ItemId, numbers: list[int], accepted: int) -> Decisions:
    """Every column of a row tells the row's number."""
    taken = [bool(accepted >> row & 1) for row in range(len(numbers))]
    return Decisions(
        item=item,
        numbers=np.array(numbers, np.int64),
        class_map=ClassMap(tuple(f"class {number}" for number in range(100))),
        labels=np.array(numbers, np.int64),
        positive=np.array(numbers, np.float32) / np.float32(100),
        negative=np.array(numbers, np.float32) / np.float32(200),
        nearest_positive=tuple(f"positive {number}" for number in numbers),
        nearest_negative=tuple(f"negative {number}" for number in numbers),
        outcomes=tuple(Outcome.ACCEPTED if yes else Outcome.REFUSED for yes in taken),
        blocks=tuple(
            () if yes else (Block(f"rule {number}", 0.5, 0.7),)
            for yes, number in zip(taken, numbers, strict=True)
        ),
        flips=tuple(
            None if yes else Flip(((f"rule {number}", 0.5),))
            for yes, number in zip(taken, numbers, strict=True)
        ),
    )


@given(st.data(), decisions())
def test_rows_stay_aligned_under_any_selection(data: st.DataObject, some: Decisions) -> None:
    chosen = some[data.draw(selections(len(some)))]
    assert chosen.class_map is some.class_map
    for row, number in enumerate(chosen.numbers.tolist()):
        was = some.numbers.tolist().index(number)
        assert chosen.ids[row] == RegionId(some.item, number)
        assert chosen.labels[row] == number
        assert chosen.positive[row] == some.positive[was]
        assert chosen.negative[row] == some.negative[was]
        assert chosen.nearest_positive[row] == f"positive {number}"
        assert chosen.nearest_negative[row] == f"negative {number}"
        assert chosen.outcomes[row] is some.outcomes[was]
        assert chosen.blocks[row] == some.blocks[was]
        assert chosen.flips[row] == some.flips[was]


@given(decisions())
def test_accepted_is_where_nothing_blocked(some: Decisions) -> None:
    assert some.accepted.tolist() == [not blocks for blocks in some.blocks]
    assert some.accepted.dtype == np.bool_


@given(decisions())
def test_scores_are_on_the_scale_of_the_presets(some: Decisions) -> None:
    np.testing.assert_allclose(some.scores, (some.positive.astype(float) + 1) / 2, rtol=1e-6)
    assert some.scores.dtype == np.float32


def test_columns_get_their_types() -> None:
    some = replace(one(), positive=[0.5], labels=[0])  # type: ignore[arg-type]
    assert some.positive.dtype == np.float32
    assert some.labels.dtype == np.int64


def test_a_block_says_by_how_much() -> None:
    assert Block("min_pos_score", 0.5, 0.75).short_by == 0.25
    assert Block("max_area", 0.75, 0.5).short_by == 0.25


def test_a_flip_reads_as_settings() -> None:
    assert str(Flip((("min_pos_score", 0.58), ("margin", 1e-7)))) == "min_pos_score = 0.58, margin = 1e-07"


def one() -> Decisions:
    return build(ItemId("s", "a"), [7], accepted=1)


def test_columns_must_be_of_one_length() -> None:
    with pytest.raises(
        InvalidValue, match=r"^Decisions must be columns of one length\. Seen: \{'numbers': 1, "
    ):
        replace(one(), flips=())


@pytest.mark.parametrize("label", [-2, 100])
def test_labels_must_be_classes(label: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(one(), labels=np.array([label]))
    assert str(caught.value) == f"Decisions.labels must be -1..99. Seen: [{label}]"


def test_an_accepted_row_has_no_blocks() -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(one(), blocks=((Block("margin", 0, 1),),))
    assert str(caught.value) == (
        "Decisions.blocks of region 7 must be empty exactly when accepted. "
        "Seen: ('accepted', (Block(rule='margin', value=0, threshold=1, against=None),))"
    )


def test_a_refused_row_has_a_block() -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(one(), outcomes=(Outcome.REFUSED,))
    assert str(caught.value) == (
        "Decisions.blocks of region 7 must be empty exactly when accepted. Seen: ('refused', ())"
    )
