"""A verdict holds what its act needs, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from lydite.core import Act, InvalidValue, ItemId, RegionId, Verdict

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ITEM = ItemId("images", "a/1.jpg")


def make(**changes: Any) -> Verdict:
    values: dict[str, Any] = {"id": "verdict-1", "act": Act.KEEP, "reviewer": "anna", "when": NOW}
    values |= {"item": ITEM, "label": "a"}
    return Verdict(**(values | changes))


def test_the_subject_is_the_item_or_its_region() -> None:
    assert make().subject == ITEM
    assert make(region=3).subject == RegionId(ITEM, 3)
    assert make(act=Act.ADD, item=None).subject is None


def test_times_are_kept_in_utc() -> None:
    moved = make(when=NOW.astimezone(timezone(timedelta(hours=5))))
    assert moved == make()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": "short"}, "Verdict.id"),
        ({"id": "UPPER-CASE"}, "Verdict.id"),
        ({"item": None}, "Verdict.item"),
        ({"label": ""}, "Verdict.label"),
        ({"act": Act.TRASH}, "Verdict.label"),
        ({"act": Act.RENAME, "item": None}, "Verdict.target"),
        ({"act": Act.UNDO, "item": None, "label": ""}, "Verdict.undoes"),
        ({"undoes": "verdict-0"}, "Verdict.undoes"),
        ({"region": -1}, "Verdict.region"),
        ({"reviewer": " "}, "Verdict.reviewer"),
        ({"label": "\udcff"}, "Verdict.label"),
        ({"label": "a\0"}, "Verdict.label"),
        ({"when": NOW.replace(tzinfo=None)}, "Verdict.when"),
        ({"act": Act.UNSURE, "label": "", "adjudicates": True}, "Verdict.adjudicates"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        make(**changes)
    assert str(caught.value).startswith(named)
