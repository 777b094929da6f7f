"""Mixed pictures and targets against a slow mixer, and the switch."""

from __future__ import annotations

import numpy as np
import pytest

from support import need_module

need_module("torch")

import torch  # noqa: E402

from lydite.core import InvalidValue  # noqa: E402
from lydite.train.mix import Mixed, mix, unmixed  # noqa: E402
from lydite.train.mixing import Mixing  # noqa: E402

pytestmark = pytest.mark.torch


def pictures(count: int = 6) -> torch.Tensor:
    return torch.randn(count, 3, 8, 10, generator=torch.Generator().manual_seed(0))


def test_mixup_is_the_weighted_sum_with_the_partner() -> None:
    pixels = pictures()
    mixed = mix(pixels, Mixing(mixup=0.4), np.random.default_rng(1))
    for k, partner in enumerate(mixed.partners):
        slow = mixed.share * pixels[k] + (1 - mixed.share) * pixels[partner]
        assert torch.allclose(mixed.pixels[k], slow, atol=1e-6)


def test_cutmix_takes_a_box_of_the_partner_and_its_area_as_share() -> None:
    pixels = pictures()
    seen = set()
    for seed in range(30):
        mixed = mix(pixels, Mixing(mixup=0, cutmix=1.0), np.random.default_rng(seed))
        for k, partner in enumerate(mixed.partners):
            if partner == k:
                continue
            foreign = (mixed.pixels[k] == pixels[partner]).all(0)
            own = (mixed.pixels[k] == pixels[k]).all(0)
            assert (foreign | own).all()
            assert 1 - foreign.float().mean().item() == pytest.approx(mixed.share)
        seen.add(round(mixed.share, 3))
    assert len(seen) > 10


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_targets_are_smoothed_shares(smoothing: float) -> None:
    labels = torch.tensor([0, 2, 1])
    mixed = Mixed(pictures(3), np.array([1, 2, 0]), 0.7)
    targets = mixed.targets(labels, 4, smoothing)
    slow = np.zeros((3, 4))
    for k, partner in enumerate(mixed.partners):
        for row, weight in ((k, 0.7), (partner, 0.3)):
            slow[k] += weight * smoothing / 4
            slow[k, labels[row]] += weight * (1 - smoothing)
    assert np.allclose(targets.numpy(), slow, atol=1e-6)
    assert np.allclose(targets.sum(1), 1, atol=1e-6)


def test_the_switch_and_the_probability_hold() -> None:
    pixels = pictures()
    off = Mixing(mixup=0, cutmix=0)
    assert not off.on
    assert mix(pixels, off, np.random.default_rng(0)).share == 1
    drawn = [mix(pixels, Mixing(0.4, 0, 0.3), np.random.default_rng(k)).share < 1 for k in range(300)]
    assert 0.2 < np.mean(drawn) < 0.4


def test_one_picture_has_no_partner() -> None:
    mixed = mix(pictures(1), Mixing(0.2), np.random.default_rng(0))
    assert mixed.partners.tolist() == [0]
    assert mixed.share == 1
    assert unmixed(pictures(2)).targets(torch.tensor([0, 1]), 2, 0.0).tolist() == [[1, 0], [0, 1]]


def test_the_same_generator_mixes_the_same() -> None:
    one, other = (mix(pictures(), Mixing(0.2, 0.5), np.random.default_rng(7)) for _ in range(2))
    assert torch.equal(one.pixels, other.pixels)
    assert np.array_equal(one.partners, other.partners)


def test_bad_shares_are_refused() -> None:
    with pytest.raises(InvalidValue, match=r"probabilities in 0\.\.1"):
        Mixing(probability=1.5)
