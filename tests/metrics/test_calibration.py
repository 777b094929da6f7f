"""Reliability: against scikit-learn, by law, and what chance alone makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from lydite.core import ClassMap, InvalidValue
from lydite.metrics import Judgements, reliability
from metrics.test_classification import judgements


def calibrated(seed: int, rows: int, sharpness: float = 1.0) -> Judgements:
    """Labels drawn from the very probabilities that are told; sharpened ones are too sure."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(rows, 4))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (random.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return Judgements(ClassMap(("a", "b", "c", "d")), labels, logits * sharpness)


def test_bins_are_scikit_learns() -> None:
    judged = judgements(1, 500, 6)
    found = reliability(judged, bins=10, draws=20)
    accuracy, sure = calibration_curve(judged.hits, judged.confidence, n_bins=10)
    filled = [one for one in found.bins if one.accuracy.images]
    assert [one.accuracy.value for one in filled] == pytest.approx(accuracy.tolist())
    assert [one.confidence for one in filled] == pytest.approx(sure.tolist())
    assert sum(one.accuracy.images for one in found.bins) == 500
    weights = np.array([one.accuracy.images for one in filled]) / 500
    assert found.error.value == pytest.approx((np.abs(accuracy - sure) * weights).sum())


def test_the_brier_score_is_scikit_learns() -> None:
    judged = judgements(2, 200, 2)
    two = reliability(judged, draws=20).brier.value
    chance = np.exp(judged.log_probabilities[:, 1])
    assert two == pytest.approx(2 * oracle.brier_score_loss(judged.labels, chance))


def test_a_calibrated_classifier_errs_as_chance_does_and_a_sharpened_one_more() -> None:
    honest, boastful = reliability(calibrated(0, 2000)), reliability(calibrated(0, 2000, 3))
    assert honest.error.value == pytest.approx(honest.by_chance, abs=0.012)
    assert honest.overconfidence.low < 0 < honest.overconfidence.high
    assert boastful.error.low > 3 * boastful.by_chance
    assert boastful.overconfidence.low > 0.05
    modest = reliability(calibrated(0, 2000, 0.3))
    assert modest.overconfidence.high < -0.05


def test_fewer_rows_err_more_by_chance() -> None:
    many, few = (reliability(calibrated(1, rows), draws=20).by_chance for rows in (2000, 50))
    assert few > 3 * many


def test_certainty_that_is_right_is_no_error() -> None:
    labels = np.array([0, 1, 1])
    judged = Judgements(ClassMap(("a", "b")), labels, 1000.0 * np.eye(2)[labels])
    found = reliability(judged)
    assert (found.error.value, found.by_chance, found.brier.value) == pytest.approx((0, 0, 0), abs=1e-12)
    assert found.bins[-1].accuracy.images == 3


def test_ends_belong_to_the_lower_bin() -> None:
    judged = Judgements(ClassMap(("a", "b")), np.array([0]), np.array([[0.0, 0.0]]))
    assert [one.accuracy.images for one in reliability(judged, bins=2).bins] == [1, 0]


def test_groups_widen_what_rests_on_them() -> None:
    base = calibrated(3, 200)
    twice = np.repeat(np.arange(200), 5)
    names = tuple(f"own {row}" for row in twice)
    blind = Judgements(base.class_map, base.labels[twice], base.logits[twice])
    aware = Judgements(base.class_map, base.labels[twice], base.logits[twice], names)
    wide, narrow = (reliability(one).brier for one in (aware, blind))
    assert wide.high - wide.low > 1.8 * (narrow.high - narrow.low)


def test_no_rows_give_no_numbers() -> None:
    found = reliability(judgements(0, 0, 3))
    assert len(found.bins) == 10
    assert not found.error.known
    assert np.isnan(found.by_chance)


def test_bad_requests_are_refused() -> None:
    with pytest.raises(
        InvalidValue, match=r"^Bins, draws and level must be 1 or more twice, and in \(0, 1\)\."
    ):
        reliability(judgements(0, 3, 2), bins=0)
