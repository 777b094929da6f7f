"""Pictures mixed in pairs, mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019), with known partners.

timm's and torchvision's mixers draw from global generators and do not say who was mixed with whom. Here the
partners are part of the result: a run must know every label that entered a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lydite.train.mixing import Mixing


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """A batch after mixing.

    Args:
        pixels: ``(n, channels, height, width)``.
        partners: ``(n,)`` int64: place in the batch of each picture's partner; its own where it has none.
        share: Weight of a picture's own label; its partner's has ``1 - share``.
    """

    pixels: Tensor
    partners: npt.NDArray[np.int64]
    share: float

    def targets(self, labels: Tensor, classes: int, smoothing: float) -> Tensor:
        """``(n, classes)`` float32 rows that sum to 1: smoothed, then mixed.

        Args:
            labels: ``(n,)`` int64.
            classes: How many.
            smoothing: Share of a label that is spread over all classes.
        """
        off = smoothing / classes
        soft = torch.full((len(labels), classes), off, device=labels.device)
        soft.scatter_(1, labels[:, None], 1 - smoothing + off)
        if self.share == 1:
            return soft
        partners = torch.from_numpy(self.partners).to(labels.device)
        return soft * self.share + soft[partners] * (1 - self.share)


def unmixed(pixels: Tensor) -> Mixed:
    """The batch as it is."""
    return Mixed(pixels, np.arange(len(pixels), dtype=np.int64), 1.0)


def mix(pixels: Tensor, mixing: Mixing, rng: np.random.Generator) -> Mixed:
    """Mix a batch, or leave it, as the draw says; one share and one box for the whole batch.

    Args:
        pixels: ``(n, channels, height, width)`` floats; not changed.
        mixing: How.
        rng: All that is random.
    """
    wanted = rng.random() < mixing.probability
    if not wanted or not mixing.on or len(pixels) < 2:
        return unmixed(pixels)
    partners = rng.permutation(len(pixels)).astype(np.int64)
    cut = mixing.cutmix > 0 and (mixing.mixup == 0 or rng.random() < mixing.switch)
    alpha = mixing.cutmix if cut else mixing.mixup
    share = float(rng.beta(alpha, alpha))
    order = torch.from_numpy(partners).to(pixels.device)
    if not cut:
        return Mixed(torch.lerp(pixels[order], pixels, share), partners, share)
    top, left, bottom, right = _box(pixels.shape[-2:], share, rng)
    mixed = pixels.clone()
    mixed[..., top:bottom, left:right] = pixels[order][..., top:bottom, left:right]
    inside = (bottom - top) * (right - left) / (pixels.shape[-2] * pixels.shape[-1])
    return Mixed(mixed, partners, 1 - inside)


def _box(size_hw: tuple[int, ...], share: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A box of ``1 - share`` of the area around a random point, cut off at the border."""
    height, width = size_hw
    side = float(np.sqrt(1 - share))
    half_h, half_w = int(height * side) // 2, int(width * side) // 2
    y, x = int(rng.integers(height)), int(rng.integers(width))
    return max(y - half_h, 0), max(x - half_w, 0), min(y + half_h, height), min(x + half_w, width)
