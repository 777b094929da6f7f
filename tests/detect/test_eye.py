"""An example is known at several sizes, and the nearest one speaks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.eyes import ColourEncoder
from lydite.core import Features
from lydite.data import ImageLimits
from lydite.detect import Bank, Exemplar, ExemplarSet, build_bank, score
from lydite.detect.eye import SMALLEST, Eye
from lydite.detect.settings import PositiveAggregation, ScoringSettings
from lydite.features import Encoder, EncoderSettings, build_encoder, pool
from pictures import GREEN, RED, disc, ground, save


@pytest.fixture(scope="module")
def exemplars(tmp_path_factory: pytest.TempPathFactory) -> ExemplarSet:
    folder = tmp_path_factory.mktemp("eye")
    found = []
    for k, (name, colour) in enumerate((("red", RED), ("red", (180, 60, 50)), ("green", GREEN))):
        path = save(disc(ground((128, 128), k), (64, 64), 40, colour), folder / f"{k}.png")
        found.append(Exemplar(path, f"{name} {k}", name, box=(24, 24, 104, 104)))
    negative = Exemplar(save(ground((128, 128), 9), folder / "n.png"), "ground", None)
    return ExemplarSet(tuple(found), (negative,))


@pytest.fixture(scope="module", params=["descriptor", "embedded"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return build_encoder(EncoderSettings(encoder=request.param, short_side=256))


def test_each_size_is_what_a_smaller_look_gives(exemplars: ExemplarSet, encoder: Encoder) -> None:
    for seen in Eye(encoder, ImageLimits(), 3).look(exemplars.positives):
        picture, mask = seen.exemplar.load(ImageLimits())
        for step, vector in enumerate((seen.vector.vectors[0], *seen.smaller)):
            looked = encoder.smaller(2**step).encode(picture.pixels)
            assert looked.space == encoder.space
            np.testing.assert_array_equal(vector, pool(looked, mask, ("x",)).vectors[0])


def test_what_would_be_too_small_is_seen_as_before(exemplars: ExemplarSet, encoder: Encoder) -> None:
    """A box of 80 of 128 pixels is 160 at 256, then 80, 40 and 20."""
    assert 20 < SMALLEST < 40
    (seen, *_) = Eye(encoder, ImageLimits(), 4).look(exemplars.positives[:1])
    np.testing.assert_array_equal(seen.smaller[2], seen.smaller[1])
    assert not np.array_equal(seen.smaller[1], seen.smaller[0])


def bank_of(exemplars: ExemplarSet, encoder: Encoder, sizes: int) -> Bank:
    return build_bank(exemplars, encoder, 1.0, sizes=sizes)


def test_cosines_of_every_size_stand_side_by_side(exemplars: ExemplarSet, encoder: Encoder) -> None:
    bank = bank_of(exemplars, encoder, 3)
    assert bank.positive_sizes is not None
    assert bank.negative_sizes is not None
    candidates = Features(bank.positive_sizes[1], ("a", "b", "c"), bank.space)
    positive, negative = bank.compare(candidates)
    assert positive.shape == (3, 3, 3)
    assert negative is not None
    assert negative.shape == (3, 3, 1)
    wanted = np.stack([bank.positives.vectors, *bank.positive_sizes])[:, bank.order]
    np.testing.assert_allclose(positive, np.einsum("nd,smd->nsm", candidates.vectors, wanted), atol=1e-5)


def test_the_nearest_size_speaks_and_each_example_has_one_voice(
    exemplars: ExemplarSet, encoder: Encoder
) -> None:
    bank = bank_of(exemplars, encoder, 3)
    assert bank.positive_sizes is not None
    candidates = Features(bank.positive_sizes[1], ("a", "b", "c"), bank.space)
    settings = ScoringSettings(positive_aggregation=PositiveAggregation.MAX)
    found = score(candidates, bank, settings)
    assert found.labels.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.positive, 1, atol=1e-5)
    assert found.nearest_positive.tolist() == [0, 1, 2]
    assert np.isfinite(found.nearest).sum(axis=1).tolist() == [2, 2, 1]
    alone = score(candidates, bank_of(exemplars, encoder, 1), settings)
    assert (found.positive >= alone.positive - 1e-6).all()


@pytest.mark.parametrize("way", PositiveAggregation)
def test_sizes_that_are_all_alike_change_nothing(
    exemplars: ExemplarSet, encoder: Encoder, way: PositiveAggregation
) -> None:
    single = bank_of(exemplars, encoder, 1)
    assert single.negatives is not None
    twice = replace(
        single,
        positive_sizes=single.positives.vectors[None],
        negative_sizes=single.negatives.vectors[None],
    )
    settings = ScoringSettings(positive_aggregation=way, negative_aggregation="max")
    here, there = (score(single.positives, bank, settings) for bank in (single, twice))
    np.testing.assert_allclose(here.by_class, there.by_class, atol=1e-6)
    np.testing.assert_allclose(here.nearest, there.nearest, atol=1e-6)
    np.testing.assert_allclose(here.negative, there.negative, atol=1e-6)
    assert here.nearest_positive.tolist() == there.nearest_positive.tolist()


def test_an_encoder_of_one_size_is_no_obstacle(exemplars: ExemplarSet) -> None:
    encoder = ColourEncoder()
    bank = build_bank(exemplars, encoder, 1.0, sizes=3)
    assert bank.positive_sizes is not None
    np.testing.assert_array_equal(bank.positive_sizes[0], bank.positives.vectors)


def test_rows_of_a_bank_keep_their_sizes(exemplars: ExemplarSet, encoder: Encoder) -> None:
    bank = bank_of(exemplars, encoder, 2)
    assert bank.positive_sizes is not None
    part = bank.only(np.array([1, 2]))
    assert part.positive_sizes is not None
    np.testing.assert_array_equal(part.positive_sizes, bank.positive_sizes[:, 1:])
