"""The necks: how much each depth counts in the fused map, and along which directions."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from embedded_encoder.pictures import Pictures, Pixels
from embedded_encoder.teacher import MEAN, STD
from lydite.features.embedded_net import EmbeddedNet

SHARES = (0.7, 0.7, 1.0)
"""Length of each part of a pooled vector: fine, middle, meaning."""
RIDGE = 0.05
"""Added to each variance, as a share of the mean variance of its part: faint directions stay faint."""
SIDE = 224
SAMPLED = 4000
_BATCH = 20


@torch.no_grad()
def balance(net: EmbeddedNet, pictures: Pictures) -> None:
    """Set the necks of the network from pooled vectors of training pictures.

    Each neck turns its part to the leading principal axes over the pictures, brings them to mean 0 and (up
    to ``RIDGE``) variance 1, and scales them so that the mean squared length of the part's pooled vector is
    its share squared. Without this a few strong channels, many saying the same, decide every cosine.
    """
    for neck, share, part in zip(net.necks, SHARES, _pooled(net, pictures), strict=True):
        centre = part.mean(0)
        variances, axes = torch.linalg.eigh(torch.cov((part - centre).T.double()))
        kept = slice(-neck.conv.out_channels, None)
        spread = torch.sqrt(variances[kept] + RIDGE * variances.mean())
        turn = (axes[:, kept] / spread).float()
        turn = turn * (share / ((part - centre) @ turn).square().sum(1).mean().sqrt())
        neck.conv.weight.copy_(turn.T[:, :, None, None])
        neck.conv.bias.copy_(-centre @ turn)


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
