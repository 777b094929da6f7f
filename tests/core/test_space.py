from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import FeatureSpace, InvalidValue, SpaceMismatch
from strategies import space

OTHER: dict[str, object] = {
    "encoder": "vit",
    "weights": "1" * 64,
    "layer": "layer3",
    "normalisation": "none",
    "colour_order": "BGR",
    "mean": (0.4, 0.5, 0.5),
    "std": (0.3, 0.2, 0.2),
    "pooling": "nearest, L2",
    "dim": 8,
}


def test_every_field_has_another_value_here() -> None:
    assert set(OTHER) == {field.name for field in fields(FeatureSpace)}


@given(st.sets(st.sampled_from(sorted(OTHER))))
def test_exactly_the_differing_fields_are_named(changed: set[str]) -> None:
    left, right = space(), space(**{name: OTHER[name] for name in changed})  # type: ignore[arg-type]
    assert {text.split(":")[0] for text in left.differences(right)} == changed
    assert (left == right) == (left.id == right.id) == (not changed)
    if not changed:
        left.require_same(right)
        return
    with pytest.raises(SpaceMismatch) as caught:
        left.require_same(right)
    for name in OTHER:
        shown = f"{name}: {getattr(left, name)!r} != {getattr(right, name)!r}"
        assert (shown in str(caught.value)) == (name in changed)


def test_the_id_is_the_same_on_every_machine() -> None:
    assert space().id == "02b8afd1aba84a5c"


def test_numpy_numbers_make_the_same_space() -> None:
    same = space(dim=np.int64(4), mean=np.array([0.5, 0.5, 0.5]))  # type: ignore[arg-type]
    assert same == space()
    assert same.id == space().id


@pytest.mark.parametrize("name", ["encoder", "weights", "layer", "normalisation", "colour_order", "pooling"])
def test_texts_must_not_be_empty(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        space(**{name: ""})  # type: ignore[arg-type]
    assert str(caught.value) == f"FeatureSpace.{name} must be a non-empty text. Seen: ''"


def test_a_vector_has_a_length() -> None:
    with pytest.raises(InvalidValue) as caught:
        space(dim=0)
    assert str(caught.value) == "FeatureSpace.dim must be positive. Seen: 0"
