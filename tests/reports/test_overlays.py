"""Outlines follow masks; frames never enlarge; JPEGs decode."""

from __future__ import annotations

import io
import re

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from lydite.core import Masks
from lydite.reports.overlays import CROP_SIDE, Frame, crop, jpeg, outlines, shrink


def fill(path: str, frame: Frame, times: int = 1) -> npt.NDArray[np.bool_]:
    """The pixels inside an outline, even-odd, on a grid ``times`` finer than the frame."""
    polygons = []
    for part in path.split("Z")[:-1]:
        points = [[float(v) * times for v in pair.split()] for pair in part[1:].split("L")]
        polygons.append(np.round(np.array(points) - 0.5).astype(np.int32))
    canvas = np.zeros((frame.height * times, frame.width * times), np.uint8)
    cv2.fillPoly(canvas, polygons, 1)
    return canvas.astype(bool)


def test_an_outline_of_a_square_runs_along_its_edges() -> None:
    dense = np.zeros((1, 40, 40), bool)
    dense[0, 10:20, 5:30] = True
    (path,) = outlines(Masks.from_dense(dense), Frame((40, 40), 40, 40))
    numbers = np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[\d.]+ [\d.]+", path)])
    assert numbers.min(axis=0) == pytest.approx([5, 10], abs=0.2)
    assert numbers.max(axis=0) == pytest.approx([30, 20], abs=0.2)


@pytest.mark.parametrize("side", [600, 150])
def test_an_outline_covers_what_the_mask_covers_holes_included(side: int) -> None:
    y, x = np.mgrid[:500, :600]
    distance = np.hypot(y - 240, x - 300)
    mask = (distance < 200) & (distance > 80)
    frame = Frame.fit((500, 600), side)
    (path,) = outlines(Masks.from_dense(mask[None]), frame)
    assert path.count("M") == 2
    drawn = fill(path, frame)
    wanted = cv2.resize(
        mask.astype(np.uint8) * 255, (frame.width, frame.height), interpolation=cv2.INTER_AREA
    )
    differing = np.logical_xor(drawn, wanted >= 128).sum() / (wanted >= 128).sum()
    assert differing < 0.04


def test_an_empty_mask_has_no_outline_and_a_hair_thin_one_has() -> None:
    dense = np.zeros((2, 50, 3000), bool)
    dense[1, 20, :] = True
    empty, hair = outlines(Masks.from_dense(dense), Frame.fit((50, 3000), 480))
    assert empty == ""
    assert hair.startswith("M")
    assert hair.endswith("Z")


@pytest.mark.parametrize(
    ("size_hw", "side", "wanted"),
    [((4000, 6000), 1600, (1600, 1067)), ((16, 16), 1600, (16, 16)), ((1, 9000), 480, (480, 1))],
)
def test_a_frame_fits_and_never_enlarges(
    size_hw: tuple[int, int], side: int, wanted: tuple[int, int]
) -> None:
    frame = Frame.fit(size_hw, side)
    assert (frame.width, frame.height) == wanted


def test_jpegs_decode_at_the_size_of_their_frame() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 700, 3), np.uint8)
    frame = Frame.fit((90, 700), 480)
    with Image.open(io.BytesIO(jpeg(shrink(pixels, frame)))) as image:
        assert image.size == (480, 62)


def test_small_pictures_keep_their_colours() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[::2] = (250, 20, 20)
    pixels[1::2] = (20, 20, 250)
    with Image.open(io.BytesIO(jpeg(pixels))) as image:
        assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 12


@pytest.mark.parametrize("box", [(0, 0, 3, 3), (-5, -5, 900, 900), (99.5, 99.5, 100, 100), (40, 40, 40, 40)])
def test_a_crop_is_never_empty_nor_large(box: tuple[float, ...]) -> None:
    piece = crop(np.zeros((100, 100, 3), np.uint8), box)
    assert min(piece.shape[:2]) >= 1
    assert max(piece.shape[:2]) <= CROP_SIDE
