"""Laws of the two passes: parity with another implementation, and what must not move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import need_module

need_module("torch")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from lydite.core import InvalidValue  # noqa: E402
from lydite.train.sharpness import Sharpness, still_statistics  # noqa: E402

pytestmark = pytest.mark.torch


def small_network(*, norm: bool = False) -> nn.Module:
    torch.manual_seed(3)
    middle: nn.Module = nn.BatchNorm1d(8) if norm else nn.Identity()
    return nn.Sequential(nn.Linear(5, 8), middle, nn.Tanh(), nn.Linear(8, 3))


def batches(count: int, size: int = 6) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, 5, generator=generator), torch.randint(0, 3, (size,), generator=generator))
        for _ in range(count)
    ]


def loss_of(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return functional.cross_entropy(model(batch[0]), batch[1])


def step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    sharpness: Sharpness,
    losses: Callable[[], list[Tensor]],
    scaler: torch.amp.GradScaler | None = None,
    clip: float | None = None,
) -> bool:
    """A step as ``lydite.train`` makes it: accumulate, climb, accumulate again, come back."""
    scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
    optimiser.zero_grad()
    for loss in losses():
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    moved = sharpness.ascent()
    if moved:
        optimiser.zero_grad()
        with still_statistics(model):
            for loss in losses():
                scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        sharpness.descent()
    scaler.unscale_(optimiser)
    if clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    scaler.step(optimiser)
    scaler.update()
    return moved


@pytest.mark.parametrize("adaptive", [False, True])
def test_the_other_implementation_makes_the_same_weights(adaptive: bool) -> None:
    need_module("pytorch_optimizer")
    from pytorch_optimizer import SAM

    ours, theirs = small_network(), small_network()
    optimiser = torch.optim.AdamW(ours.parameters(), lr=0.01)
    sharpness = Sharpness(ours.parameters(), 0.1, adaptive=adaptive)
    oracle: Any = SAM(theirs.parameters(), torch.optim.AdamW, rho=0.1, adaptive=adaptive, lr=0.01)
    for batch in batches(20):
        step(ours, optimiser, sharpness, lambda batch=batch: [loss_of(ours, batch)])  # type: ignore[misc]

        def closure(batch: tuple[Tensor, Tensor] = batch) -> Tensor:
            oracle.zero_grad()
            loss = loss_of(theirs, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        closure()
        oracle.step(closure)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, its, atol=1e-6, rtol=0)


def test_ascent_goes_as_far_as_the_radius_and_descent_returns_bit_for_bit() -> None:
    model = small_network()
    before = [p.detach().clone() for p in model.parameters()]
    sharpness = Sharpness(model.parameters(), 0.3)
    loss_of(model, batches(1)[0]).backward()  # type: ignore[no-untyped-call]
    assert sharpness.ascent()
    moved = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
    assert torch.linalg.vector_norm(torch.cat([m.ravel() for m in moved])).item() == pytest.approx(
        0.3, rel=1e-4
    )
    sharpness.descent()
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))


def test_accumulated_micro_batches_are_one_batch() -> None:
    whole, parts = small_network(), small_network()
    x, y = batches(1, 12)[0]
    optimisers = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (whole, parts)]
    step(whole, optimisers[0], Sharpness(whole.parameters(), 0.1), lambda: [loss_of(whole, (x, y))])
    step(
        parts,
        optimisers[1],
        Sharpness(parts.parameters(), 0.1),
        lambda: [loss_of(parts, (x[k : k + 4], y[k : k + 4])) / 3 for k in (0, 4, 8)],
    )
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_scaler_changes_nothing_but_the_range() -> None:
    plain, scaled = small_network(), small_network()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    pair = [torch.optim.AdamW(m.parameters(), lr=0.01) for m in (plain, scaled)]
    sharp = [Sharpness(m.parameters(), 0.05) for m in (plain, scaled)]
    for batch in batches(5):
        step(plain, pair[0], sharp[0], lambda batch=batch: [loss_of(plain, batch)], clip=0.5)  # type: ignore[misc]
        step(scaled, pair[1], sharp[1], lambda batch=batch: [loss_of(scaled, batch)], scaler, 0.5)  # type: ignore[misc]
    for one, other in zip(plain.parameters(), scaled.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_infinite_gradients_skip_the_step_and_lower_the_scale() -> None:
    model = small_network()
    before = [p.detach().clone() for p in model.parameters()]
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    batch = batches(1)[0]
    moved = step(
        model, optimiser, Sharpness(model.parameters(), 0.05), lambda: [loss_of(model, batch) * 1e38], scaler
    )
    assert not moved
    assert scaler.get_scale() < 1024
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))


def test_autocast_moves_float32_weights_and_returns_them() -> None:
    model = small_network()
    before = [p.detach().clone() for p in model.parameters()]
    sharpness = Sharpness(model.parameters(), 0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = loss_of(model, batches(1)[0])
    loss.backward()  # type: ignore[no-untyped-call]
    assert sharpness.ascent()
    assert all(p.dtype == torch.float32 for p in model.parameters())
    sharpness.descent()
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))


def test_batch_norms_count_the_first_pass_only() -> None:
    once, twice = small_network(norm=True), small_network(norm=True)
    batch = batches(1)[0]
    loss_of(once, batch)
    optimiser = torch.optim.SGD(twice.parameters(), lr=0.0)
    step(twice, optimiser, Sharpness(twice.parameters(), 0.5), lambda: [loss_of(twice, batch)])
    ones, twos = dict(once.named_buffers()), dict(twice.named_buffers())
    assert ones.keys() == twos.keys()
    assert all(torch.equal(ones[name], twos[name]) for name in ones)


def test_misuse_is_refused() -> None:
    model = small_network()
    with pytest.raises(InvalidValue, match="rho must be positive"):
        Sharpness(model.parameters(), 0.0)
    sharpness = Sharpness(model.parameters(), 0.1)
    loss_of(model, batches(1)[0]).backward()  # type: ignore[no-untyped-call]
    sharpness.ascent()
    with pytest.raises(InvalidValue, match="followed by descent"):
        sharpness.ascent()
