"""What an epoch looks at."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InvalidValue
from lydite.train.sampling import Draw, batches_of, epoch_rows

DRAWS: tuple[Draw, ...] = get_args(Draw)
label_lists = st.lists(st.integers(0, 4), min_size=1, max_size=60)


def array(labels: list[int]) -> npt.NDArray[np.int64]:
    return np.array(labels, np.int64)


@given(label_lists, st.sampled_from(DRAWS), st.integers(0, 99), st.integers(0, 9))
def test_an_epoch_is_a_function_of_seed_and_epoch(
    labels: list[int], draw: Draw, seed: int, epoch: int
) -> None:
    one = epoch_rows(array(labels), draw, seed=seed, epoch=epoch)
    other = epoch_rows(array(labels), draw, seed=seed, epoch=epoch)
    assert np.array_equal(one, other)
    assert len(one) == len(labels)
    assert one.min() >= 0
    assert one.max() < len(labels)


@given(label_lists)
def test_a_shuffle_visits_each_once(labels: list[int]) -> None:
    assert sorted(epoch_rows(array(labels), "shuffle", seed=1, epoch=2)) == list(range(len(labels)))


@given(label_lists)
def test_balance_gives_classes_the_same_share_and_items_their_turn(labels: list[int]) -> None:
    seen = epoch_rows(array(labels), "balanced", seed=1, epoch=2)
    counts = np.bincount(array(labels)[seen], minlength=5)[np.unique(labels)]
    assert counts.max() - counts.min() <= 1
    for label in np.unique(labels):
        own = np.flatnonzero(array(labels) == label)
        visits = np.bincount(seen, minlength=len(labels))[own]
        assert visits.max() - visits.min() <= 2


def test_weights_favour_the_rare() -> None:
    labels = array([0] * 900 + [1] * 100)
    share = [
        float(np.mean(labels[epoch_rows(labels, "weighted", seed=0, epoch=0, power=power)]))
        for power in (0.0, 0.5, 1.0)
    ]
    assert share == pytest.approx([0.1, 0.25, 0.5], abs=0.05)


def test_epochs_differ_and_batches_cover() -> None:
    labels = array([0, 1] * 20)
    first, second = (epoch_rows(labels, "shuffle", seed=0, epoch=epoch) for epoch in (0, 1))
    assert not np.array_equal(first, second)
    parts = batches_of(first, 16)
    assert [len(part) for part in parts] == [14, 13, 13]
    assert np.array_equal(np.concatenate(parts), first)
    assert [len(part) for part in batches_of(first[:5], 16)] == [5]


def test_nothing_to_look_at_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at least one"):
        epoch_rows(array([]), "shuffle", seed=0, epoch=0)
