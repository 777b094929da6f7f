"""How far the encoder's maps are from an independent computation with the same random weights.

Run from the repository: ``python benchmarks/encoder_exactness.py``. Peers: transformers (DINOv2, DINOv3) and
torchvision (ResNet). The claim is a largest absolute difference of at most 1e-4, of cells and pooled vectors.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import nn

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "src"), str(REPOSITORY / "tests")]

import oracles  # noqa: E402
from lydite.features.encoders.timm import encoder_from_model  # noqa: E402
from lydite.features.settings import EncoderSettings  # noqa: E402

CLAIM = 1e-4
SIZE_HW = (150, 201)
SHORT_SIDE = 224
PEERS: tuple[tuple[str, str, str, Callable[[nn.Module], oracles.Oracle]], ...] = (
    ("DINOv3 ViT-S/16", "vit_small_patch16_dinov3", "last", oracles.dinov3_vit),
    ("DINOv3 ConvNeXt-B", "convnext_base", "last", oracles.dinov3_convnext_base),
    ("DINOv2-S/14", "vit_small_patch14_dinov2", "last", oracles.dinov2),
    ("ResNet-101 layer3", "resnet101", "layer3", lambda model: oracles.resnet101(model, "layer3")),
    ("ResNet-101", "resnet101", "last", lambda model: oracles.resnet101(model, "layer4")),
)


def differences(name: str, layer: str, oracle: Callable[[nn.Module], oracles.Oracle]) -> tuple[float, ...]:
    """Largest absolute difference of cells and of pooled vectors, and the largest absolute cell."""
    options = {"dynamic_img_size": True} if "dinov2" in name else {}
    model = oracles.random_model(name, **options)
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE_HW, 3), np.uint8)
    settings = EncoderSettings(encoder=name, layer=layer, short_side=SHORT_SIDE)
    found = encoder_from_model(model, settings).encode(pixels)
    expected = oracle(model)(oracles.network_input(pixels, found.input_hw))
    return (
        float(np.abs(found.cells - expected).max()),
        float(np.abs(oracles.pooled(found.cells) - oracles.pooled(expected)).max()),
        float(np.abs(expected).max()),
    )


def main() -> int:
    names = ("torch", "timm", "transformers", "torchvision", "numpy", "pillow")
    print(f"Python {platform.python_version()}", *(f"{n} {importlib.metadata.version(n)}" for n in names))
    print(f"{'network':20}{'cells':>12}{'pooled':>12}{'largest cell':>14}")
    worst = 0.0
    for title, name, layer, oracle in PEERS:
        cells, pooled, largest = differences(name, layer, oracle)
        worst = max(worst, cells, pooled)
        print(f"{title:20}{cells:12.2e}{pooled:12.2e}{largest:14.2f}")
    print(f"worst {worst:.2e}, claimed at most {CLAIM:.0e}: {'holds' if worst <= CLAIM else 'FAILS'}")
    return int(worst > CLAIM)


if __name__ == "__main__":
    sys.exit(main())
