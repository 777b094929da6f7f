"""Wrong labels are found, and no row vouches for itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from lydite.clean import suspect_labels
from lydite.clean.semantics.voices import Voices
from lydite.core import InvalidValue


def blobs(
    seed: int, classes: int = 5, each: int = 40
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    found = random.standard_normal((classes, 24))[labels] + 0.8 * random.standard_normal((len(labels), 24))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32), labels


@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_come_first_with_what_they_should_be(seed: int) -> None:
    vectors, truth = blobs(seed)
    wrong = np.random.default_rng(seed).choice(len(truth), 10, replace=False)
    labels = truth.copy()
    labels[wrong] = (labels[wrong] + 1) % 5
    found = suspect_labels(vectors, labels)
    first = np.argsort(-found.scores)[:10]
    assert len(set(first) & set(wrong)) >= 9
    assert (found.suggested[wrong] == truth[wrong]).mean() >= 0.9


def test_ridge_scores_equal_refitting_without_each_row() -> None:
    vectors, labels = blobs(1, classes=3, each=12)
    targets = np.eye(3)[labels]
    voices = Voices(vectors, np.arange(len(labels)))
    heard = np.ones(len(labels), np.bool_)
    heard[[3, 7]] = False
    fast = voices.left_out(targets, heard)
    for row in range(len(labels)):
        without = heard.copy()
        without[row] = False
        np.testing.assert_allclose(fast[row], voices.left_out(targets, without)[row], atol=1e-8)


def test_a_row_and_its_copies_do_not_vote_for_it() -> None:
    vectors, labels = blobs(2, classes=2, each=10)
    vectors[1] = vectors[0]
    kin = np.array([0, 0, *range(2, 20)])
    heard = np.ones(20, np.bool_)
    one = Voices(vectors, kin).neighbours(np.eye(2)[labels], heard)[0]
    turned = labels.copy()
    turned[:2] = 1
    other = Voices(vectors, kin).neighbours(np.eye(2)[turned], heard)[0]
    np.testing.assert_array_equal(one, other)


def test_rare_classes_are_judged_too() -> None:
    vectors, labels = blobs(4)
    labels[0] = 5
    found = suspect_labels(vectors, labels)
    assert np.isfinite(found.scores).all()


def test_one_class_is_nothing_to_compare() -> None:
    with pytest.raises(InvalidValue, match="2 classes or more"):
        suspect_labels(np.eye(4, dtype=np.float32), np.zeros(4, np.int64))
