from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lydite.core import FeatureMap, Features, InvalidValue, SpaceMismatch, similarity
from strategies import selections, space, unit


@st.composite
def features(draw: st.DrawFn, prefix: str = "v") -> Features:
    count = draw(st.integers(0, 5))
    rows = draw(hnp.arrays(np.float64, (count, 4), elements=st.floats(-1, 1)))
    rows[np.linalg.norm(rows, axis=1) < 0.01] = [0, 1, 0, 0]
    return Features(unit(rows), tuple(f"{prefix}{row}" for row in range(count)), space(4))


@given(features("a"), features("b"))
def test_similarity_is_the_cosine(left: Features, right: Features) -> None:
    cosines = similarity(left, right)
    assert cosines.shape == (len(left), len(right))
    assert cosines.dtype == np.float32
    for i, one in enumerate(left.vectors.astype(np.float64)):
        for j, other in enumerate(right.vectors.astype(np.float64)):
            assert cosines[i, j] == pytest.approx(np.dot(one, other), abs=1e-6)
    assert (np.abs(cosines) <= 1).all()
    np.testing.assert_allclose(similarity(right, left), cosines.T, atol=1e-6)


@given(features())
def test_a_vector_is_most_like_itself(some: Features) -> None:
    np.testing.assert_allclose(np.diag(similarity(some, some)), 1, atol=1e-6)


def test_similarity_across_spaces_names_the_fields() -> None:
    left = Features(unit([[1, 0, 0, 0]]), ("a",), space(4))
    right = Features(unit([[1, 0, 0, 0]]), ("a",), space(4, layer="layer3", pooling="nearest, L2"))
    with pytest.raises(SpaceMismatch) as caught:
        similarity(left, right)
    assert caught.value.differences == (
        "layer: 'last' != 'layer3'",
        "pooling: 'coverage-mean, L2' != 'nearest, L2'",
    )


@given(st.data(), features())
def test_ids_follow_their_vectors(data: st.DataObject, some: Features) -> None:
    chosen = some[data.draw(selections(len(some)))]
    assert len(chosen) == len(chosen.ids)
    for name, vector in zip(chosen.ids, chosen.vectors, strict=True):
        np.testing.assert_array_equal(vector, some.vectors[some.ids.index(name)])


@given(features("a"), features("b"))
def test_concatenate_keeps_every_row_in_order(left: Features, right: Features) -> None:
    whole = Features.concatenate([left, right])
    assert whole.ids == left.ids + right.ids
    np.testing.assert_array_equal(whole.vectors, np.concatenate([left.vectors, right.vectors]))


def test_parts_of_two_spaces_do_not_concatenate() -> None:
    parts = [Features(np.zeros((0, dim), np.float32), (), space(dim)) for dim in (4, 8)]
    with pytest.raises(SpaceMismatch, match="they differ in dim: 4 != 8"):
        Features.concatenate(parts)


def test_no_parts_have_no_space() -> None:
    with pytest.raises(InvalidValue) as caught:
        Features.concatenate([])
    assert str(caught.value) == "Features.concatenate must be given at least one part. Seen: 0"


@pytest.mark.parametrize(
    ("vectors", "ids", "message"),
    [
        (np.eye(4)[:2], ("a",), "Features.vectors must be of shape (1, 4). Seen: (2, 4)"),
        (np.eye(3)[:1], ("a",), "Features.vectors must be of shape (1, 4). Seen: (1, 3)"),
        (np.eye(4)[:2], ("a", "a"), "Features.ids must be distinct. Seen: 1"),
        (
            np.eye(4)[:2] * [[1], [2]],
            ("a", "b"),
            "Features.vectors[1] (b) must be a finite vector of L2 norm 1. Seen: 2.0",
        ),
        (np.zeros((1, 4)), ("a",), "Features.vectors[0] (a) must be a finite vector of L2 norm 1. Seen: 0.0"),
        (
            np.full((1, 4), np.nan),
            ("a",),
            "Features.vectors[0] (a) must be a finite vector of L2 norm 1. Seen: nan",
        ),
    ],
)
def test_features_refuse(vectors: npt.NDArray[np.float32], ids: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Features(vectors, ids, space(4))
    assert str(caught.value) == message


def test_a_map_knows_its_grid() -> None:
    cells = np.zeros((2, 3, 4), np.float32)
    assert FeatureMap(cells, (20, 30), space(4), (32, 48)).grid_hw == (2, 3)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            np.zeros((2, 3, 5), np.float32),
            "FeatureMap.cells must be of shape (rows, columns, 4). Seen: (2, 3, 5)",
        ),
        (np.zeros((2, 4), np.float32), "FeatureMap.cells must be of shape (rows, columns, 4). Seen: (2, 4)"),
        (
            np.zeros((0, 3, 4), np.float32),
            "FeatureMap.cells must be of shape (rows, columns, 4). Seen: (0, 3, 4)",
        ),
        (np.zeros((2, 3, 4)), "FeatureMap.cells must be float32. Seen: dtype('float64')"),
        (
            np.full((1, 1, 4), np.nan, np.float32),
            (
                "FeatureMap.cells must be finite: the encoder produced NaN or infinity "
                "(try full instead of half precision). Seen: 4"
            ),
        ),
    ],
)
def test_maps_refuse(cells: npt.NDArray[np.float32], message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        FeatureMap(cells, (20, 30), space(4), (32, 48))
    assert str(caught.value) == message
