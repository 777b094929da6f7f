"""What single checks measure."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from clean.piles import pile, scenery
from lydite.clean import CHECKS, View
from lydite.clean.checks import Check, Needs, Worse
from lydite.core import ImageId, InvalidValue
from lydite.data import Picture

FOLDER = Path(__file__).resolve().parents[2] / "src" / "lydite" / "clean" / "checks"


def measure(check: str, pixels: np.ndarray) -> float:
    of_picture = CHECKS[check].of_picture
    assert of_picture is not None
    return of_picture(View.of(Picture(pixels, ImageId.of_bytes(b""))))


def test_every_file_is_in_the_table_under_its_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert set(CHECKS) == files


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.needs is Needs.PICTURE])
def test_an_ordinary_picture_is_no_finding(name: str) -> None:
    check = CHECKS[name]
    assert not check.reached(np.array([measure(name, scenery(1))]), check.notable).any()


FLAT = np.full((100, 100, 3), 128, np.uint8)
BAD = {
    "small": scenery(1, (55, 200)),
    "aspect": scenery(1, (60, 200)),
    "dark": scenery(1) // 4,
    "bright": np.full((90, 90, 3), 250, np.uint8),
    "low_detail": FLAT,
    "blur": cv2.GaussianBlur(scenery(1), (0, 0), 6),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_one(name: str) -> None:
    check = CHECKS[name]
    assert check.reached(np.array([measure(name, BAD[name])]), check.notable).all()


def test_each_check_of_pictures_has_a_bad_picture_here() -> None:
    assert set(BAD) == {name for name, check in CHECKS.items() if check.needs is Needs.PICTURE}


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_pictures_are_measured(size_hw: tuple[int, int]) -> None:
    pixels = np.zeros((*size_hw, 3), np.uint8)
    assert all(np.isfinite(measure(name, pixels)) for name in BAD)


def test_more_blur_is_less_sharp() -> None:
    pictures = [scenery(3), *(cv2.GaussianBlur(scenery(3), (0, 0), s) for s in (1, 2, 4))]
    scores = [measure("blur", pixels) for pixels in pictures]
    assert scores == sorted(scores, reverse=True)


def test_nan_reaches_no_limit() -> None:
    for worse in Worse:
        check = Check("x", worse, 0, of_picture=lambda _view: 0.0)
        assert not check.reached(np.array([np.nan]), 0).any()


def test_a_check_has_the_function_that_it_needs() -> None:
    with pytest.raises(InvalidValue, match="the one function that it needs"):
        Check("x", Worse.LOW, 0, Needs.THUMBS, of_picture=lambda _view: 0.0)


def column(name: str, **columns: object) -> list[float]:
    of_pile = CHECKS[name].of_pile
    assert of_pile is not None
    pictures = [scenery(1), scenery(1), scenery(2), scenery(3)]
    found: list[float] = of_pile(pile(pictures, **columns)).scores.tolist()
    return found


def test_of_two_copies_the_one_in_the_test_split_stays() -> None:
    images = ("a" * 64, "a" * 64, "b" * 64, "c" * 64)
    assert column("exact_duplicate", images=images) == [0, 1, 0, 0]
    assert column("exact_duplicate", images=images, splits=("train", "test", "train", "val")) == [1, 0, 0, 0]
    assert column("split_leak", images=images, splits=("train", "test", "train", "val")) == [1, 0, 0, 0]
    assert column("split_leak", images=images, splits=("train",) * 4) == [0, 0, 0, 0]


def test_a_conflict_is_told_of_both() -> None:
    images = ("a" * 64, "a" * 64, "b" * 64, "c" * 64)
    assert column("label_conflict", images=images, labels=("pear", "plum", "plum", "plum")) == [1, 1, 0, 0]
    assert column("label_conflict", images=images, labels=("pear", None, "plum", "plum")) == [0, 0, 0, 0]


def vectors(seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Forty unit vectors of two kinds, the first of which is an outlier of its kind."""
    random = np.random.default_rng(seed)
    ways = np.repeat(np.eye(8, dtype=np.float32)[:2], 20, axis=0)
    found = ways + 0.1 * random.standard_normal(ways.shape).astype(np.float32)
    found[0] = np.eye(8, dtype=np.float32)[5]
    return found / np.linalg.norm(found, axis=1, keepdims=True), ["pear"] * 20 + ["plum"] * 20


@pytest.mark.parametrize(("name", "kind"), [("semantic_outlier", "labels"), ("group_outlier", "groups")])
def test_what_is_unlike_its_kind_is_an_outlier(name: str, kind: str) -> None:
    points, kinds = vectors()
    of_pile = CHECKS[name].of_pile
    assert of_pile is not None
    found = of_pile(pile([scenery(1)] * 40, vectors=points, **{kind: kinds}))
    assert CHECKS[name].reached(found.scores, CHECKS[name].notable).tolist() == [True] + [False] * 39
    assert np.isnan(of_pile(pile([scenery(1)] * 40, vectors=points)).scores).all()


def test_the_same_scene_in_another_split_is_told_of_the_one_that_gives_way() -> None:
    points = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]
    of_pile = CHECKS["scene_leak"].of_pile
    assert of_pile is not None
    found = of_pile(pile([scenery(1)] * 4, vectors=points, splits=("train", "test", "train", "train")))
    assert found.scores[0] == 1
    assert np.isnan(found.scores[1])
    assert found.kin[0] == (1,)


def test_where_everything_is_alike_only_what_is_far_more_alike_is_a_scene() -> None:
    random = np.random.default_rng(0)
    points = np.eye(64, dtype=np.float32)[0] + 0.03 * random.standard_normal((60, 64)).astype(np.float32)
    points[7] = points[40] + 0.005 * random.standard_normal(64).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    check = CHECKS["scene_leak"]
    assert check.of_pile is not None
    found = check.of_pile(pile([scenery(1)] * 60, vectors=points, splits=["train"] * 30 + ["val"] * 30))
    assert np.flatnonzero(check.reached(found.scores, check.notable)).tolist() == [7]
    assert found.kin[7] == (40,)
    assert (points @ points.T).min() > 0.8


def test_labels_of_the_test_split_neither_vote_nor_are_judged() -> None:
    points, labels = vectors()
    of_pile = CHECKS["label_issue"].of_pile
    assert of_pile is not None
    splits = ["test"] * 5 + ["train"] * 35
    one = of_pile(pile([scenery(1)] * 40, vectors=points, labels=labels, splits=splits)).scores
    turned = ["plum"] * 5 + labels[5:]
    other = of_pile(pile([scenery(1)] * 40, vectors=points, labels=turned, splits=splits)).scores
    assert np.isnan(one[:5]).all()
    np.testing.assert_array_equal(one, other)
