"""How much each channel and each depth counts in the fused map."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from embedded_encoder.pictures import Pictures, Pixels
from embedded_encoder.teacher import MEAN, STD
from lydite.features.embedded_net import EmbeddedNet

SHARES = {"fine": 0.5, "middle": 0.7, "meaning": 1.0}
"""Length of each part of a pooled vector."""
LEAST_SPREAD = 0.2
"""Least spread of a channel, as a share of the mean spread of its part."""
SIDE = 224
SAMPLED = 1000
_BATCH = 20


@torch.no_grad()
def balance(net: EmbeddedNet, pictures: Pictures) -> None:
    """Set ``scale`` and ``shift`` of the network from pooled vectors of training pictures.

    Each channel is brought to mean 0 and variance 1 over the pictures (nearly constant ones less far); then
    each part is scaled so that the mean squared length of its pooled vector is its share squared. Without
    this a few strong channels decide every cosine, and all cosines are near 1.
    """
    net.scale.fill_(1.0)
    net.shift.fill_(0.0)
    start = 0
    for share, part in zip(SHARES.values(), _pooled(net, pictures), strict=True):
        stop = start + part.shape[1]
        mean, spread = part.mean(0), part.std(0)
        spread = spread.clamp_min(LEAST_SPREAD * float(spread.mean()))
        length = (((part - mean) / spread) ** 2).sum(1).mean().sqrt()
        net.scale[start:stop] = share / (length * spread)
        net.shift[start:stop] = -mean * share / (length * spread)
        start = stop


def _pooled(net: EmbeddedNet, pictures: Pictures) -> list[Tensor]:
    rng = np.random.default_rng(0)
    chosen: list[Pixels] = [
        pixels[np.sort(rng.permutation(len(pixels))[: SAMPLED // 2])]
        for pixels in (pictures.natural, pictures.tiny)
    ]
    found: list[list[Tensor]] = [[], [], []]
    for pixels in chosen:
        for start in range(0, len(pixels), _BATCH):
            batch = torch.from_numpy(pixels[start : start + _BATCH]).permute(0, 3, 1, 2).float()
            batch = torch.nn.functional.interpolate(batch, (SIDE, SIDE), mode="bilinear", antialias=True)
            for kept, part in zip(found, net.stages((batch - MEAN) / STD), strict=True):
                kept.append(part.mean((2, 3)))
    return [torch.cat(part) for part in found]
