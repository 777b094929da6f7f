"""The real architectures of the family, built small, with random weights in which every tensor matters."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

SIDE = 64
_PROMPTS = {"hidden_size": 32, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 4}
_DECODER = {
    "hidden_size": 32,
    "mlp_dim": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 16,
}
_MAPS = [[16, 16], [8, 8], [4, 4]]


def _square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _sam(kind: str, **decoder: int) -> tuple[Any, Any, Any]:
    vision = {
        "hidden_size": 32,
        "output_channels": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": 8,
        "window_size": 4,
        "global_attn_indexes": [1],
        "num_pos_feats": 16,
        "mlp_dim": 32,
    }
    config = getattr(transformers, f"{kind}Config")(
        vision_config=vision,
        prompt_encoder_config=_PROMPTS | {"patch_size": 8},
        mask_decoder_config=_DECODER | decoder,
    )
    processor = transformers.SamImageProcessor(
        size={"longest_edge": SIDE},
        pad_size=_square(SIDE),
        mask_size={"longest_edge": 16},
        mask_pad_size=_square(16),
    )
    return getattr(transformers, f"{kind}Model"), config, processor


def _sam2() -> tuple[Any, Any, Any]:
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "num_attention_heads": 1,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 2, 1, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 1, 1],
        "window_size_per_stage": [4, 4, 4, 2],
        "global_attention_blocks": [2],
        "window_positional_embedding_background_size": [2, 2],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": _MAPS,
        "fpn_hidden_size": 32,
    }
    config = transformers.Sam2Config(
        vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER
    )
    return transformers.Sam2Model, config, transformers.Sam2ImageProcessor(size=_square(SIDE))


def _edgetam() -> tuple[Any, Any, Any]:
    backbone = transformers.TimmWrapperConfig(
        architecture="repvit_m1",
        model_args={
            "in_chans": 3,
            "features_only": True,
            "out_indices": [0, 1, 2, 3],
            "embed_dim": [8, 16, 24, 32],
            "depth": [1, 1, 1, 1],
        },
    )
    vision = {
        "backbone_config": backbone.to_dict(),
        "backbone_channel_list": [32, 24, 16, 8],
        "backbone_feature_sizes": _MAPS,
        "fpn_hidden_size": 32,
    }
    config = transformers.EdgeTamConfig(
        vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER
    )
    return transformers.EdgeTamModel, config, transformers.Sam2ImageProcessor(size=_square(SIDE))


def _sam3_tracker() -> tuple[Any, Any, Any]:
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "window_size": 2,
        "global_attn_indexes": [1],
        "pretrain_image_size": 28,
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "backbone_feature_sizes": _MAPS,
        "fpn_hidden_size": 32,
    }
    config = transformers.Sam3TrackerConfig(
        vision_config=vision,
        prompt_encoder_config=_PROMPTS | {"image_size": 56, "patch_size": 14},
        mask_decoder_config=_DECODER,
    )
    return transformers.Sam3TrackerModel, config, transformers.Sam3ImageProcessor(size=_square(56))


TINY: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "sam": lambda: _sam("Sam"),
    "sam2": _sam2,
    "sam_hq": lambda: _sam("SamHQ", vit_dim=32),
    "edgetam": _edgetam,
    "sam3_tracker": _sam3_tracker,
}
"""Name of each proposer of the family -> model class, configuration and image processor."""


def random_segmenter(name: str, seed: int = 0) -> tuple[Any, Any]:
    """Model and image processor. Weights are larger than at the start of training, so that masks differ."""
    torch.manual_seed(seed)
    model_class, config, processor = TINY[name]()
    model = model_class(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.3)
            else:
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return model, processor


def save_segmenter(name: str, folder: Path, seed: int = 0) -> Path:
    """The same on disk, as ``save_pretrained`` leaves it."""
    model, processor = random_segmenter(name, seed)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def fill_hub_cache(cache: Path, repository: str, revisions: dict[str, Path]) -> None:
    """Saved models as a download from the hub leaves them: a snapshot a commit, a reference a revision."""
    home = cache / f"models--{repository.replace('/', '--')}"
    for number, (revision, folder) in enumerate(revisions.items(), start=1):
        commit = f"{number:040x}"
        (home / "refs").mkdir(parents=True, exist_ok=True)
        (home / "refs" / revision).write_text(commit)
        shutil.copytree(folder, home / "snapshots" / commit)
