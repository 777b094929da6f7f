from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InvalidValue, Masks
from lydite.metrics import ImageResult, ImageTruth
from lydite.metrics.instances import pair_images
from metrics.scenes import CLASSES, boxes_at, perfect, random_scene, result_of, truth_of
from strategies import selections

TRUTH = truth_of("a", boxes_at((0, 0, 9, 9), (20, 20, 30, 30)), [0, 1])


@given(st.data(), st.integers(0, 99))
def test_rows_stay_aligned_under_any_selection(data: st.DataObject, seed: int) -> None:
    for some in (side[0] for side in random_scene(seed, images=1)):
        index = data.draw(selections(len(some)))
        rows = np.arange(len(some))[index]
        chosen = some[index]
        assert chosen.labels.tolist() == some.labels[rows].tolist()
        np.testing.assert_array_equal(chosen.boxes.xyxy, some.boxes.xyxy[rows])
        assert chosen.masks is not None
        assert some.masks is not None
        np.testing.assert_array_equal(chosen.masks.to_dense(), some.masks.to_dense()[rows])
        if isinstance(some, ImageResult) and isinstance(chosen, ImageResult):
            np.testing.assert_array_equal(chosen.scores, some.scores[rows])


def test_columns_must_be_of_one_length() -> None:
    with pytest.raises(InvalidValue) as caught:
        replace(TRUTH, labels=np.array([1]))
    assert str(caught.value) == (
        "Instances of a must be columns of one length. "
        "Seen: {'boxes': 2, 'labels': 1, 'crowd': 2, 'difficult': 2, 'masks': 2}"
    )


def test_scores_must_be_finite() -> None:
    with pytest.raises(InvalidValue) as caught:
        result_of("a", boxes_at((0, 0, 9, 9)), [0], [float("nan")])
    assert str(caught.value) == "Scores of a must be finite. Seen: [nan]"


def pairing(truth: list[ImageTruth], results: list[ImageResult]) -> str:
    with pytest.raises(InvalidValue) as caught:
        pair_images(truth, results, CLASSES, "segm")
    return str(caught.value)


def test_pictures_stand_once_and_on_both_sides() -> None:
    found = perfect(TRUTH)
    assert pairing([TRUTH, TRUTH], [found]) == "Pictures to evaluate must be distinct. Seen: [2, 1]"
    assert pairing([TRUTH], [found, found]) == "Pictures to evaluate must be distinct. Seen: [1, 2]"
    assert pairing([TRUTH], []) == "Pictures to evaluate must be the same in truth and results. Seen: ['a']"


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_are_classes(label: int) -> None:
    wrong = replace(TRUTH, labels=np.array([0, label]))
    assert pairing([wrong], [perfect(TRUTH)]) == f"Labels of a must be in 0..2. Seen: [0, {label}]"


def test_masks_are_there_and_of_one_size() -> None:
    found = perfect(TRUTH)
    assert pairing([replace(TRUTH, masks=None)], [found]) == (
        "Masks of a must be there on both sides and of one size. Seen: [None, (60, 80)]"
    )
    other = replace(found, masks=Masks.from_boxes(found.boxes, (80, 60)))
    assert pairing([TRUTH], [other]) == (
        "Masks of a must be there on both sides and of one size. Seen: [(60, 80), (80, 60)]"
    )
