"""The embedded encoder with a classifier: what it looks like, is part of, and means, each as one mean."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lydite.features.embedded_net import EmbeddedNet


class EmbeddedClassifier(nn.Module):
    """Means of the three maps before their necks, normalised together, then one linear layer of zeros.

    The necks serve dense maps, where all cells are at one stride; a classifier needs one vector and takes the
    wider maps before them, which also saves lifting them to stride 8. The body has no batch norms (they are
    folded), so a batch of one trains as well as a batch of many.

    Args:
        body: As ``load_embedded_net`` gives it; taken over, its necks are left out.
        classes: How many.
        drop: Probability of dropping a feature before the linear layer.
    """

    def __init__(self, body: EmbeddedNet, classes: int, drop: float = 0.0) -> None:
        super().__init__()
        widths = body.widths
        self.stem, self.fine, self.middle = body.stem, body.fine, body.middle
        self.coarse, self.meaning = body.coarse, body.meaning
        self.norm = nn.LayerNorm(widths.fine + widths.middle + widths.meaning)
        self.drop = nn.Dropout(drop)
        self.head = nn.Linear(self.norm.normalized_shape[0], classes)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)
        self.train()
        self.requires_grad_(True)

    def features(self, pixels: Tensor) -> Tensor:
        """``(n, 3, height, width)`` to ``(n, 1056)``; both sides multiples of 32."""
        fine = self.fine(self.stem(pixels))
        middle = self.middle(fine)
        meaning = self.meaning(self.coarse(middle))
        normed: Tensor = self.norm(torch.cat([part.mean((2, 3)) for part in (fine, middle, meaning)], 1))
        return normed

    def forward(self, pixels: Tensor) -> Tensor:
        """``(n, 3, height, width)`` to logits ``(n, classes)``."""
        logits: Tensor = self.head(self.drop(self.features(pixels)))
        return logits

    def get_classifier(self) -> nn.Linear:
        """The last layer, as models of timm name it."""
        return self.head

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Which parameters make a layer, for timm's decay of the rate from layer to layer."""
        if coarse:
            return {"stem": r"^stem|^fine", "blocks": r"^(middle|coarse|meaning)"}
        return {
            "stem": r"^stem",
            "fine": r"^fine\.(\d+)",
            "middle": r"^middle\.(\d+)",
            "coarse": r"^coarse\.(\d+)",
            "meaning": r"^meaning",
        }
