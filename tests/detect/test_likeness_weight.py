"""How much likeness weighs: the more, the more alike the examples of the classes are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from lydite.core import ClassMap, Features, FeatureSpace
from lydite.detect.bank import Bank
from lydite.detect.likeness_weight import MOST, PER_SPREAD, USUAL_SPREAD, likeness_weights

OUTLINE = np.array([1.0, 0.5, 1.0, 1.0], np.float32)


def around(centres: int, each: int, noise: float, seed: int = 0) -> npt.NDArray[np.float32]:
    """``(1, centres * each, 32)`` unit vectors, ``each`` of them about every centre."""
    rng = np.random.default_rng(seed)
    middles = np.repeat(rng.normal(size=(centres, 32)), each, axis=0)
    vectors = middles + noise * rng.normal(size=middles.shape)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit[None], np.float32)


def weights_of(vectors: npt.NDArray[np.float32], classes: int, each: int) -> npt.NDArray[np.float32]:
    labels = np.repeat(np.arange(classes), each)
    return likeness_weights(vectors, labels, np.tile(OUTLINE, (len(labels), 1)), classes)


def test_the_more_alike_the_examples_are_the_more_likeness_weighs() -> None:
    alike, unlike = weights_of(around(4, 6, 0.05), 4, 6), weights_of(around(4, 6, 1.0), 4, 6)
    assert alike == pytest.approx(np.full(4, alike[0]))
    assert 1 <= unlike[0] < alike[0] <= MOST


def test_examples_that_are_one_and_the_same_reach_the_largest_weight_and_no_more() -> None:
    assert weights_of(around(2, 60, 0.0), 2, 60) == pytest.approx([MOST, MOST])


def test_single_examples_have_the_usual_spread() -> None:
    assert weights_of(around(3, 1, 0.1), 3, 1) == pytest.approx([PER_SPREAD / USUAL_SPREAD] * 3)


def test_a_class_without_any_outline_keeps_the_weight_one() -> None:
    shapes = np.tile(OUTLINE, (12, 1))
    shapes[6:] = np.nan
    weights = likeness_weights(around(2, 6, 0.05), np.repeat([0, 1], 6), shapes, 2)
    assert weights[0] > 1
    assert weights[1] == 1


def test_thousands_of_examples_cost_what_a_hundred_do_and_say_the_same() -> None:
    few, many = weights_of(around(1, 100, 0.4), 1, 100), weights_of(around(1, 5000, 0.4), 1, 5000)
    assert many == pytest.approx(few, rel=0.2)


def test_an_example_speaks_at_the_size_that_is_most_like_the_others() -> None:
    own, other = around(1, 5, 0.05), around(1, 5, 1.0, seed=1)
    labels, shapes = np.zeros(5, np.int64), np.tile(OUTLINE, (5, 1))
    sizes = np.concatenate([own, other])
    assert likeness_weights(sizes, labels, shapes, 1) == pytest.approx(
        likeness_weights(own, labels, shapes, 1)
    )


def test_a_bank_of_some_of_the_examples_keeps_the_weights_of_all() -> None:
    vectors = around(2, 5, 0.3)[0]
    names = tuple(str(row) for row in range(10))
    space = FeatureSpace("net", "w", "last", "none", "RGB", (0, 0, 0), (1, 1, 1), "coverage-mean, L2", 32)
    labels = np.repeat([0, 1], 5)
    bank = Bank(
        ClassMap(("apple", "pear")), Features(vectors, names, space), labels, np.tile(OUTLINE, (10, 1))
    )
    fewer = bank.only(np.array([0, 1, 5, 6]))
    assert fewer.weights.tolist() == bank.weights.tolist()
    anew = replace(fewer, weights=np.zeros(0, np.float32))
    assert anew.weights.tolist() != bank.weights.tolist()
