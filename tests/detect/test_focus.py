"""A small thing in a whole picture is found; pictures that say where their thing is are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lydite.core import Masks, UsageError
from lydite.data import load_image
from lydite.detect import Exemplar, ExemplarSet, make_bank, resolve
from lydite.detect.focus import find_foreground
from lydite.detect.proposers.regions import RegionProposer
from lydite.features import build_encoder
from lydite.metrics import mask_iou
from pictures import BLUE, RED, disc, ground, save

SETTINGS = resolve("strict", options={"focus": True, "short_side": 128, "exemplar_sizes": 1})
PLAIN = resolve("strict", options={"short_side": 128, "exemplar_sizes": 1})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save(disc(ground((120, 160)), (90, 55), 14, RED), tmp_path / "photo.png")


def vector(exemplar: Exemplar, settings: object) -> np.ndarray:
    encoder = build_encoder(SETTINGS.encoder)
    bank = make_bank(ExemplarSet((exemplar,)), encoder, settings)  # type: ignore[arg-type]
    found: np.ndarray = bank.positives.vectors[0]
    return found


def test_the_thing_is_found(photo: Path) -> None:
    picture = load_image(photo)
    feature_map = build_encoder(SETTINGS.encoder).encode(picture.pixels)
    found = find_foreground(picture, feature_map, RegionProposer(SETTINGS.regions))
    assert found is not None
    drawn = disc(np.zeros((120, 160, 3), np.uint8), (90, 55), 14, (255, 255, 255))[:, :, 0] > 127
    assert mask_iou(found, Masks.from_dense(drawn[None]))[0, 0] > 0.8


def test_a_focused_example_is_the_thing_and_not_its_ground(photo: Path) -> None:
    whole = Exemplar(photo, "photo", "red")
    boxed = Exemplar(photo, "photo", "red", box=(77, 42, 104, 69))
    thing = vector(boxed, PLAIN)
    assert vector(whole, SETTINGS) @ thing > 0.9 > vector(whole, PLAIN) @ thing


def test_boxes_stay_boxes_and_what_fills_its_picture_stays_whole(photo: Path, tmp_path: Path) -> None:
    boxed = Exemplar(photo, "photo", "red", box=(70, 35, 120, 80))
    np.testing.assert_array_equal(vector(boxed, SETTINGS), vector(boxed, PLAIN))
    plain = Exemplar(save(np.full((60, 60, 3), BLUE, np.uint8), tmp_path / "b.png"), "b", "blue")
    np.testing.assert_array_equal(vector(plain, SETTINGS), vector(plain, PLAIN))


def test_similarity_maps_are_means_of_cells() -> None:
    with pytest.raises(UsageError, match="pooling topk does not go with similarity maps"):
        resolve(options={"pooling": "topk", "proposer": "similarity"})
