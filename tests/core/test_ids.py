from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ImageId, InvalidValue, ItemId, RegionId
from strategies import items, paths, sources


@given(items)
def test_item_id_is_read_back_from_its_text(item: ItemId) -> None:
    assert ItemId.parse(str(item)) == item


@given(items, st.integers(0, 10**12))
def test_region_id_is_read_back_from_its_text(item: ItemId, number: int) -> None:
    region = RegionId(item, number)
    assert RegionId.parse(str(region)) == region


def test_region_id_of_a_path_that_ends_like_one() -> None:
    region = RegionId(ItemId("s", "a#3"), 4)
    assert RegionId.parse("s:a#3#4") == region


@given(sources, paths)
def test_one_name_typed_on_two_systems_is_one_item(source: str, path: str) -> None:
    composed = ItemId(source, unicodedata.normalize("NFC", path))
    decomposed = ItemId(source, unicodedata.normalize("NFD", path))
    assert composed == decomposed


def test_items_sort_by_source_then_path() -> None:
    ids = [ItemId("b", "a"), ItemId("a", "b"), ItemId("a", "a")]
    assert [str(item) for item in sorted(ids)] == ["a:a", "a:b", "b:a"]


@given(st.binary(max_size=64))
def test_image_id_is_the_digest_of_the_bytes(data: bytes) -> None:
    image = ImageId.of_bytes(data)
    assert str(image) == hashlib.sha256(data).hexdigest()
    assert image == ImageId(str(image))
    assert str(image).startswith(image.short)
    assert len(image.short) == 16


@pytest.mark.parametrize(
    ("source", "path", "message"),
    [
        ("", "a.png", "ItemId.source must be a name without ':'. Seen: ''"),
        ("a:b", "a.png", "ItemId.source must be a name without ':'. Seen: a:b"),
        ("a", "", "ItemId.path must be a relative path. Seen: ''"),
        ("a", ".", "ItemId.path must be a relative path. Seen: ."),
    ],
)
def test_item_id_refuses(source: str, path: str, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        ItemId(source, path)
    assert str(caught.value) == message


def test_item_id_refuses_text_without_a_colon() -> None:
    with pytest.raises(InvalidValue) as caught:
        ItemId.parse("picture.png")
    assert str(caught.value) == "ItemId must be written as 'source:path'. Seen: picture.png"


@pytest.mark.parametrize("text", ["s:a", "s:a#", "s:a#-1", "s:a#one"])
def test_region_id_refuses_text(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        RegionId.parse(text)
    assert str(caught.value) == f"RegionId must be written as 'source:path#number'. Seen: {text}"


def test_region_id_refuses_a_negative_number() -> None:
    with pytest.raises(InvalidValue) as caught:
        RegionId(ItemId("s", "a"), -1)
    assert str(caught.value) == "RegionId.number must be 0 or more. Seen: -1"


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64])
def test_image_id_refuses(digest: str) -> None:
    with pytest.raises(
        InvalidValue, match=r"ImageId\.digest must be 64 lower-case hexadecimal digits\. Seen: "
    ):
        ImageId(digest)
