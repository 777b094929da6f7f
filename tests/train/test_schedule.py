"""Rates at the places that matter, and layer decay that really reaches them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from support import need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402
from timm.optim._param_groups import param_groups_layer_decay  # noqa: E402
from torch import nn  # noqa: E402

from lydite.core import ClassMap, InvalidValue  # noqa: E402
from lydite.train.network import build_network  # noqa: E402
from lydite.train.schedule import Schedule, Stretch  # noqa: E402

pytestmark = pytest.mark.torch


def optimiser(lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=lr)


def test_it_rises_falls_and_rises_again_lower() -> None:
    schedule = Schedule(optimiser(), [Stretch(100, warm_up=10), Stretch(50, scale=0.25)])
    rates = [schedule.set(step) for step in range(150)]
    assert rates[0] == pytest.approx(0.001)
    assert rates[10] == pytest.approx(0.1)
    assert all(a < b for a, b in pairwise(rates[:11]))
    assert all(a > b for a, b in pairwise(rates[10:100]))
    assert rates[55] == pytest.approx(0.05, rel=0.01)
    assert rates[99] < 0.001
    assert rates[100] == pytest.approx(0.025)
    assert rates[149] < 0.0005


def test_the_floor_is_a_share_of_the_highest() -> None:
    schedule = Schedule(optimiser(), [Stretch(1000, floor=0.1)])
    assert schedule.set(999) == pytest.approx(0.01, rel=0.01)


def test_it_is_a_function_of_the_step_alone() -> None:
    forward = Schedule(optimiser(), [Stretch(20, warm_up=3), Stretch(20, 0.3)])
    rates = [forward.set(step) for step in range(40)]
    assert [forward.set(step) for step in reversed(range(40))] == rates[::-1]
    resumed = Schedule(optimiser(), [Stretch(20, warm_up=3), Stretch(20, 0.3)])
    assert resumed.set(33) == rates[33]


@pytest.mark.parametrize("name", ["embedded", "resnet18", "vit_tiny_patch16_224"])
def test_layer_decay_reaches_every_layer(name: str) -> None:
    module = build_network(name, ClassMap(("a", "b"))).module
    groups = param_groups_layer_decay(module, weight_decay=0.05, layer_decay=0.5)
    scales = sorted({group["lr_scale"] for group in groups})
    assert len(scales) > 3
    assert scales[-1] == 1.0
    adam = torch.optim.AdamW(groups, lr=0.01)
    schedule = Schedule(adam, [Stretch(10, warm_up=2)])
    for step in range(10):
        rate = schedule.set(step)
        assert all(group["lr"] == pytest.approx(rate * group["lr_scale"]) for group in adam.param_groups)
    head = next(p for n, p in module.named_parameters() if n.startswith(("head.weight", "fc.weight")))
    own = next(g for g in adam.param_groups if any(p is head for p in g["params"]))
    assert own["lr_scale"] == 1.0


def test_torchs_own_scheduler_would_ignore_it() -> None:
    """Why timm's is used; if this ever fails, torch has learned it."""
    module = build_network("embedded", ClassMap(("a", "b"))).module
    adam = torch.optim.AdamW(param_groups_layer_decay(module, layer_decay=0.5), lr=0.01)
    torch.optim.lr_scheduler.CosineAnnealingLR(adam, 10)
    assert len({group["lr"] for group in adam.param_groups}) == 1


def test_impossible_stretches_are_refused() -> None:
    with pytest.raises(InvalidValue, match=r"in 0\.\.9, below its steps"):
        Stretch(10, warm_up=10)
    with pytest.raises(InvalidValue, match="at least one step"):
        Stretch(0)
    with pytest.raises(InvalidValue, match="at least one"):
        Schedule(optimiser(), [])
