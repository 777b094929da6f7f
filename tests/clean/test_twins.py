"""The same picture is recognised after what happens to pictures, and another one is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from clean.piles import Pixels, scenery, thumb
from lydite.clean import CHECKS, find_pairs
from lydite.clean.twins import candidates
from lydite.clean.twins.candidates import LEAST, NEAREST, find_candidates
from lydite.clean.twins.correlation import are_flat, correlation
from lydite.clean.twins.signature import TURNED, signatures, windows
from lydite.clean.twins.similar import similarities


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
    assert are_flat(np.stack([flat, thumb(scenery(1))])).tolist() == [True, False]
    assert len(find_pairs(np.stack([flat] * 5), [f"{row:064x}" for row in range(5)])) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_have_no_pair(count: int) -> None:
    assert len(find_pairs(np.zeros((count, 64, 64), np.uint8), ["a" * 64] * count)) == 0


def test_the_signature_of_a_mirrored_picture_is_found_by_signs() -> None:
    grey = thumb(scenery(5))
    whole = windows()[:1]
    one = signatures(np.ascontiguousarray(grey[None, :, ::-1]), whole)[0, 0]
    np.testing.assert_allclose(one, signatures(grey[None], whole)[0, 0] * np.where(TURNED, -1, 1), atol=1e-5)


def test_a_signature_is_that_of_the_part_cut_out_and_shrunk() -> None:
    grey = thumb(scenery(6)).astype(np.float32)
    found = signatures(grey[None].astype(np.uint8), windows())
    for window, signature in zip(windows(), found[:, 0], strict=True):
        rows = slice(window.top, window.top + window.side)
        part = grey[rows, window.left : window.left + window.side].copy()
        small = cv2.resize(part, (32, 32), interpolation=cv2.INTER_AREA)
        low = cv2.dct(np.asarray(small, np.float32))[:8, :8]
        order = np.hypot(*np.mgrid[:8, :8])
        slow = (low * order / (1 + (order / 3) ** 2)).ravel()[1:]
        np.testing.assert_allclose(signature, slow / np.linalg.norm(slow), atol=1e-4)


def slow_candidates(thumbs: Pixels) -> dict[tuple[int, int], float]:
    """The best cosine of each pair that reaches the least one, by two loops."""
    signs, best = np.where(TURNED, -1, 1), dict[tuple[int, int], float]()
    parts = signatures(thumbs, windows())
    for one in range(len(thumbs)):
        for other in set(range(len(thumbs))) - {one}:
            cosines = parts[:, one] @ np.stack([parts[0, other], parts[0, other] * signs], axis=1)
            pair = min(one, other), max(one, other)
            best[pair] = max(best.get(pair, -1), float(cosines.max()))
    return {pair: cosine for pair, cosine in best.items() if cosine >= LEAST}


def test_candidates_are_those_of_two_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks and tiles smaller than the pile, where no picture has more near ones than are compared."""
    monkeypatch.setattr(candidates, "_BLOCK", 5)
    monkeypatch.setattr(candidates, "_TILE", 4)
    pictures = [scenery(seed) for seed in range(9)]
    pictures += [change(pictures[place]) for place, change in enumerate(CHANGES.values())]
    thumbs = np.stack([thumb(picture) for picture in pictures])
    found, slow = find_candidates(thumbs), slow_candidates(thumbs)
    pairs = np.sort(np.stack([found.part, found.whole], axis=1), axis=1)
    assert set(map(tuple, pairs.tolist())) == set(slow)
    for pair, cosine in zip(map(tuple, pairs.tolist()), found.cosine, strict=True):
        assert cosine == pytest.approx(slow[pair], abs=1e-5)


def test_of_many_near_ones_few_are_compared() -> None:
    thumbs = np.stack([thumb(scenery(1))] * 40)
    found = find_candidates(thumbs)
    counts = np.bincount(np.concatenate([found.part, found.whole]), minlength=40)
    assert counts.min() >= NEAREST
    assert len(found) <= 40 * NEAREST


@pytest.mark.parametrize("change", CHANGES)
def test_alignment_finds_what_the_library_finds(change: str) -> None:
    """Against OpenCV's maximisation of the same correlation, at full size and with more patience."""
    pictures = [scenery(seed) for seed in range(8)]
    thumbs = np.stack([thumb(p) for p in (*pictures, *map(CHANGES[change], pictures))])
    found = find_candidates(thumbs)
    fast = similarities(thumbs, found)
    for row in np.flatnonzero(found.whole - found.part == 8).tolist():
        part, whole = thumbs[found.part[row]], thumbs[found.whole[row]]
        part = np.ascontiguousarray(part[:, ::-1] if found.mirrored[row] else part)
        window = windows()[found.window[row]]
        left = 64 - window.side - window.left if found.mirrored[row] else window.left
        scale = window.side / 64
        start = np.array([[scale, 0, left], [0, scale, window.top]], np.float32)
        stop = (cv2.TERM_CRITERIA_COUNT, 40, 0)
        _, warp = cv2.findTransformECC(
            whole, part, start, cv2.MOTION_AFFINE, stop, np.full_like(part, 255), 5
        )
        assert fast[row] == pytest.approx(correlation(part, whole, np.asarray(warp, np.float32)), abs=0.03)
