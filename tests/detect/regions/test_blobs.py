from __future__ import annotations

import numpy as np

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
