"""Independent computations of feature maps: other people's code, fed with the same weights and pixels.

Only names are translated here. What the networks compute is done by transformers and torchvision, and
resizing and standardisation are written out again in plain numpy and Pillow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch
from PIL import Image
from torch import Tensor, nn

_DONE = "\0"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Pixels = npt.NDArray[np.uint8]
Cells = npt.NDArray[np.float32]
Oracle = Callable[[Tensor], Cells]


def random_model(name: str, seed: int = 0, **options: Any) -> nn.Module:
    """A timm model in which every tensor matters: also those that begin at zero, one or a millionth."""
    torch.manual_seed(seed)
    model: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, **options)
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if "gamma" in key:
                tensor.uniform_(0.05, 0.5)
            elif key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.ndim == 1:
                tensor.add_(torch.randn_like(tensor), alpha=0.1)
    return model.eval()


def network_input(pixels: Pixels, size_hw: tuple[int, int]) -> Tensor:
    """``(1, 3, height, width)`` float32, standardised as ImageNet's."""
    resized = Image.fromarray(pixels).resize(size_hw[::-1], Image.Resampling.BICUBIC)
    values = np.asarray(resized, np.float64) / 255
    standard = (values - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    return torch.from_numpy(standard.astype(np.float32)).permute(2, 0, 1)[None]


def pooled(cells: Cells) -> npt.NDArray[np.float64]:
    """L2 of the mean of all cells."""
    mean = cells.reshape(-1, cells.shape[2]).astype(np.float64).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def official_dinov3_vit(model: nn.Module) -> dict[str, Tensor]:
    """The weights of timm's DINOv3 ViT under the names of the official files, with all that these add."""
    names = {"reg_token": "storage_tokens", "gamma_1": "ls1.gamma", "gamma_2": "ls2.gamma"}
    weights = _renamed(model.state_dict(), names)
    width = weights["cls_token"].shape[-1]
    for key in [key for key in weights if key.endswith("attn.qkv.weight")]:
        stem = key.removesuffix("weight")
        weights[f"{stem}bias"] = torch.zeros(3 * width)
        weights[f"{stem}bias_mask"] = torch.ones(3 * width)
        weights[f"{stem}bias_mask"][width : 2 * width] = 0
    weights["mask_token"] = torch.randn(1, width)
    weights["rope_embed.periods"] = torch.rand(16)
    return weights


def official_dinov3_convnext(model: nn.Module) -> dict[str, Tensor]:
    """The weights of timm's ConvNeXt under the names of the official DINOv3 files, alias included."""
    weights = {}
    for key, tensor in model.state_dict().items():
        parts = key.split(".")
        if parts[0] == "stem":
            parts[:1] = ["downsample_layers", "0"]
        elif parts[0] == "stages" and parts[2] == "downsample":
            parts[:3] = ["downsample_layers", parts[1]]
        elif parts[0] == "stages":
            del parts[2]
        elif parts[0] == "head":
            del parts[0]
        name = ".".join(parts).replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
        weights[name] = tensor.clone()
    weights["norms.3.weight"] = weights["norm.weight"]
    weights["norms.3.bias"] = weights["norm.bias"]
    return weights


def dinov3_vit(model: nn.Module) -> Oracle:
    """Of transformers, ViT-S/16."""
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    config = DINOv3ViTConfig(
        hidden_size=384,
        num_attention_heads=6,
        intermediate_size=1536,
        num_hidden_layers=12,
        num_register_tokens=4,
        query_bias=False,
        value_bias=False,
    )
    names = {
        "cls_token": "embeddings.cls_token",
        "reg_token": "embeddings.register_tokens",
        "patch_embed.proj": "embeddings.patch_embeddings",
        "blocks": "model.layer",
        "attn.proj": "attention.o_proj",
        "attn": "attention",
        "gamma_1": "layer_scale1.lambda1",
        "gamma_2": "layer_scale2.lambda1",
        "mlp.fc1": "mlp.up_proj",
        "mlp.fc2": "mlp.down_proj",
    }
    weights = _with_split_attention(_renamed(model.state_dict(), names))
    weights["embeddings.mask_token"] = torch.zeros(1, 1, 384)
    return _tokens_of(_loaded(DINOv3ViTModel(config), weights), prefix=5, patch=16)


def dinov3_convnext_base(model: nn.Module) -> Oracle:
    """Of transformers, ConvNeXt-B."""
    from transformers import DINOv3ConvNextConfig, DINOv3ConvNextModel

    config = DINOv3ConvNextConfig(hidden_sizes=[128, 256, 512, 1024], depths=[3, 3, 27, 3])
    names = {
        "stem": "model.stages.0.downsample_layers",
        "stages": "model.stages",
        "blocks": "layers",
        "downsample": "downsample_layers",
        "conv_dw": "depthwise_conv",
        "mlp.fc1": "pointwise_conv1",
        "mlp.fc2": "pointwise_conv2",
        "head.norm": "layer_norm",
        "norm": "layer_norm",
    }
    weights = _renamed(model.state_dict(), names)
    return _tokens_of(_loaded(DINOv3ConvNextModel(config), weights), prefix=1, patch=32)


def dinov2(model: nn.Module) -> Oracle:
    """Of transformers, ViT-S/14. Positions are resized as timm does: bicubic, antialiased, no offset."""
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(hidden_size=384, num_attention_heads=6, patch_size=14, image_size=518)
    names = {
        "cls_token": "embeddings.cls_token",
        "pos_embed": "embeddings.position_embeddings",
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "blocks": "encoder.layer",
        "attn.proj": "attention.o_proj",
        "attn": "attention",
        "ls1.gamma": "layer_scale1.lambda1",
        "ls2.gamma": "layer_scale2.lambda1",
    }
    weights = _with_split_attention(_renamed(model.state_dict(), names))
    weights = {
        (f"layernorm.{key[5:]}" if key.startswith("norm.") else key): tensor
        for key, tensor in weights.items()
    }
    weights["embeddings.mask_token"] = torch.zeros(1, 384)
    oracle = _loaded(Dinov2Model(config), weights)
    oracle.embeddings.interpolate_pos_encoding = lambda _, height, width: _resized_positions(
        oracle.embeddings.position_embeddings, (height // 14, width // 14)
    )
    return _tokens_of(oracle, prefix=1, patch=14)


def resnet101(model: nn.Module, last: str) -> Oracle:
    """Of torchvision, up to the end of a stage."""
    import torchvision

    oracle = torchvision.models.resnet101(weights=None)
    oracle.fc = nn.Identity()
    oracle.load_state_dict(model.state_dict())
    stages = ["layer1", "layer2", "layer3", "layer4"]
    names = ["conv1", "bn1", "relu", "maxpool", *stages[: stages.index(last) + 1]]
    trunk = nn.Sequential(*(getattr(oracle, name) for name in names)).eval()

    def cells(batch: Tensor) -> Cells:
        with torch.inference_mode():
            return np.asarray(trunk(batch)[0].permute(1, 2, 0).numpy())

    return cells


def _resized_positions(positions: Tensor, grid_hw: tuple[int, int]) -> Tensor:
    side = int((positions.shape[1] - 1) ** 0.5)
    grid = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    grid = nn.functional.interpolate(grid, size=grid_hw, mode="bicubic", antialias=True)
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def _renamed(weights: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Whole parts of dotted names replaced; what was replaced once is left alone."""
    renamed = {}
    for key, tensor in weights.items():
        name = f".{key}."
        for old, new in names.items():
            name = name.replace(f".{old}.", f".{new.replace('.', _DONE)}.")
        renamed[name.replace(_DONE, ".").strip(".")] = tensor.clone()
    return renamed


def _with_split_attention(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    split = {}
    for key, tensor in weights.items():
        if ".qkv." in key:
            for part, third in zip("qkv", tensor.chunk(3), strict=True):
                split[key.replace(".qkv.", f".{part}_proj.")] = third.clone()
        else:
            split[key] = tensor
    return split


def _loaded(oracle: Any, weights: Mapping[str, Tensor]) -> Any:
    oracle.load_state_dict(weights, strict=True)
    return oracle.eval()


def _tokens_of(oracle: Any, prefix: int, patch: int) -> Oracle:
    def cells(batch: Tensor) -> Cells:
        with torch.inference_mode():
            tokens = oracle(batch).last_hidden_state[0, prefix:]
        return np.asarray(tokens.reshape(batch.shape[-2] // patch, batch.shape[-1] // patch, -1).numpy())

    return cells
