"""One law for every row-aligned type: any selection keeps every column in step."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lydite.core
from lydite.core import (
    Boxes,
    Candidates,
    ClassMap,
    Decisions,
    Features,
    ItemId,
    Masks,
    Outcome,
    Predictions,
)
from strategies import selections, space, unit

COUNT = 6


def rows_of_every_type() -> dict[str, Any]:
    """Six rows of each type, in which no two rows are equal."""
    number = np.arange(COUNT)
    boxes = Boxes(np.stack([number, number, number + 2, number + 3], axis=1).astype(np.float32))
    masks = Masks.from_boxes(boxes, (10, 12))
    item = ItemId("shelf", "a.png")
    names = tuple(f"row {row}" for row in number)
    return {
        "Boxes": boxes,
        "Masks": masks,
        "Features": Features(unit(np.eye(COUNT) + 0.1), names, space(COUNT)),
        "Candidates": Candidates.born(item, masks, number / COUNT, names),
        "Decisions": Decisions(
            item,
            number,
            ClassMap(names),
            number,
            (number / COUNT).astype(np.float32),
            (number / 9).astype(np.float32),
            names,
            names,
            (Outcome.ACCEPTED,) * COUNT,
            ((),) * COUNT,
            (None,) * COUNT,
        ),
        "Predictions": Predictions(
            tuple(ItemId("shelf", name) for name in names),
            ClassMap(names),
            np.eye(COUNT, dtype=np.float32),
            "a run",
            (number % 3).astype(np.int16),
            (number % 4).astype(np.uint8),
        ),
    }


def core_types() -> list[type]:
    return [value for value in vars(lydite.core).values() if isinstance(value, type) and is_dataclass(value)]


def columns(rows: Any) -> list[list[Any]]:
    """Every column of a row-aligned value as a list with one entry per row."""
    if isinstance(rows, Masks):
        return [[mask.tolist() for mask in rows]]
    found = []
    for field in fields(rows):
        column = getattr(rows, field.name)
        if isinstance(column, (Boxes, Masks)):
            found += columns(column)
        elif isinstance(column, (np.ndarray, tuple)) and len(column) == len(rows):
            found.append(list(column.tolist() if isinstance(column, np.ndarray) else column))
    return found


def test_every_row_aligned_type_is_held_to_the_law() -> None:
    aligned = {kind.__name__ for kind in core_types() if hasattr(kind, "__len__") and kind is not ClassMap}
    assert set(rows_of_every_type()) == aligned


@pytest.mark.parametrize("kind", core_types(), ids=lambda kind: kind.__name__)
def test_every_type_is_frozen(kind: Any) -> None:
    assert kind.__dataclass_params__.frozen
    assert not hasattr(kind, "__dict__") or "__dict__" not in kind.__slots__


@pytest.mark.parametrize("name", rows_of_every_type())
@settings(max_examples=40)
@given(st.data())
def test_columns_stay_in_step(name: str, data: st.DataObject) -> None:
    rows = rows_of_every_type()[name]
    index = data.draw(selections(COUNT))
    taken = np.arange(COUNT)[index].tolist()
    before, after = columns(rows), columns(rows[index])
    assert after == [[column[row] for row in taken] for column in before]


@pytest.mark.parametrize("name", rows_of_every_type())
@given(st.data())
def test_selecting_twice_is_selecting_once(name: str, data: st.DataObject) -> None:
    rows = rows_of_every_type()[name]
    first = data.draw(selections(COUNT))
    second = data.draw(selections(len(rows[first])))
    both = np.arange(COUNT)[first][second]
    assert columns(rows[first][second]) == columns(rows[both])


@pytest.mark.parametrize("name", rows_of_every_type())
def test_a_mask_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(IndexError):
        rows_of_every_type()[name][np.ones(COUNT + 1, np.bool_)]


@pytest.mark.parametrize("name", rows_of_every_type())
def test_nothing_can_be_selected(name: str) -> None:
    assert len(rows_of_every_type()[name][[]]) == 0
