"""Renames and merges are versions: what is said with the old words is said with the new ones."""

from __future__ import annotations

import polars as pl
import pytest

from data.dataset.made import version
from lydite.core import UnknownName, UsageError
from lydite.data.dataset import diff, merge_classes, rename_class


def test_a_rename_keeps_the_order_and_renames_items_and_regions() -> None:
    first = version()
    after = rename_class(first, "鳥", "bird", "me")
    assert after.class_map.names == ("pear", "Äpfel", "bird")
    assert set(after.regions["label"]) == {"bird"}
    assert after.info.reason == "rename '鳥' to 'bird'"
    back = rename_class(after, "bird", "鳥", "me")
    assert back.info.content == first.info.content


def test_a_merge_ends_classes() -> None:
    first = version()
    into_known = merge_classes(first, ["鳥", "pear"], "Äpfel", "me")
    assert into_known.class_map.names == ("Äpfel",)
    assert into_known.items["label"].to_list() == ["Äpfel", "Äpfel", None]
    into_new = merge_classes(first, ["鳥", "pear"], "thing", "me", "why")
    assert into_new.class_map.names == ("Äpfel", "thing")
    assert diff(first, into_new).items.counts == {"relabelled": 1}
    assert diff(first, into_new).regions.counts == {"relabelled": 6}


def test_test_items_take_part_since_only_the_words_change() -> None:
    first = version()
    tested = first.change(
        "me", "a split", items=first.items.with_columns(split=pl.lit("test")), test_may_change=True
    )
    assert "fruit" in rename_class(tested, "pear", "fruit", "me").items["label"].to_list()


def test_what_cannot_be_meant() -> None:
    with pytest.raises(UnknownName, match=r"no class named 'peer'\. Did you mean 'pear'"):
        rename_class(version(), "peer", "x", "me")
    with pytest.raises(UsageError, match="merge-classes"):
        rename_class(version(), "pear", "Äpfel", "me")
    with pytest.raises(UnknownName, match="no class named 'x'"):
        merge_classes(version(), ["x"], "pear", "me")
    with pytest.raises(UsageError, match="a class that ends"):
        merge_classes(version(), ["pear"], "pear", "me")
