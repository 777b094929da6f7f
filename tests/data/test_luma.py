"""The brightness alone is that of the whole picture, at every size, and refuses the same files."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from data.samples import oriented, ramp, samples
from lydite.core import ImageError, LyditeError
from lydite.data import decode_image
from lydite.data.luma import decode_luma


def slow(data: bytes) -> np.ndarray:
    return np.asarray(cv2.cvtColor(decode_image(data, "x").pixels, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_sample_has_the_brightness_of_its_colours(name: str) -> None:
    data = samples()[name]
    found, whole = decode_luma(data, name, 10_000), decode_image(data, name)
    assert found.size_hw == whole.size_hw == found.pixels.shape
    assert found.image_id == whole.image_id
    assert np.abs(found.pixels.astype(int) - slow(data)).max() <= 4  # colours are cut off at 0 and 255


def jpeg(size_hw: tuple[int, int], orientation: int = 1) -> bytes:
    content = io.BytesIO()
    image = Image.fromarray(cv2.GaussianBlur(np.repeat(ramp(size_hw), 1, axis=0), (0, 0), 2))
    image.save(content, "JPEG", quality=95, exif=oriented(orientation))
    return content.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_jpeg_comes_smaller_and_as_shown(orientation: int) -> None:
    data = jpeg((320, 480), orientation)
    found = decode_luma(data, "x", 100)
    assert found.size_hw == decode_image(data, "x").size_hw
    assert max(found.pixels.shape) == 120
    small = cv2.resize(slow(data), found.pixels.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(found.pixels.astype(int) - small).max() <= 3


@pytest.mark.parametrize(("size_hw", "long_side", "side"), [
    ((320, 480), 480, 480), ((320, 480), 240, 240), ((320, 480), 241, 480), ((321, 480), 100, 480),
    ((322, 480), 100, 240), ((8, 8), 4, 4), ((1, 1), 512, 1),
])  # fmt: skip
def test_only_what_divides_evenly_is_made_smaller(
    size_hw: tuple[int, int], long_side: int, side: int
) -> None:
    found = decode_luma(jpeg(size_hw), "x", long_side)
    assert max(found.pixels.shape) == side
    assert found.size_hw == size_hw


@pytest.mark.parametrize("name", ["rgb.jpg", "grey.jpg", "cmyk.jpg"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_what_is_refused_whole_is_refused_here(name: str, share: float) -> None:
    data = samples()[name]
    told = []
    for decode in (lambda d: decode_image(d, name), lambda d: decode_luma(d, name, 10)):
        with pytest.raises(LyditeError) as caught:
            decode(data[: int(len(data) * share)])
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_nothing_is_no_picture() -> None:
    with pytest.raises(ImageError, match="is empty"):
        decode_luma(b"", "x.jpg", 10)
