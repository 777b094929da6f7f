from __future__ import annotations

import pytest

from data.samples import samples
from lydite.data.sniff import HEAD_BYTES, SUFFIXES, describe_foreign, lying_name, sniff_format


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_sample_is_what_its_suffix_says(name: str) -> None:
    found = sniff_format(samples()[name][:HEAD_BYTES])
    assert found is not None
    assert f".{name.rpartition('.')[2]}" in SUFFIXES[found]
    assert not lying_name(name.upper(), found)
    assert lying_name("x.jpg", found) == (found != "JPEG")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", None),
        (b"\0\0\0\x18ftypmp42", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"MM\0+\0\x08\0\0", "TIFF"),
        (b"", None),
        (b"\xff\xd8", None),
    ],
)
def test_first_bytes(head: bytes, expected: str | None) -> None:
    assert sniff_format(head) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GIF89a", "a GIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "an AVIF"),
        (b"<html>\r\n", "text"),
        (b"\x80\x81\x82", ""),
        (b"", ""),
    ],
)
def test_what_else_it_may_be(head: bytes, expected: str) -> None:
    assert describe_foreign(head) == expected
