from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, TiffImagePlugin

from data.samples import encode, ramp, samples
from lydite.data.image import decode_image


def png16_rgb(values: np.ndarray, transparent: tuple[int, int, int] | None = None) -> bytes:
    """A 16-bit RGB PNG, which Pillow cannot write."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))]
    if transparent:
        parts.append(chunk(b"tRNS", struct.pack(">HHH", *transparent)))
    parts += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@given(hnp.arrays(np.uint8, (3, 4)))
def test_16_bit_grey_undoes_widening(grey: np.ndarray) -> None:
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    for kind in ("PNG", "TIFF"):
        picture = decode_image(encode(wide, kind), "x")
        assert np.array_equal(picture.pixels, np.repeat(grey[:, :, None], 3, axis=2))
        assert picture.notes == ("16-bit scaled to 8",)


@given(hnp.arrays(np.uint16, (3, 4, 3)))
def test_16_bit_colour_is_scaled_as_grey_is(values: np.ndarray) -> None:
    picture = decode_image(png16_rgb(values), "x.png")
    assert np.array_equal(picture.pixels, values >> 8)
    assert picture.notes == ("16-bit scaled to 8",)


def test_16_bit_transparent_colour() -> None:
    values = np.full((2, 2, 3), 0x8040, np.uint16)
    values[0, 0] = (0x1234, 0x5678, 0x9ABC)
    picture = decode_image(png16_rgb(values, (0x1234, 0x5678, 0x9ABC)), "x.png")
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[False, True], [True, True]]
    assert picture.pixels[0, 0].tolist() == [255, 255, 255]


def test_16_bit_transparent_grey() -> None:
    values = np.array([[1000, 2000], [1000, 65535]], np.uint16)
    picture = decode_image(encode(Image.fromarray(values), "PNG", transparency=1000), "x.png")
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[False, True], [False, True]]
    assert picture.pixels[:, :, 0].tolist() == [[255, 2000 >> 8], [255, 255]]


def test_white_is_zero_is_turned_round() -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    data = bytearray(encode(Image.fromarray(np.array([[0, 65535]], np.uint16)), "TIFF", tiffinfo=info))
    with TiffImagePlugin.TiffImageFile(io.BytesIO(bytes(data))) as image:
        assert image.tag_v2[262] == 1
    at = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00")
    data[at + 8] = 0
    assert decode_image(bytes(data), "x.tif").pixels[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255], "scaled from [0, 1] to 8 bits"),
        ([0.0, 7.0, 254.6], [0, 7, 255], "rounded to 8 bits"),
        ([0.0, 257.0, 65535.0], [0, 1, 255], "scaled from [0, 65535] to 8 bits"),
        ([-10.0, 0.0, 10.0], [0, 128, 255], "stretched from its own range to 8 bits"),
        ([-5.0, -5.0, -5.0], [0, 0, 0], "stretched from its own range to 8 bits"),
        ([np.nan, 0.0, 1.0], [0, 0, 255], "scaled from [0, 1] to 8 bits"),
        ([np.inf, np.nan, -np.inf], [0, 0, 0], "holds no finite value"),
    ],
)
def test_floats_are_scaled_by_their_range(values: list[float], expected: list[int], note: str) -> None:
    picture = decode_image(encode(Image.fromarray(np.array([values], np.float32)), "TIFF"), "x.tif")
    assert picture.pixels[0, :, 0].tolist() == expected
    assert picture.notes == (note,)


def test_32_bit_integers() -> None:
    picture = decode_image(encode(Image.fromarray(np.array([[0, 70_000]], np.int32)), "TIFF"), "x.tif")
    assert picture.pixels[0, :, 0].tolist() == [0, 255]


@given(hnp.arrays(np.uint8, (4, 5, 4)), st.sampled_from(["PNG", "WEBP", "TIFF"]))
def test_transparency_is_laid_on_white_and_kept(rgba: np.ndarray, kind: str) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = decode_image(encode(Image.fromarray(rgba), kind, **options), "x")
    share = rgba[:, :, 3:].astype(float) / 255
    expected = rgba[:, :, :3] * share + 255 * (1 - share)
    assert np.abs(picture.pixels - expected).max() <= 1
    if (rgba[:, :, 3] == 255).all():
        assert picture.alpha is None
    else:
        assert picture.alpha is not None
        assert np.array_equal(picture.alpha, rgba[:, :, 3] >= 128)


def test_opaque_alpha_is_no_alpha() -> None:
    picture = decode_image(encode(Image.fromarray(ramp()).convert("RGBA"), "PNG"), "x.png")
    assert picture.alpha is None
    assert np.array_equal(picture.pixels, ramp())


def test_grey_with_alpha() -> None:
    values = np.array([[[10, 255], [20, 0]]], np.uint8)
    picture = decode_image(encode(Image.fromarray(values, "LA"), "PNG"), "x.png")
    assert picture.pixels.tolist() == [[[10, 10, 10], [255, 255, 255]]]
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[True, False]]


def test_palette_with_one_transparent_entry_and_with_many() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    plain = decode_image(encode(image, "PNG"), "x.png")
    assert plain.pixels[0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert plain.alpha is None
    for transparency in (1, b"\xff\x00\xff"):
        picture = decode_image(encode(image, "PNG", transparency=transparency), "x.png")
        assert picture.pixels[0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255]]
        assert picture.alpha is not None
        assert picture.alpha.tolist() == [[True, False, True]]


def test_one_bit() -> None:
    image = Image.fromarray(np.array([[True, False]]))
    for kind in ("PNG", "BMP", "TIFF"):
        assert decode_image(encode(image, kind), "x").pixels[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize(("name", "tolerance"), [("cmyk.jpg", 25), ("cmyk.tif", 2)])
def test_cmyk_has_the_right_polarity(name: str, tolerance: int) -> None:
    picture = decode_image(samples()[name], name)
    assert np.abs(picture.pixels.astype(int) - ramp()).mean() < tolerance
    assert picture.notes == ("CMYK converted",)


def test_half_opaque_is_foreground() -> None:
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = (127, 128, 255)
    alpha = decode_image(encode(Image.fromarray(rgba), "PNG"), "x.png").alpha
    assert alpha is not None
    assert alpha.tolist() == [[False, True, True]]
