from __future__ import annotations

import hashlib
import os
import struct
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from data.samples import SIZE_HW, encode, heic, oriented, ramp, samples
from lydite.core import ImageError, ImageId, InvalidValue, MissingExtra
from lydite.data.image import ImageLimits, Picture, decode_image, identify_image, load_image, peek_size
from support import measuring_data, need_module

LOSSLESS = ("rgb.png", "rgb.bmp", "lzw.tif", "pages.tif", "animated.png")


def shown(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """The EXIF orientation by its definition: where the stored row 0 and column 0 are shown."""
    steps = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: pixels[::-1].swapaxes(0, 1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: pixels[:, ::-1].swapaxes(0, 1),
    }
    return steps[orientation]


def big_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_sample_decodes_to_contiguous_rgb(name: str) -> None:
    picture = decode_image(samples()[name], name)
    assert sorted(picture.size_hw) == sorted(SIZE_HW)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.flags.c_contiguous
    assert picture.image_id.digest == hashlib.sha256(samples()[name]).hexdigest()


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_give_back_the_pixels(name: str) -> None:
    expected = shown(ramp(), 3) if name == "rgb.png" else ramp()
    assert np.array_equal(decode_image(samples()[name], name).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_in_every_format(kind: str, orientation: int, tmp_path: Path) -> None:
    options = (
        {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    )
    data = encode(Image.fromarray(ramp()), kind, exif=oriented(orientation), **options)
    picture = decode_image(data, "x")
    expected = shown(ramp(), orientation)
    assert picture.pixels.shape == expected.shape
    assert np.abs(picture.pixels.astype(int) - expected).max() <= (6 if kind == "JPEG" else 0)
    assert picture.notes == (("rotated by its EXIF orientation",) if orientation > 1 else ())
    (tmp_path / "x").write_bytes(data)
    assert peek_size(tmp_path / "x") == picture.size_hw


def test_orientation_turns_the_foreground_too() -> None:
    image = Image.fromarray(ramp()).convert("RGBA")
    alpha = np.zeros(SIZE_HW, np.uint8)
    alpha[:3, :5] = 255
    image.putalpha(Image.fromarray(alpha))
    picture = decode_image(encode(image, "PNG", exif=oriented(6)), "x.png")
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, shown(alpha, 6) > 0)


def test_broken_exif_is_a_note_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Image.Image) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert decode_image(samples()["grey.jpg"], "x.jpg").notes == ("its EXIF data is unreadable",)


@pytest.mark.parametrize(("name", "frames"), [("animated.png", 2), ("animated.webp", 2), ("pages.tif", 3)])
def test_of_several_frames_the_first_is_shown(name: str, frames: int) -> None:
    picture = decode_image(samples()[name], name)
    assert f"first of {frames} frames" in picture.notes
    assert np.abs(picture.pixels.astype(int) - ramp())[:, :, 1].mean() < 12


@pytest.mark.parametrize("name", sorted(samples()))
def test_peek_agrees_with_the_decoded_size(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(samples()[name])
    assert peek_size(tmp_path / name) == load_image(tmp_path / name).size_hw
    assert identify_image(tmp_path / name) == (
        load_image(tmp_path / name).image_id,
        peek_size(tmp_path / name),
    )


def test_a_lying_suffix_is_noted() -> None:
    assert decode_image(samples()["rgba.png"], "x.jpg").notes == ("a PNG in spite of its name",)
    assert decode_image(samples()["rgba.png"], "x.data").notes == ()


def test_heic_by_its_content_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    need_module("pillow_heif")
    data = heic(ramp((64, 80)))
    picture = decode_image(data, "IMG_1.jpg")
    assert picture.size_hw == (64, 80)
    assert np.abs(picture.pixels.astype(int) - ramp((64, 80))).mean() < 4
    assert picture.notes == ("a HEIC in spite of its name",)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtra, match=r"IMG_1\.jpg is a HEIC and needs .* pip install 'lydite\[heif\]'"):
        decode_image(data, "IMG_1.jpg")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"Picture x\.jpg is empty\. Fetch or export it again\. Seen: 0 bytes"),
        (b"hello, I am a text", r"is text, which is not supported\. Use one of JPEG, .* Seen: b'hello"),
        (
            b"GIF89a" + bytes(40),
            r"is a GIF, which is not supported\. Use one of JPEG, PNG, WebP, BMP, TIFF, and HEIC",
        ),
        (b"\0\0\0\x1cftypavif" + bytes(40), "is an AVIF, which is not supported"),
        (bytes(range(100, 200)), "is of no known picture format"),
        (b"BM" + bytes(60), "is damaged or cut short|has no pixels"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        decode_image(data, "x.jpg")


@pytest.mark.parametrize(
    "name", ["rgb.jpg", "rgb.png", "rgb.webp", "rgba.webp", "rgb.bmp", "raw.tif", "lzw.tif"]
)
def test_a_cut_file_is_an_error(name: str) -> None:
    data = samples()[name]
    with pytest.raises(ImageError, match=r"is damaged or cut short\. Fetch or export it again\. Seen: \w+"):
        decode_image(data[: len(data) * 6 // 10], name)


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (1, 100_000_001), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    with pytest.raises(
        ImageError, match=r"more than the allowed 100,000,000 pixels\. Shrink it.* Seen: \d+x\d+"
    ):
        decode_image(big_png(width, height), "bomb.png")


@pytest.mark.parametrize("name", sorted(samples()))
def test_the_pixel_cap_is_exact_in_every_format(name: str) -> None:
    pixels = SIZE_HW[0] * SIZE_HW[1]
    decode_image(samples()[name], name, ImageLimits(max_pixels=pixels))
    with pytest.raises(ImageError, match="240 pixels"):
        decode_image(samples()[name], name, ImageLimits(max_pixels=pixels - 1))


def test_our_cap_decides_and_not_the_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
    assert decode_image(samples()["rgb.png"], "x.png").size_hw == SIZE_HW


def test_the_byte_cap_is_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse terabyte
    with pytest.raises(
        ImageError, match=r"larger than the allowed 268,435,456 bytes.* Seen: 1,099,511,627,776"
    ):
        load_image(path)
    with pytest.raises(ImageError, match="larger than the allowed 10 bytes"):
        decode_image(samples()["rgb.png"], "x.png", ImageLimits(max_bytes=10))


def test_a_picture_of_one_pixel() -> None:
    picture = decode_image(encode(Image.new("RGB", (1, 1), "red"), "PNG"), "x.png")
    assert picture.pixels.tolist() == [[[255, 0, 0]]]


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name, reason in {
        "none.jpg": r"does not exist\. Check the name",
        "broken.jpg": r"is a link to nothing\. Mend or remove the link\. Seen: .*gone\.jpg",
        "loop.jpg": "is a link that leads back to itself",
        "pipe.jpg": "is a pipe, socket or device, not a file",
        "..": "is a folder, not a file",
        "broken.jpg/x.jpg": "does not exist",
        "a" * 300: "cannot be read",
        "nul\0byte": "cannot be read",
    }.items():
        with pytest.raises(ImageError, match=reason):
            load_image(tmp_path / name)
    with pytest.raises(ImageError, match="is a pipe, socket or device"):
        load_image("/dev/zero")


def test_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x.png").write_bytes(samples()["rgb.png"])
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageError, match=r"may not be read\. Give yourself permission to read it\."):
        load_image(tmp_path / "x.png")


def test_long_and_foreign_names(tmp_path: Path) -> None:
    for name in ("ñandú 鳥 🐦.png", "x" * 251 + ".png", "\udcff\udc80.png"):
        (tmp_path / name).write_bytes(samples()["rgb.bmp"])
        assert load_image(tmp_path / name).notes == ("a BMP in spite of its name",)
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(ImageError, match="is empty") as caught:
            load_image(tmp_path / name)
        str(caught.value).encode()


def test_state_of_the_decoder_is_left_alone() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for name, data in samples().items():
        decode_image(data, name)
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_threads_leave_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    data = samples()["rgb.webp"]
    threads = [
        threading.Thread(target=lambda: [decode_image(data, "x.webp") for _ in range(20)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(samples())),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    header=st.booleans(),
    keep=st.floats(0, 1) | st.just(1.0),
)
def test_damage_is_an_image_error_or_a_picture(
    name: str, flips: list[tuple[float, int]], header: bool, keep: float
) -> None:
    data = bytearray(samples()[name])
    for place, value in flips:
        data[int(place * min(len(data), 64 if header else len(data)))] = value
    data = data[: int(len(data) * keep)]
    try:
        picture = decode_image(bytes(data), name, ImageLimits(max_pixels=1_000_000))
    except ImageError:
        return
    assert picture.pixels.ndim == 3
    assert picture.image_id == ImageId.of_bytes(bytes(data))


def test_values_are_checked() -> None:
    with pytest.raises(InvalidValue, match=r"ImageLimits\.max_bytes must be positive"):
        ImageLimits(max_bytes=0)
    with pytest.raises(InvalidValue, match=r"ImageLimits\.max_pixels must be positive"):
        ImageLimits(max_pixels=-1)
    identity = ImageId.of_bytes(b"")
    with pytest.raises(InvalidValue, match=r"Picture\.pixels must be uint8 of shape"):
        Picture(np.zeros((2, 2), np.uint8), identity)
    with pytest.raises(InvalidValue, match=r"Picture\.pixels must be at least 1x1"):
        Picture(np.zeros((0, 2, 3), np.uint8), identity)
    with pytest.raises(InvalidValue, match=r"Picture\.alpha must be bool of shape \(2, 2\)"):
        Picture(np.zeros((2, 2, 3), np.uint8), identity, np.zeros((3, 2), np.bool_))


@pytest.mark.data
def test_real_photographs_decode() -> None:
    path = measuring_data("data", "bccd", "JPEGImages", "BloodImage_00000.jpg")
    with Image.open(path) as image:
        assert np.array_equal(load_image(path).pixels, np.asarray(image.convert("RGB")))
