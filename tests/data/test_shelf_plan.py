"""What a shelf consists of."""

from __future__ import annotations

import pytest

from lydite.core import InvalidValue
from lydite.data.shelf import CLASSES, ShelfPlan


def test_a_plan_counts_its_pictures_and_names_each_once() -> None:
    plan = ShelfPlan(3, scenes=4, exemplars_per_class=7, negatives=11, empty=2)
    files = [name for order in plan.orders for name in order.files]
    assert len(plan) == 4 + 7 * len(CLASSES) + 11 + 2
    assert len(files) == len(set(files)) == len(plan) + 7 * len(CLASSES)


def test_scenes_come_first_because_they_take_longest() -> None:
    kinds = [order.kind for order in ShelfPlan().orders]
    assert kinds == sorted(kinds, key=["scene", "empty", "exemplar", "clutter"].index)


def test_pictures_of_one_kind_differ_in_seed_or_subject() -> None:
    orders = ShelfPlan(2, negatives=20).orders
    keys = {(order.kind, order.seed, order.subject, order.group) for order in orders}
    assert len(keys) == len(orders)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"negatives": -1}, "counts of pictures must be 0 or more"),
        ({"seed": -2}, "seed must be 0 or more. Seen: -2"),
    ],
)
def test_what_cannot_be_planned(values: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        ShelfPlan(**values)  # type: ignore[arg-type]
