"""Scores equal a slow, obvious version; no class is ever its own negative."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ClassMap, Features, FeatureSpace, SpaceMismatch
from lydite.detect.bank import Bank
from lydite.detect.scoring import NEAREST_KEPT, score
from lydite.detect.settings import NegativeAggregation, PositiveAggregation, ScoringSettings
from lydite.detect.shape import MEASURES


def space(dim: int = 6, encoder: str = "test") -> FeatureSpace:
    return FeatureSpace(encoder, "w", "last", "none", "RGB", (0, 0, 0), (1, 1, 1), "coverage-mean, L2", dim)


def features(seed: int, count: int, name: str, dim: int = 6, encoder: str = "test") -> Features:
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Features(vectors, tuple(f"{name}{k}" for k in range(count)), space(dim, encoder))


def bank(seed: int, per_class: list[int], negatives: int) -> Bank:
    labels = np.repeat(np.arange(len(per_class)), per_class)
    return Bank(
        ClassMap(tuple(f"c{k}" for k in range(len(per_class)))),
        features(seed, len(labels), "p"),
        labels,
        np.full((len(labels), MEASURES), np.nan, np.float32),
        features(seed + 1, negatives, "n") if negatives else None,
    )


def slow_positive(values: npt.NDArray[np.float32], settings: ScoringSettings) -> float:
    ordered = sorted((float(v) for v in values), reverse=True)
    top = ordered[: min(settings.topk, len(ordered) // 2 + 1)]
    match settings.positive_aggregation:
        case PositiveAggregation.MAX:
            return ordered[0]
        case PositiveAggregation.MEAN:
            return sum(ordered) / len(ordered)
        case PositiveAggregation.MEAN_TOPK:
            return sum(top) / len(top)
        case PositiveAggregation.MAX_AND_TOPK:
            return 0.7 * ordered[0] + 0.3 * sum(top) / len(top)
        case PositiveAggregation.TRIMMED_TOPK:
            cut = int(settings.trim * len(top))
            top = top[cut : len(top) - cut]
            return sum(top) / len(top)


def slow_negative(values: list[float], settings: ScoringSettings) -> float:
    if not values:
        return float("nan")
    ordered = sorted(values, reverse=True)
    match settings.negative_aggregation:
        case NegativeAggregation.MAX:
            return ordered[0]
        case NegativeAggregation.TOPK:
            top = ordered[: settings.negative_topk]
            return sum(top) / len(top)
        case NegativeAggregation.QUANTILE:
            return float(np.quantile(ordered, settings.negative_quantile))


@given(
    seed=st.integers(0, 10_000),
    per_class=st.lists(st.integers(1, 14), min_size=1, max_size=4),
    negatives=st.integers(0, 12),
    positive=st.sampled_from(PositiveAggregation),
    negative=st.sampled_from(NegativeAggregation),
    topk=st.integers(1, 12),
    quantile=st.floats(0, 1),
)
def test_scores_equal_the_slow_version(
    seed: int,
    per_class: list[int],
    negatives: int,
    positive: PositiveAggregation,
    negative: NegativeAggregation,
    topk: int,
    quantile: float,
) -> None:
    settings = ScoringSettings(
        positive_aggregation=positive,
        negative_aggregation=negative,
        topk=topk,
        negative_quantile=quantile,
        negative_topk=2,
    )
    known, seen = bank(seed, per_class, negatives), features(seed + 2, 5, "x")
    scores = score(seen, known, settings)
    cosines = seen.vectors @ known.positives.vectors.T
    for row in range(len(seen)):
        by_class = [slow_positive(cosines[row, known.labels == k], settings) for k in range(len(per_class))]
        np.testing.assert_allclose(scores.by_class[row], by_class, atol=2e-6)
        label = int(scores.labels[row])
        assert label == int(scores.by_class[row].argmax())
        if known.negatives is not None:
            others = [float(v) for v in seen.vectors[row] @ known.negatives.vectors.T]
        else:
            others = [float(v) for v in cosines[row, known.labels != label]]
        np.testing.assert_allclose(scores.negative[row], slow_negative(others, settings), atol=2e-6)
        own = np.sort(cosines[row, known.labels == label])[::-1][:NEAREST_KEPT]
        np.testing.assert_allclose(scores.nearest[row, : len(own)], own, atol=2e-6)
        assert np.isnan(scores.nearest[row, len(own) :]).all()
        assert known.labels[scores.nearest_positive[row]] == label
        if known.negatives is None and scores.nearest_negative[row] >= 0:
            assert known.labels[scores.nearest_negative[row]] != label


def test_one_class_without_negatives_has_none() -> None:
    scores = score(features(3, 4, "x"), bank(1, [5], 0), ScoringSettings())
    assert np.isnan(scores.negative).all()
    assert (scores.nearest_negative == -1).all()


def test_no_candidates_give_empty_scores() -> None:
    known = bank(1, [3, 2], 2)
    nothing = Features(np.zeros((0, 6), np.float32), (), known.space)
    assert len(score(nothing, known, ScoringSettings())) == 0


def test_candidates_of_another_space_are_refused() -> None:
    with pytest.raises(SpaceMismatch, match="encoder: 'other' != 'test'"):
        score(features(1, 2, "x", encoder="other"), bank(1, [2], 0), ScoringSettings())


def test_one_bad_negative_does_not_reject_everything() -> None:
    positives = features(5, 6, "p")
    good = features(6, 40, "n")
    bad = Features(positives.vectors[:1], ("bad",), positives.space)
    negatives = Features.concatenate([good, bad])
    no_shapes = np.full((6, MEASURES), np.nan, np.float32)
    known = Bank(ClassMap(("c",)), positives, np.zeros(6, np.int64), no_shapes, negatives)
    near = Features(positives.vectors, tuple(f"x{k}" for k in range(6)), positives.space)
    robust = score(near, known, ScoringSettings())
    harsh = score(near, known, ScoringSettings(negative_aggregation=NegativeAggregation.MAX))
    assert robust.negative[0] < 0.9 < harsh.negative[0]
