from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from data.samples import encode, ramp, samples
from lydite.core import ImageError
from lydite.data.opening import open_header


@pytest.mark.parametrize("name", sorted(samples()))
def test_headers_are_open_and_nothing_is_decoded_by_them(name: str) -> None:
    header = open_header(samples()[name], name, 240)
    assert sorted(header.size_hw) == [12, 20]
    assert 1 <= header.orientation <= 8
    assert header.frames == {"animated.png": 2, "animated.webp": 2, "pages.tif": 3}.get(name, 1)


@pytest.mark.parametrize(
    ("name", "bits"), [("wide.png", 16), ("wide.tif", 16), ("float.tif", 32), ("bits.png", 1)]
)
def test_bits_are_those_of_the_file(name: str, bits: int) -> None:
    assert open_header(samples()[name], name, 240).bits == bits


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_webp_is_measured_before_its_canvas_exists(lossless: bool, alpha: bool) -> None:
    image = Image.fromarray(ramp((301, 203)))
    if alpha:
        image.putalpha(Image.fromarray(np.full((301, 203), 9, np.uint8)))
    data = encode(image, "WEBP", lossless=lossless)
    with pytest.raises(ImageError, match=r"Seen: 203x301 = 61,103 pixels"):
        open_header(data, "x.webp", 61_102)
    assert open_header(data, "x.webp", 61_103).size_hw == (301, 203)


@pytest.mark.parametrize(
    "chunk",
    [
        b"VP8X" + bytes(8) + (15_999).to_bytes(3, "little") + (16_000).to_bytes(3, "little"),
        b"VP8L" + bytes(4) + b"\x2f" + (15_999 | 16_000 << 14).to_bytes(4, "little") + bytes(8),
        b"VP8 "
        + bytes(7)
        + b"\x9d\x01\x2a"
        + (16_000).to_bytes(2, "little")
        + (16_001).to_bytes(2, "little"),
    ],
)
def test_a_webp_bomb_is_refused_before_its_reader_sees_it(chunk: bytes) -> None:
    # There is nothing behind the header: a reader would have called it damaged.
    with pytest.raises(ImageError, match=r"Seen: 16000x16001 = 256,016,000 pixels"):
        open_header(b"RIFF\0\0\0\0WEBP" + chunk, "x.webp", 100_000_000)
