"""One vector for different regions of a textured picture is an error that names its cause."""

from __future__ import annotations

import numpy as np
import pytest

from detect.eyes import SPACE, ColourEncoder
from lydite.core import CollapsedFeatures, FeatureMap, Features
from lydite.detect.collapse import require_spread, spread
from pictures import RED, disc, ground

TEXTURED = disc(ground((64, 96)), (40, 30), 20, RED)


def same(count: int) -> Features:
    vectors = np.tile(np.array([[0.5, 0.5, 0.5, 0.5]], np.float32), (count, 1))
    return Features(vectors, tuple(f"{k}" for k in range(count)), SPACE)


def test_an_encoder_that_sees_nothing_is_named() -> None:
    with pytest.raises(CollapsedFeatures) as caught:
        require_spread(same(5), ColourEncoder(flat=True).encode(TEXTURED), TEXTURED, "images:a.png")
    assert str(caught.value) == (
        "All 5 candidates of images:a.png got the same vector. The encoder's map does not vary over the "
        "picture: check its weights and layer. Seen: spread 0"
    )


def test_a_map_that_varies_only_in_length_sees_nothing_either() -> None:
    cells = np.ones((4, 4, 4), np.float32) * np.arange(1, 17, dtype=np.float32).reshape(4, 4, 1)
    with pytest.raises(CollapsedFeatures, match="The encoder's map does not vary over the picture"):
        require_spread(same(5), FeatureMap(cells, (64, 96), SPACE, (64, 96)), TEXTURED, "a")


def test_pooling_that_ignores_the_masks_is_named() -> None:
    with pytest.raises(CollapsedFeatures) as caught:
        require_spread(same(3), ColourEncoder().encode(TEXTURED), TEXTURED, "images:a.png")
    assert str(caught.value) == (
        "All 3 candidates of images:a.png got the same vector. The map varies, so the pooling did not look "
        "at the masks: check the candidates' masks. Seen: spread 0"
    )


def test_vectors_that_differ_pass() -> None:
    vectors = np.eye(4, dtype=np.float32)[:3]
    features = Features(vectors, ("a", "b", "c"), SPACE)
    require_spread(features, ColourEncoder(flat=True).encode(TEXTURED), TEXTURED, "a")


def test_a_picture_of_one_colour_has_nothing_to_tell_apart() -> None:
    flat = np.full((64, 96, 3), 128, np.uint8)
    require_spread(same(5), ColourEncoder(flat=True).encode(flat), flat, "a")


def test_two_regions_may_be_alike() -> None:
    require_spread(same(2), ColourEncoder().encode(TEXTURED), TEXTURED, "a")


def test_a_picture_of_one_cell_cannot_be_told_apart() -> None:
    tiny = TEXTURED[20:28, 16:24]
    require_spread(same(5), ColourEncoder().encode(tiny), TEXTURED, "a")


def test_spread_is_the_distance_from_the_mean() -> None:
    assert spread(same(4).vectors) == 0
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    assert spread(opposite) == pytest.approx(1)
    turned = np.array([[1, 0], [0, 1]], np.float32)
    assert spread(turned) == pytest.approx(np.sqrt(0.5))
