"""Laws of heads: no held-out label leaves a trace, no class changes a shape, optima are scikit-learn's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from lydite.core import Features, FeatureSpace, InputError, InvalidValue
from lydite.data.folds import Folds, Items, Way, make_folds
from lydite.features import probe
from lydite.features.probe import HEADS, Logistic, Neighbours, Part, Problem, Ridge, cross_fit, descent
from lydite.features.probe import logistic as logistic_file
from lydite.features.probe import neighbours as neighbours_file


def drawn(rows: int = 120, dim: int = 24, classes: int = 4, seed: int = 0, noise: float = 0.8) -> Problem:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(rows) % classes)
    vectors = rng.standard_normal((classes, dim))[labels] + noise * 2 * rng.standard_normal((rows, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Problem(vectors.astype(np.float32), labels)


def features_of(problem: Problem) -> Features:
    dim = problem.vectors.shape[1]
    space = FeatureSpace("drawn", "0" * 64, "last", "none", "RGB", (0,) * 3, (1,) * 3, "mean", dim)
    return Features(problem.vectors, tuple(f"i{row}" for row in range(len(problem.labels))), space)


def names_of(labels: npt.NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(f"class {label}" for label in labels)


def folds_of(features: Features, labels: tuple[str, ...], groups: tuple[str, ...] | None = None) -> Folds:
    return make_folds(Items(features.ids, labels, groups), 4, None if groups else Way.STRATIFIED)


def test_every_head_is_in_the_table() -> None:
    files = {path.stem for path in Path(probe.__file__).parent.glob("*.py")}
    assert set(HEADS) == files - {"__init__", "cross_fit", "descent", "problem", "softmax"}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("rows", [20, 120])
def test_held_out_equals_a_fit_on_the_known_rows(name: str, rows: int) -> None:
    problem, head = drawn(rows), HEADS[name]()
    part = Part(np.arange(0, rows - 8), np.arange(rows - 8, rows))
    (found,) = head.held_out(problem, [part])
    fitted = head.fit(Problem(problem.vectors[part.known], problem.labels[part.known]))
    np.testing.assert_allclose(found, fitted.predict(problem.vectors[part.asked]), atol=2e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize("name", HEADS)
def test_labels_of_held_out_rows_leave_no_trace(name: str) -> None:
    problem = drawn()
    features, labels = features_of(problem), names_of(problem.labels)
    folds = folds_of(features, labels)
    before = cross_fit(features, labels, folds, HEADS[name]())
    asked = folds.numbers == 0
    turned = np.where(asked, (problem.labels + 1) % problem.classes, problem.labels)
    after = cross_fit(features, names_of(turned), folds, HEADS[name]())
    assert np.array_equal(before.probabilities[asked], after.probabilities[asked])
    assert not np.array_equal(before.probabilities[~asked], after.probabilities[~asked])


@pytest.mark.parametrize("name", HEADS)
def test_what_must_stay_apart_leaves_no_trace(name: str) -> None:
    problem = drawn()
    features, labels = features_of(problem), names_of(problem.labels)
    folds = folds_of(features, labels)
    first, other = int(np.flatnonzero(folds.numbers == 0)[0]), int(np.flatnonzero(folds.numbers == 1)[0])
    twins = [f"alone {row}" for row in range(len(labels))]
    twins[first] = twins[other] = "twins"
    found = []
    for shift in (0, 1):
        turned = problem.labels.copy()
        turned[other] = (turned[other] + shift) % problem.classes
        result = cross_fit(features, names_of(turned), folds, HEADS[name](), apart=[twins])
        found.append(result.probabilities[folds.numbers == 0])
        assert result.known[0] == (folds.numbers != 0).sum() - 1
    assert np.array_equal(*found)


@pytest.mark.parametrize("name", HEADS)
def test_a_class_that_a_fold_cannot_know_is_zero_and_reported(name: str) -> None:
    problem = drawn()
    features = features_of(problem)
    labels = list(names_of(problem.labels))
    folds = folds_of(features, tuple(labels))
    rare = int(np.flatnonzero(folds.numbers == 2)[0])
    labels[rare] = "rare"
    result = cross_fit(features, labels, folds, HEADS[name]())
    assert result.absences == ((2, "rare"),)
    column = result.class_map.get_label("rare")
    assert result.probabilities.shape == (len(labels), 5)
    assert (result.probabilities[folds.numbers == 2, column] == 0).all()


@pytest.mark.parametrize("name", HEADS)
def test_one_class_is_certain(name: str) -> None:
    problem = drawn(classes=1)
    features = features_of(problem)
    labels = names_of(problem.labels)
    assert (cross_fit(features, labels, folds_of(features, labels), HEADS[name]()).probabilities == 1).all()


@pytest.mark.parametrize("name", HEADS)
def test_heads_know_separate_classes(name: str) -> None:
    problem = drawn(rows=200, noise=0.3)
    features, labels = features_of(problem), names_of(problem.labels)
    groups = tuple(f"g{row // 3}" for row in range(len(labels)))
    result = cross_fit(features, labels, folds_of(features, labels, groups), HEADS[name]())
    assert result.ids == features.ids
    assert (result.probabilities.argmax(axis=1) == problem.labels).mean() > 0.97


@pytest.mark.parametrize(("rows", "dim"), [(300, 20), (60, 200)])
@pytest.mark.parametrize("c", [0.5, 30.0])
def test_the_optimum_is_that_of_scikit_learn(rows: int, dim: int, c: float) -> None:
    problem = drawn(rows, dim, classes=5)
    head = Logistic(c=c, tolerance=1e-6).fit(problem)
    peer = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(problem.vectors, problem.labels)
    ours = _objective(problem, head.weights, head.intercept, c)
    theirs = _objective(problem, peer.coef_.T, peer.intercept_, c)
    assert abs(ours - theirs) <= 1e-4 * theirs
    np.testing.assert_allclose(head.predict(problem.vectors), peer.predict_proba(problem.vectors), atol=5e-3)


@pytest.mark.parametrize("rank", [5, 12])
def test_a_rank_is_the_optimum_of_principal_components(rank: int) -> None:
    problem = drawn(300, 40, classes=5)
    centred = problem.vectors - problem.vectors.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:rank].T
    head = Logistic(tolerance=1e-6, rank=rank).fit(problem)
    peer = LogisticRegression(C=30, tol=1e-8, max_iter=5000).fit(centred @ axes, problem.labels)
    there = peer.predict_proba(centred @ axes)
    assert np.abs(head.predict(problem.vectors) - there).mean() < 0.02
    part = Part(np.arange(290), np.arange(290, 300))
    (found,) = Logistic(rank=40).held_out(problem, [part])
    (whole,) = Logistic().held_out(problem, [part])
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_many_directions_are_settled_a_few_first(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = drawn(300, 60, classes=5)
    whole = Logistic(tolerance=1e-6).fit(problem).predict(problem.vectors)
    monkeypatch.setattr(logistic_file, "_LEADING", 24)
    monkeypatch.setattr(descent, "_FEWEST", 6)
    assert descent._levels(24) == [6, 12, 24]
    stepwise = Logistic(tolerance=1e-6).fit(problem).predict(problem.vectors)
    np.testing.assert_allclose(stepwise, whole, atol=5e-3)


def _objective(
    problem: Problem, weights: npt.NDArray[np.floating], intercept: npt.NDArray[np.floating], c: float
) -> float:
    scores = problem.vectors.astype(np.float64) @ weights + intercept
    own = scores[np.arange(len(scores)), problem.labels]
    return float(c * (logsumexp(scores, axis=1) - own).sum() + 0.5 * np.square(weights).sum())


def test_leave_one_out_of_the_ridge_is_a_refit_without_the_row() -> None:
    problem = drawn(40, 12, classes=3)
    ridge, target = Ridge((0.7,)), np.eye(3)[problem.labels]
    rows = np.asarray(problem.vectors, np.float64)
    left, values, right = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    share = target.mean(axis=0)
    fast = ridge._left_out(left, values, left.T @ (target - share), share, target, 0.7)  # type: ignore[arg-type]
    for row in range(5):
        known = np.arange(40) != row
        mean, base = rows[known].mean(axis=0), target[known].mean(axis=0)
        inner = rows[known] - mean
        weights = np.linalg.solve(inner.T @ inner + 0.7 * np.eye(12), inner.T @ (target[known] - base))
        np.testing.assert_allclose(fast[row], (rows[row] - mean) @ weights + base, atol=1e-6)
    assert right.shape == (12, 12)


def test_the_penalty_matters_and_is_chosen() -> None:
    problem = drawn()
    one, other = (Ridge((p,)).fit(problem).weights for p in (0.01, 10.0))
    assert not np.allclose(one, other)
    chosen = Ridge((0.01, 10.0)).fit(problem).weights
    assert np.allclose(chosen, one) or np.allclose(chosen, other)


def test_blocks_of_neighbours_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = drawn()
    head = Neighbours(k=5).fit(problem)
    whole = head.predict(problem.vectors)
    monkeypatch.setattr(neighbours_file, "_CELLS", 7 * len(problem.labels))
    np.testing.assert_allclose(head.predict(problem.vectors), whole, atol=1e-6)
    nearest = Neighbours(k=1).fit(problem).predict(problem.vectors)
    assert (nearest.argmax(axis=1) == problem.labels).all()
    warm = Neighbours(k=5, temperature=5.0).fit(problem).predict(problem.vectors)
    assert not np.allclose(warm, whole)


def test_settings_out_of_range() -> None:
    with pytest.raises(InvalidValue, match=r"Logistic.c must be positive. Seen: 0"):
        Logistic(c=0)
    with pytest.raises(InvalidValue, match=r"Logistic.rank must be positive. Seen: 0"):
        Logistic(rank=0)
    with pytest.raises(InvalidValue, match=r"Ridge.penalties must be positive, at least one. Seen: \(\)"):
        Ridge(())
    with pytest.raises(InvalidValue, match=r"Neighbours must be k from 1, temperature above 0. Seen: \[0"):
        Neighbours(k=0)


def test_bad_problems() -> None:
    with pytest.raises(InvalidValue, match=r"Problem.labels must be 0..classes - 1, each class with a row"):
        Problem(np.ones((2, 3), np.float32), np.array([0, 2]))
    with pytest.raises(InvalidValue, match=r"Problem.vectors must be finite. Seen: 1"):
        Problem(np.array([[1, np.nan]], np.float32), np.array([0]))
    with pytest.raises(InvalidValue, match=r"Part.known must be apart from what is asked. Seen: \[1\]"):
        Part(np.array([0, 1]), np.array([1]))


def test_nothing_to_learn_from() -> None:
    problem = drawn(40)
    features, labels = features_of(problem), names_of(problem.labels)
    folds = folds_of(features, labels)
    with pytest.raises(InputError, match=r"nothing to learn from.* Use grouped folds"):
        cross_fit(features, labels, folds, Ridge(), apart=[["one"] * 40])
    with pytest.raises(InvalidValue, match=r"Features, labels and columns must be of one length"):
        cross_fit(features, labels[:-1], folds, Ridge())
