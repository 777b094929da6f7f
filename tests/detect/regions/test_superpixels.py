from __future__ import annotations

import numpy as np
from scipy import ndimage

from detect.regions.drawn import noise
from lydite.detect.regions import cut, look


def test_pieces_cover_the_picture_each_in_one_part() -> None:
    pieces = cut(look(noise((60, 80)), 80), 60)
    assert np.array_equal(np.unique(pieces.labels), np.arange(len(pieces)))
    assert all(ndimage.label(pieces.labels == piece)[1] == 1 for piece in range(len(pieces)))


def test_pairs_and_lengths_are_those_of_a_walk_over_the_pixels() -> None:
    pieces = cut(look(noise((30, 40)), 40), 30)
    walked: dict[tuple[int, int], int] = {}
    rows, columns = pieces.labels.shape
    for y in range(rows):
        for x in range(columns):
            for v, u in ((y, x + 1), (y + 1, x)):
                if v < rows and u < columns and pieces.labels[y, x] != pieces.labels[v, u]:
                    low, high = sorted((int(pieces.labels[y, x]), int(pieces.labels[v, u])))
                    walked[low, high] = walked.get((low, high), 0) + 1
    found = {(a, b): int(n) for (a, b), n in zip(pieces.pairs.tolist(), pieces.lengths, strict=True)}
    assert found == walked


def test_more_pieces_when_more_are_asked_for() -> None:
    view = look(noise((200, 200)), 200)
    assert len(cut(view, 100)) < len(cut(view, 400)) < len(cut(view, 1600))
