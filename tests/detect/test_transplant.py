"""Close-ups put into pictures of a pile."""

from __future__ import annotations

import numpy as np
import pytest

from lydite.core import ImageId, Masks
from lydite.data import Picture
from lydite.detect.transplant import SHORTEST, CloseUp, batches, place
from pictures import RED, disc, ground

CLOSE = disc(ground((100, 100), 1), (50, 50), 40, RED)
COVER = (np.indices((100, 100)) - 50.0) ** 2


def close_up(row: int = 0, label: int = 0) -> CloseUp:
    mask = Masks.from_dense((COVER.sum(0) <= 40**2)[None])
    return CloseUp.of(row, label, Picture(CLOSE, ImageId.of_bytes(b"close")), mask, boxed=False)


def test_a_close_up_is_cut_to_its_box() -> None:
    cut = close_up()
    assert cut.pixels.shape == (81, 81, 3)
    assert cut.cover.shape == (81, 81)


def test_each_batch_holds_a_class_once_and_every_close_up_comes_once() -> None:
    every = [close_up(row, row % 7) for row in range(30)]
    dealt = [[each.label for each in batch] for batch in batches(every)]
    assert all(len(set(labels)) == len(labels) <= 5 for labels in dealt)
    assert sorted(each.row for batch in batches(every) for each in batch) == list(range(30))


def test_the_host_is_left_alone_and_only_masks_change() -> None:
    host = ground((200, 300), 2)
    before = host.copy()
    pixels, placed = place([close_up(0), close_up(1, 1)], host, [50, 30], np.random.default_rng(0))
    assert np.array_equal(host, before)
    assert len(placed) == 2
    covered = np.zeros(host.shape[:2], np.bool_)
    for _, mask in placed:
        dense = mask.to_dense()[0]
        assert not (covered & dense).any()  # apart from each other
        covered |= dense
    changed = (pixels != host).any(axis=2)
    assert (changed & covered).sum() > 0.9 * covered.sum()
    assert (changed & ~covered).sum() < 0.15 * covered.sum()  # the soft rim


@pytest.mark.parametrize("side", [1.0, 40.0, 60.0, 1000.0])
def test_sizes_are_as_asked_within_limits(side: float) -> None:
    _, placed = place([close_up()], ground((200, 300), 3), [side], np.random.default_rng(1))
    reached = float(np.sqrt(placed[0][1].areas[0]))
    assert reached == pytest.approx(np.clip(side, SHORTEST, 0.4 * 200 * np.sqrt(np.pi) / 2), rel=0.06)


def test_what_finds_no_room_is_left_out() -> None:
    many = [close_up(row, row) for row in range(40)]
    _, placed = place(many, ground((100, 100), 4), [40.0] * 40, np.random.default_rng(2))
    assert 0 < len(placed) < 40
