"""The same picture is recognised after what happens to pictures, and another one is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from clean.piles import Pixels, scenery, thumb
from lydite.clean import CHECKS, find_pairs
from lydite.clean.twins.align import similarity
from lydite.clean.twins.signature import signatures, windows


def turned(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height)), np.uint8)


def recompressed(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", pixels, [1, 20])[1], 1), np.uint8)


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "resized": lambda p: np.asarray(
        cv2.resize(p, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8
    ),
    "recompressed": recompressed,
    "cropped": lambda p: p[4:104, 20:150],
    "mirrored": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "turned": turned,
    "darker": lambda p: (p * 0.6).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_pairs_and_strangers_are_not(change: str) -> None:
    pictures = [scenery(seed) for seed in range(12)]
    pictures += [CHANGES[change](picture) for picture in pictures]
    pairs = find_pairs(np.stack([thumb(p) for p in pictures]), [f"{row:064x}" for row in range(24)])
    sure = pairs.similarity >= CHECKS["near_duplicate"].notable
    found = set(zip(pairs.left[sure].tolist(), pairs.right[sure].tolist(), strict=True))
    assert found == {(row, row + 12) for row in range(12)}


def test_equal_files_are_pairs_of_similarity_one_and_others_never_quite() -> None:
    pictures = [scenery(1)] * 4
    pairs = find_pairs(np.stack([thumb(p) for p in pictures]), ["a" * 64, "a" * 64, "b" * 64, None])
    rows = zip(pairs.left.tolist(), pairs.right.tolist(), pairs.equal.tolist(), strict=True)
    assert set(rows) == {(0, 1, True), (0, 2, False)}
    assert pairs.similarity[pairs.equal].tolist() == [1.0]
    assert (pairs.similarity[~pairs.equal] < 1).all()


def test_flat_pictures_resemble_nothing() -> None:
    flat = np.full((64, 64), 90, np.uint8)
    assert similarity(flat, flat, windows()[0]) == 0
    assert len(find_pairs(np.stack([flat] * 5), [f"{row:064x}" for row in range(5)])) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_have_no_pair(count: int) -> None:
    assert len(find_pairs(np.zeros((count, 64, 64), np.uint8), ["a" * 64] * count)) == 0


def test_the_signature_of_a_mirrored_picture_is_found_by_signs() -> None:
    grey = thumb(scenery(5))
    plain, mirrored = windows()[:2]
    one = signatures(np.ascontiguousarray(grey[None, :, ::-1]), plain)
    np.testing.assert_allclose(one, signatures(grey[None], mirrored), atol=1e-5)
