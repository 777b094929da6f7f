"""Means of weights against means computed slowly."""

from __future__ import annotations

import pytest

from support import need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402
from torch import nn  # noqa: E402

from lydite.core import CheckpointError, InvalidValue  # noqa: E402
from lydite.train.averaging import (  # noqa: E402
    EpochMean,
    StepMean,
    greedy_soup,
    has_statistics,
    renew_statistics,
    uniform_soup,
)

pytestmark = pytest.mark.torch


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def test_epochs_weigh_the_same() -> None:
    models = [network(seed) for seed in range(4)]
    mean = EpochMean(models[0])
    for model in models:
        mean.update(model)
    assert mean.count == 4
    for name, value in mean.model.named_parameters():
        slow = torch.stack([dict(m.named_parameters())[name] for m in models]).mean(0)
        assert torch.allclose(value, slow, atol=1e-6)


def test_a_mean_resumes_as_it_was() -> None:
    models = [network(seed) for seed in range(4)]
    whole, half = EpochMean(models[0]), EpochMean(models[0])
    for model in models:
        whole.update(model)
    half.update(models[0])
    half.update(models[1])
    other = EpochMean(models[3])
    other.load_state_dict(half.state_dict())
    other.update(models[2])
    other.update(models[3])
    assert other.count == 4
    assert all(
        torch.equal(a, b) for a, b in zip(whole.model.parameters(), other.model.parameters(), strict=True)
    )


def test_the_moving_mean_follows_its_recurrence() -> None:
    models = [network(seed) for seed in range(6)]
    mean = StepMean(models[0], 0.9)
    slow = {name: value.clone() for name, value in models[0].named_parameters()}
    for step, model in enumerate(models, 1):
        mean.update(model, step)
        past = step - 1
        decay = 0.0 if past <= 0 else min(0.9, 1 - (1 + past) ** (-2 / 3))
        slow = {n: decay * slow[n] + (1 - decay) * p for n, p in model.named_parameters()}
    for name, value in mean.model.named_parameters():
        assert torch.allclose(value, slow[name], atol=1e-6)
    with pytest.raises(InvalidValue, match="between 0 and 1"):
        StepMean(models[0], 1.0)


def test_statistics_are_measured_anew_and_nothing_else_changes() -> None:
    model = network(0)
    inputs = [torch.randn(64, 4, generator=torch.Generator().manual_seed(k)) * 3 + 1 for k in range(4)]
    before = [p.detach().clone() for p in model.parameters()]
    renew_statistics(model, inputs)
    norm, first = model[1], model[0]  # type: ignore[index]
    seen = torch.stack([first(x).mean(0) for x in inputs]).mean(0)
    assert torch.allclose(norm.running_mean, seen, atol=1e-5)
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))


def test_a_network_without_statistics_reads_no_batch() -> None:
    model = nn.Linear(2, 2)
    assert not has_statistics(model)

    def unreadable() -> torch.Tensor:
        raise AssertionError("read")

    renew_statistics(model, (unreadable() for _ in range(1)))


def test_a_soup_of_equals_is_itself_and_of_two_is_their_middle() -> None:
    one, two = network(1).state_dict(), network(2).state_dict()
    assert all(torch.equal(value, one[name]) for name, value in uniform_soup([one, one, one]).items())
    middle = uniform_soup([one, two])
    assert torch.allclose(middle["0.weight"], (one["0.weight"] + two["0.weight"]) / 2)
    assert middle["1.num_batches_tracked"].dtype == torch.int64


def test_a_greedy_soup_is_no_worse_than_its_best_part() -> None:
    recipes = [{"w": torch.tensor([float(v)])} for v in (3.0, -1.0, 0.5, 10.0)]

    def score(weights: object) -> float:
        assert isinstance(weights, dict | type(recipes[0]))
        return -abs(float(weights["w"]) - 1.0)

    soup, chosen = greedy_soup(recipes, score)
    assert chosen[0] == 2
    assert score(soup) >= max(map(score, recipes))


def test_soups_of_different_architectures_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"1 names and 0 shapes differ.*Seen: b$"):
        uniform_soup([{"a": torch.ones(2)}, {"a": torch.ones(2), "b": torch.ones(1)}])
    with pytest.raises(InvalidValue, match="at least one set of weights"):
        uniform_soup([])
