"""One look a picture; what the cache gives back is what was computed, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from detect.eyes import ColourEncoder
from lydite.core import Candidates, CollapsedFeatures, ImageId, ItemId, Masks
from lydite.data import Picture
from lydite.detect.embed import Look, look
from lydite.features import VectorCache, pool, pool_surround
from pictures import GREEN, RED, disc, ground

PIXELS = disc(disc(ground((96, 128)), (35, 35), 16, RED), (90, 60), 20, GREEN)
PICTURE = Picture(PIXELS, ImageId.of_bytes(b"picture"))
ITEM = ItemId("images", "a.png")


def discs(*xyr: tuple[int, int, int]) -> Candidates:
    dense = np.zeros((len(xyr), 96, 128), np.uint8)
    for mask, (x, y, radius) in zip(dense, xyr, strict=True):
        cv2.circle(mask, (x, y), radius, 1, -1)
    return Candidates.born(ITEM, Masks.from_dense(dense))


THREE = discs((35, 35, 16), (90, 60, 20), (20, 80, 10))


@dataclass
class Stages:
    names: list[str] = field(default_factory=list)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.names.append(stage)
        yield


def see(
    encoder: ColourEncoder,
    cache: VectorCache | None = None,
    candidates: Candidates = THREE,
    short_side: int = 96,
    picture: Picture = PICTURE,
) -> tuple[Look, list[str]]:
    stages = Stages()
    return look(picture, candidates, encoder, short_side, cache, stages), stages.names


def test_all_candidates_are_pooled_from_one_look() -> None:
    encoder = ColourEncoder()
    seen, stages = see(encoder)
    assert encoder.looks == [(96, 128)]
    assert stages == ["encode", "pool"]
    feature_map = ColourEncoder().encode(PIXELS)
    ids = tuple(str(region) for region in THREE.ids)
    inside, around = pool(feature_map, THREE.masks, ids), pool_surround(feature_map, THREE.masks, ids)
    assert seen.vectors.ids == ids
    np.testing.assert_array_equal(seen.vectors.vectors, inside.vectors)
    np.testing.assert_allclose(seen.surround, (inside.vectors * around.vectors).sum(axis=1), atol=1e-6)
    assert seen.surround.dtype == np.float32
    # Two discs differ from the ground around them; the third candidate is ground within ground.
    assert (seen.surround[:2] < 0.8).all()
    assert seen.surround[2] > 0.95


def test_a_hit_equals_the_computation_and_looks_at_nothing(tmp_path: Path) -> None:
    first, cache = ColourEncoder(), VectorCache(tmp_path)
    computed, _ = see(first, cache)
    second = ColourEncoder()
    found, stages = see(second, VectorCache(tmp_path))
    assert second.looks == []
    assert stages == ["cache"]
    np.testing.assert_array_equal(found.vectors.vectors, computed.vectors.vectors)
    np.testing.assert_array_equal(found.surround, computed.surround)
    assert found.vectors.ids == computed.vectors.ids


@pytest.mark.parametrize(
    "changes",
    [
        {"short_side": 97},
        {"candidates": THREE[:2]},
        {"candidates": THREE[[1, 0, 2]]},
        {"picture": Picture(PIXELS, ImageId.of_bytes(b"other"))},
    ],
    ids=["scale", "fewer", "other order", "other picture"],
)
def test_another_scale_picture_or_set_of_candidates_is_a_miss(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    encoder, cache = ColourEncoder(), VectorCache(tmp_path)
    see(encoder, cache)
    see(encoder, cache, **changes)  # type: ignore[arg-type]
    assert len(encoder.looks) == 2


def test_half_of_a_look_is_no_hit(tmp_path: Path) -> None:
    encoder, cache = ColourEncoder(), VectorCache(tmp_path)
    computed, _ = see(encoder, cache)
    files = sorted(tmp_path.rglob("*.vectors"))
    assert len(files) == 2
    for file in files:
        content = file.read_bytes()
        file.unlink()
        again, _ = see(encoder, cache)
        np.testing.assert_array_equal(again.surround, computed.surround)
        assert file.read_bytes() == content
    assert len(encoder.looks) == 3


def test_what_collapsed_is_refused_and_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(CollapsedFeatures, match=r"All 3 candidates of images:a\.png"):
            see(ColourEncoder(flat=True), VectorCache(tmp_path))
    assert not list(tmp_path.rglob("*.vectors"))
