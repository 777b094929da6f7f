from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import Candidates, InvalidValue, ItemId, Masks, RegionId
from strategies import candidates, items, masks, selections


@given(st.data(), candidates())
def test_rows_stay_aligned_under_any_selection(data: st.DataObject, some: Candidates) -> None:
    chosen = some[data.draw(selections(len(some)))]
    assert chosen.item == some.item
    for row, number in enumerate(chosen.numbers.tolist()):
        was = some.numbers.tolist().index(number)
        assert chosen.ids[row] == some.ids[was] == RegionId(some.item, number)
        np.testing.assert_array_equal(chosen.masks.decode(row), some.masks.decode(was))
        np.testing.assert_array_equal(chosen.boxes.xyxy[row], some.boxes.xyxy[was])
        assert chosen.quality[row] == some.quality[was]
        assert chosen.origins[row] == some.origins[was]


@given(items, masks())
def test_new_regions_are_numbered_in_order(item: ItemId, regions: Masks) -> None:
    some = Candidates.born(item, regions, origins="toy")
    assert some.numbers.tolist() == list(range(len(regions)))
    assert some.quality.tolist() == [1] * len(regions)
    assert some.origins == ("toy",) * len(regions)
    assert some.size_hw == regions.size_hw
    np.testing.assert_array_equal(some.boxes.xyxy, regions.boxes.xyxy)


def two() -> Candidates:
    return Candidates.born(ItemId("s", "a"), Masks.from_dense(np.ones((2, 3, 4), np.bool_)))


def test_columns_must_be_of_one_length() -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(two(), origins=("a",))
    assert str(caught.value) == (
        "Candidates must be columns of one length. "
        "Seen: {'numbers': 2, 'masks': 2, 'boxes': 2, 'quality': 2, 'origins': 1}"
    )


@pytest.mark.parametrize("numbers", [[3, 3], [0, -1]])
def test_numbers_must_be_distinct_and_not_negative(numbers: list[int]) -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(two(), numbers=np.array(numbers))
    assert str(caught.value) == f"Candidates.numbers must be distinct and 0 or more. Seen: {numbers}"


@pytest.mark.parametrize("quality", [-0.5, 1.5, float("nan")])
def test_quality_is_a_share(quality: float) -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(two(), quality=np.array([1, quality], np.float32))
    assert str(caught.value) == f"Candidates.quality must be in [0, 1]. Seen: {quality}"
