"""Prototypes stand for examples, and a bank that is condensed is still a bank."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.eyes import SPACE, ColourEncoder
from lydite.core import ClassMap, ExemplarError, Features
from lydite.detect import Bank, build_bank, find_exemplars, score
from lydite.detect.condense import adjust, choose_prototypes
from lydite.detect.settings import BankSettings, PrototypeKind, ScoringSettings
from lydite.detect.shape import MEASURES
from pictures import BLUE, GREEN, RED, YELLOW, example, save, write_examples

PLAIN = ScoringSettings(positive_aggregation="max", negative_aggregation="max", exemplar_sizes=1)


def units(count: int, seed: int, dim: int = 4) -> npt.NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, dim))
    unit: npt.NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("f4")
    return unit


def features(vectors: np.ndarray, prefix: str = "p") -> Features:
    return Features(vectors, tuple(f"{prefix}{k}" for k in range(len(vectors))), SPACE)


def bank_of(count: int, seed: int = 0, making: BankSettings | None = None, negatives: int = 0) -> Bank:
    return Bank(
        ClassMap(("apple", "pear")),
        features(units(count, seed)),
        np.arange(count) % 2,
        np.full((count, MEASURES), np.nan, np.float32),
        features(units(negatives, seed + 1), "n") if negatives else None,
        making=making or BankSettings(),
    )


def test_no_prototypes_are_all_examples_class_by_class() -> None:
    vectors, labels = units(7, 0)[None], np.array([1, 0, 1, 0, 0, 1, 1])
    found, rows = choose_prototypes(vectors, labels, 0, PrototypeKind.MEAN)
    assert rows.tolist() == [1, 3, 4, 0, 2, 5, 6]
    np.testing.assert_array_equal(found, vectors[:, rows])


@given(st.integers(2, 12), st.integers(1, 13), st.integers(0, 99), st.sampled_from(PrototypeKind))
def test_prototypes_are_few_unit_vectors_named_by_their_class(
    count: int, most: int, seed: int, kind: PrototypeKind
) -> None:
    vectors, labels = np.stack([units(count, seed), units(count, seed + 1)]), np.arange(count) % 2
    found, rows = choose_prototypes(vectors, labels, most, kind)
    assert found.shape[1] == len(rows) == len(set(rows.tolist()))
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)
    for label in (0, 1):
        assert 1 <= (labels[rows] == label).sum() <= most
    if kind is PrototypeKind.MEDOID:
        np.testing.assert_array_equal(found, vectors[:, rows])


def test_one_mean_prototype_is_the_mean() -> None:
    vectors = units(5, 3)[None]
    found, _ = choose_prototypes(vectors, np.zeros(5, np.int64), 1, PrototypeKind.MEAN)
    mean = vectors[0].mean(axis=0)
    np.testing.assert_allclose(found[0, 0], mean / np.linalg.norm(mean), atol=1e-6)


def test_two_looks_of_a_class_get_a_prototype_each() -> None:
    one, other = np.eye(4, dtype=np.float32)[:2]
    vectors = np.stack([one, one, one, other, other])[None]
    found, rows = choose_prototypes(vectors, np.zeros(5, np.int64), 2, PrototypeKind.MEAN)
    assert {tuple(v) for v in found[0].tolist()} == {tuple(one.tolist()), tuple(other.tolist())}
    assert len(rows) == 2
    assert len(choose_prototypes(vectors, np.zeros(5, np.int64), 4, PrototypeKind.MEAN)[1]) == 2


def test_a_bank_without_some_examples_finds_its_prototypes_anew() -> None:
    bank = bank_of(8, making=BankSettings(prototypes=1))
    rows = np.array([0, 1, 2, 5])
    alone = Bank(
        bank.class_map,
        features(bank.positives.vectors[rows]),
        bank.labels[rows],
        bank.shapes[rows],
        making=bank.making,
    )
    np.testing.assert_array_equal(bank.only(rows).everyone, alone.everyone)
    assert len(bank.order) == 2


def test_scores_with_prototypes_name_examples_and_compare_with_few() -> None:
    bank = bank_of(8, making=BankSettings(prototypes=1), negatives=3)
    scores = score(features(units(6, 9), "c"), bank, PLAIN)
    np.testing.assert_allclose(scores.by_class, np.clip(units(6, 9) @ bank.everyone[:2].T, -1, 1), atol=1e-6)
    assert (bank.labels[scores.nearest_positive] == scores.labels).all()


def slow_adjust(q: np.ndarray, p: np.ndarray, n: np.ndarray, a: float, b: float) -> np.ndarray:
    moved = q.astype(float).copy()
    for k, row in enumerate(q):
        for vectors, weight in ((p, a), (n, -b)):
            if len(vectors):
                shares = np.exp([row @ v for v in vectors])
                moved[k] += weight * sum(s * v for s, v in zip(shares / shares.sum(), vectors, strict=True))
    unit: np.ndarray = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 99), st.floats(0, 5), st.floats(0, 0.5))
def test_adjusting_equals_the_formula(p: int, n: int, seed: int, a: float, b: float) -> None:
    positives, negatives = units(p, seed), units(n, seed + 1)
    adjusted = adjust(positives, positives, negatives, a, b)
    np.testing.assert_allclose(adjusted, slow_adjust(positives, positives, negatives, a, b), atol=2e-3)


def test_without_weight_or_when_all_cancels_nothing_moves() -> None:
    positives = units(4, 0)
    np.testing.assert_allclose(adjust(positives, positives, units(3, 1), 0, 0), positives, atol=1e-6)
    one = positives[:1]
    np.testing.assert_array_equal(adjust(one, one, one, 0, 1), one)


def test_a_class_is_pushed_from_its_own_negatives_or_else_from_other_classes() -> None:
    bank = replace(
        bank_of(4, negatives=1, making=BankSettings(adjust_examples=True)), negative_labels=np.array([1])
    )
    vectors = bank.positives.vectors[bank.order]
    apple, pear = vectors[:2], vectors[2:]
    assert bank.negatives is not None
    np.testing.assert_allclose(bank.everyone[:2], slow_adjust(apple, apple, pear, 3, 1.5), atol=1e-5)
    foes = bank.negatives.vectors
    np.testing.assert_allclose(bank.everyone[2:4], slow_adjust(pear, pear, foes, 3, 1.5), atol=1e-5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, count=2)
    save(np.full((32, 32, 3), BLUE, np.uint8), tmp_path / "negative" / "red" / "deep" / "blue.png")
    save(np.full((32, 32, 3), YELLOW, np.uint8), tmp_path / "negative" / "others" / "yellow.png")
    return tmp_path


def test_negatives_in_a_folder_named_after_a_class_speak_against_it_alone(folder: Path) -> None:
    found = find_exemplars(folder / "positive", folder / "negative")
    assert {each.name: each.against for each in found.negatives} == {
        "negative/others/yellow.png": None,
        "negative/red/deep/blue.png": "red",
    }
    bank = build_bank(found, ColourEncoder(), 1.0)
    assert bank.negative_labels is not None
    assert bank.negative_labels.tolist() == [-1, 1]
    assert bank.negatives_of(0).tolist() == [0]
    assert bank.negatives_of(1).tolist() == [0, 1]
    scores = score(bank.positives, bank, PLAIN)
    vectors = bank.positives.vectors
    assert bank.negatives is not None
    np.testing.assert_allclose(scores.negative[:2], vectors[:2] @ bank.negatives.vectors[0], atol=1e-6)
    assert [scores.negative_ids[row] for row in scores.nearest_negative[:2]] == [
        "negative/others/yellow.png"
    ] * 2
    everyone = build_bank(found, ColourEncoder(), 1.0, making=BankSettings(class_negatives=False))
    assert everyone.negative_labels is None
    assert {each.against for each in everyone.sources} == {None}


def test_a_positive_of_one_class_may_be_a_negative_of_another(folder: Path) -> None:
    save(example(GREEN, 7)[0], folder / "positive" / "green" / "7.jpg")
    twin = folder / "negative" / "red" / "7.jpg"
    twin.write_bytes((folder / "positive" / "green" / "7.jpg").read_bytes())
    bank = build_bank(find_exemplars(folder / "positive", folder / "negative"), ColourEncoder(), 0.999)
    assert "negative/red/7.jpg" in (bank.negatives.ids if bank.negatives else ())
    with pytest.raises(ExemplarError, match=r"is an example of 'green' .* and a negative"):
        build_bank(
            find_exemplars(folder / "positive", folder / "negative"),
            ColourEncoder(),
            making=BankSettings(class_negatives=False),
        )


def test_a_class_whose_negatives_are_all_of_others_is_told_from_the_other_classes() -> None:
    bank = replace(bank_of(4, negatives=2), negative_labels=np.array([1, 1]))
    scores = score(bank.positives, bank, PLAIN)
    for row in np.flatnonzero(scores.labels == 0):
        name = scores.negative_ids[scores.nearest_negative[row]]
        assert name in {"p1", "p3"}
        cosine = bank.positives.vectors[row] @ bank.positives.vectors[int(name[1])]
        assert scores.negative[row] == pytest.approx(cosine, abs=1e-6)


def test_the_background_of_a_picture_speaks_against_what_is_like_it() -> None:
    bank = bank_of(6, negatives=2)
    candidates = features(units(10, 5), "c")
    without = score(candidates, bank, PLAIN)
    found = score(candidates, bank, PLAIN.model_copy(update={"background_share": 0.4}))
    np.testing.assert_array_equal(found.by_class, without.by_class)
    background = np.argsort(without.by_class.max(axis=1), kind="stable")[:4]
    for row in range(10):
        others = [k for k in background if k != row]
        cosines = candidates.vectors[others] @ candidates.vectors[row]
        assert found.negative[row] == pytest.approx(max(cosines.max(), without.negative[row]), abs=1e-6)
        if cosines.max() > without.nearest_negative_cosine[row]:
            name = found.negative_ids[found.nearest_negative[row]]
            assert name == f"background c{others[int(cosines.argmax())]}"


def test_background_is_all_there_is_to_one_class_without_negatives() -> None:
    bank = Bank(ClassMap(("a",)), features(units(3, 0)), np.zeros(3, np.int64), np.zeros((3, MEASURES), "f4"))
    scoring = PLAIN.model_copy(update={"background_share": 0.5})
    assert np.isfinite(score(features(units(6, 1), "c"), bank, scoring).negative).all()
    assert len(score(features(units(0, 1), "c"), bank, scoring)) == 0
