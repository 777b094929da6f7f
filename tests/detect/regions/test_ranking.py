from __future__ import annotations

from functools import partial

import numpy as np

from detect.regions.drawn import Mask, disc
from lydite.detect.regions import Regions, measure_quality, rank


def regions(masks: list[Mask], step: float = 20.0) -> Regions:
    areas = np.array([np.count_nonzero(mask) for mask in masks], np.float64)
    boxes = [[x.min(), y.min(), x.max() + 1, y.max() + 1] for y, x in (np.nonzero(mask) for mask in masks)]
    crops = [mask[y0:y1, x0:x1] for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True)]
    outlines = np.sqrt(areas) * 4
    return Regions(
        np.array(boxes, np.int64),
        areas,
        outlines,
        np.outer(outlines, [step, 0, 0]),
        ("blob",) * len(masks),
        tuple(partial(np.copy, crop) for crop in crops),
    )


def test_the_best_comes_first_a_repeat_later_and_a_duplicate_never() -> None:
    size = (100, 200)
    thing, almost_it = disc(size, (50, 50), 30), disc(size, (50, 50), 30)
    almost_it[50, 20] = False
    within, elsewhere = disc(size, (50, 50), 26), disc(size, (150, 50), 20)
    found = regions([thing, almost_it, within, elsewhere])
    order = list(rank(found, np.array([0.9, 0.89, 0.8, 0.6], np.float32), 0.95))
    assert [row for row, _ in order] == [0, 3, 2]
    assert order[0][1] >= order[1][1] >= order[2][1]


def test_a_second_guess_at_an_outline_comes_early_but_is_believed_less() -> None:
    size = (100, 200)
    found = regions([disc(size, (50, 50), 30), disc(size, (50, 50), 22), disc(size, (150, 50), 20)])
    order = list(rank(found, np.array([0.9, 0.8, 0.6], np.float32), 0.95))
    overlap = (45 / 61) ** 2
    assert [row for row, _ in order] == [0, 1, 2]
    assert np.allclose([quality for _, quality in order], [0.9, 0.8 * (1 - 0.7 * overlap), 0.6])


def test_quality_rises_with_contrast_and_with_size() -> None:
    size = (100, 200)
    found = regions([disc(size, (50, 50), 5), disc(size, (50, 50), 30), disc(size, (150, 50), 30)])
    found.fluxes[2] *= 3
    small, large, strong = measure_quality(found, size[0] * size[1])
    assert 0 <= small < large < strong <= 1


def test_no_regions_have_no_order() -> None:
    none = Regions.empty()
    assert list(rank(none, measure_quality(none, 1), 0.95)) == []
