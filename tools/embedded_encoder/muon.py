"""Muon: momentum whose every matrix is brought to orthogonal form before it is applied.

Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the scale of an
update is that of Liu et al., "Muon is scalable for LLM training", 2025, so that rates and decay mean
what they mean to AdamW. PyTorch's own takes plain matrices only; here a filter bank is the matrix of its
filters.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

MOMENTUM = 0.95
_STEPS = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315
"""The quintic of Jordan et al.: drives singular values to about 1 in few steps."""


class Muon(torch.optim.Optimizer):
    """For weights of convolutions and linear layers.

    Args:
        params: Parameters or groups; each tensor has two dimensions or more.
        lr: Rate on the scale of AdamW.
        weight_decay: Decoupled, times the rate.
    """

    def __init__(self, params: Iterable[object], lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One update of every parameter that has a gradient; no closure is called."""
        del closure
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"].lerp_(parameter.grad, 1 - MOMENTUM)
                update = orthogonal(parameter.grad.lerp(momentum, MOMENTUM).flatten(1))
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                scale = 0.2 * max(update.shape) ** 0.5
                parameter.add_(update.view_as(parameter), alpha=-group["lr"] * scale)


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows or columns, roughly, by Newton-Schulz in bfloat16."""
    values = matrix.bfloat16()
    tall = values.shape[0] > values.shape[1]
    values = values.T if tall else values
    values = values / (values.norm() + 1e-7)
    for _ in range(_STEPS):
        gram = values @ values.T
        values = _A * values + (_B * gram + _C * gram @ gram) @ values
    return (values.T if tall else values).to(matrix.dtype)
