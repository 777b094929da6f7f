from __future__ import annotations

import numpy as np
from scipy import ndimage

from detect.regions.drawn import disc, iou, paint
from lydite.detect.regions import find_blobs, look


def test_columns_are_those_of_the_masks() -> None:
    size = (80, 100)
    truth = disc(size, (40, 40), 15)
    view = look(paint(size, [(truth, (200, 50, 50))]), 100)
    found = find_blobs(view, (20, 4000))
    assert len(found)
    best = 0.0
    for row in range(len(found)):
        x0, y0, x1, y1 = found.boxes[row].tolist()
        mask = np.zeros(size, np.bool_)
        mask[y0:y1, x0:x1] = found.crops[row]()
        assert found.areas[row] == np.count_nonzero(mask)
        assert 20 <= found.areas[row] <= 4000
        np.testing.assert_allclose(found.fluxes[row], view.sources[mask].sum(axis=0), rtol=1e-3, atol=1e-2)
        best = max(best, iou(mask, truth))
    assert best > 0.9


def test_blobs_are_all_pieces_of_their_size_on_either_side_of_a_level() -> None:
    """Against scipy's labels of noise: hundreds of ragged pieces, many of them at the frame."""
    noise = np.random.default_rng(3).integers(0, 255, (60, 70, 3), dtype=np.uint8)
    view = look(noise, 70)
    lightness = view.lab[..., 0]
    low, high = np.percentile(lightness, (0.5, 99.5))
    scaled = np.clip((lightness - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    expected = set()
    for level in np.linspace(0, 255, 10)[1:-1]:
        for side in (scaled > level, scaled <= level):
            labels, count = ndimage.label(side)
            for label in range(1, count + 1):
                mask = labels == label
                if 5 <= np.count_nonzero(mask) <= 400:
                    expected.add(mask.tobytes())
    found = find_blobs(view, (5, 400))
    masks = []
    for row in range(len(found)):
        x0, y0, x1, y1 = found.boxes[row].tolist()
        mask = np.zeros((60, 70), np.bool_)
        mask[y0:y1, x0:x1] = found.crops[row]()
        assert mask[y0].any()
        assert mask[y1 - 1].any()
        assert mask[:, x0].any()
        assert mask[:, x1 - 1].any()
        assert found.areas[row] == np.count_nonzero(mask)
        masks.append(mask.tobytes())
    assert len(expected) > 100
    assert expected <= set(masks)
