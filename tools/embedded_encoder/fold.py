"""From the network that was trained to the network that ships: batch norms folded, weights in float16."""

from __future__ import annotations

import torch
from torch import nn

from lydite.features.embedded_net import EmbeddedNet, Unit


@torch.no_grad()
def fold(trained: EmbeddedNet) -> EmbeddedNet:
    """The same function without norms, every number rounded to float16.

    Args:
        trained: With norms, whose running statistics are what they became.
    """
    plain = EmbeddedNet(trained.widths, norm=False)
    for unit, target in _units(trained, plain):
        norm = unit.norm
        if not isinstance(norm, nn.BatchNorm2d):
            target.load_state_dict(unit.state_dict())
            continue
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        target.conv.weight.copy_(unit.conv.weight * gain[:, None, None, None])
        target.conv.bias.copy_(norm.bias - norm.running_mean * gain)
    return plain.half().float().eval()


def _units(left: nn.Module, right: nn.Module) -> list[tuple[Unit, Unit]]:
    named = dict(right.named_modules())
    return [
        (module, named[name])
        for name, module in left.named_modules()
        if isinstance(module, Unit) and isinstance(named[name], Unit)
    ]
