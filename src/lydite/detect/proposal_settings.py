"""Who proposes, and what each proposer needs to know; what regions look for is in ``regions/settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProposerSettings(_Settings):
    """Who says what could be a thing."""

    proposer: str = Field(
        "regions",
        description="where candidates come from: regions, similarity, boxes (a file), callback (a function), "
        "sam, sam2, sam_hq, edgetam, sam3_tracker",
    )
    callback: str | None = Field(
        None,
        description="function for the proposer 'callback': package.module:name, or file.py:name; "
        "it takes pixels and returns masks or boxes",
    )


class BoxSettings(_Settings):
    """Where the proposer 'boxes' reads, and what it makes of a box."""

    boxes_file: Path | None = Field(
        None, description="annotations for the proposer 'boxes': a file, or a folder of label files"
    )
    boxes_format: str = Field("coco", description="format of boxes-file: a name such as coco, voc, yolo")
    boxes_images: Path | None = Field(
        None, description="folder of pictures that boxes-file speaks of, where its format needs one"
    )
    boxes_masks: Literal["file", "box", "region"] = Field(
        "file",
        description="mask of a candidate: file (the annotation's own, else its box), box (filled), "
        "region (the region that fits the box best, else the box)",
    )
    boxes_snap_iou: float = Field(
        0.5, gt=0, le=1, description="least IoU between a box and the box of a region for boxes-masks region"
    )


class SamSettings(_Settings):
    """Which model of the Segment Anything family proposes, and how it is asked."""

    sam_checkpoint: Path | None = Field(
        None,
        description="local folder of a sam-family model (config.json, preprocessor_config.json, "
        "model.safetensors) instead of a download",
    )
    sam_model: str | None = Field(
        None, description="name of another model on the hub, for example facebook/sam-vit-huge"
    )
    sam_revision: str = Field("main", description="branch, tag or commit of the model on the hub")
    sam_device: str = Field("cpu", description="where the segmenter runs: cpu, cuda, cuda:1, mps")
    sam_half: bool = Field(False, description="run the segmenter in half precision")
    sam_prompts: Literal["grid", "points", "boxes"] = Field(
        "grid",
        description="what a sam-family model is asked: a blind grid of points, or the peaks of the "
        "similarity to the examples as points or as boxes",
    )
    sam_long_side: int = Field(
        0, ge=0, le=8192, description="pictures with a longer long side are segmented at this one; 0 = as is"
    )
    points_per_side: int = Field(32, ge=1, le=256, description="points along each side of the blind grid")
    points_per_batch: int = Field(
        64, ge=1, le=4096, description="prompts answered at a time: memory for speed"
    )
    pred_iou: float = Field(
        0.80, ge=0, le=1, description="how good the segmenter must think a mask is (predicted IoU); 0 = any"
    )
    stability: float = Field(
        0.90, ge=0, le=1, description="least IoU of a mask with itself at a stricter cut-off; 0 = any"
    )
    crop_layers: int = Field(
        1, ge=0, le=4, description="how often the grid looks again at crops: 4 crops, 16 crops, ..."
    )
    crop_downscale: int = Field(
        2, ge=1, le=16, description="the grid of a crop has so many times fewer points a side, layer by layer"
    )
    sam_min_region_px: int = Field(
        100,
        ge=0,
        description="holes and islands of a mask that are smaller are mended, in pixels of the picture",
    )
    box_nms: float = Field(
        0.5,
        ge=0,
        le=1,
        description="box IoU above which the lesser of two masks of one crop goes; 1 = keep all",
    )
    crop_nms: float = Field(
        0.5, ge=0, le=1, description="the same between masks of different crops; the smaller crop's stays"
    )
    crop_overlap: float = Field(
        512 / 1500, ge=0, lt=1, description="how much crops overlap, as a share of the short side (512/1500)"
    )


class SimilaritySettings(_Settings):
    """Where a picture looks like the examples: for the proposer 'similarity', and for prompts."""

    similarity_scales: tuple[float, ...] = Field(
        (0.02, 0.06, 0.12, 0.24),
        min_length=1,
        description="sides of the windows that are compared with the examples, as shares of the short side",
    )
    similarity_levels: tuple[float, ...] = Field(
        (0.5, 0.75),
        min_length=1,
        description="where a peak's component ends: shares of the way from the map's base up to it",
    )
    similarity_peaks: int = Field(
        100,
        ge=1,
        le=10000,
        description="most peaks looked at; also the most prompts of a sam model",
    )
    similarity_regions: int = Field(
        3, ge=0, le=100, description="regions taken around each peak, those most like the examples first"
    )
    similarity_snap_iou: float = Field(
        0.4,
        gt=0,
        le=1,
        description="least IoU at which a component gives way to a region; else it stays itself",
    )
    similarity_fill: int = Field(
        1000,
        ge=0,
        le=20000,
        description="other regions come last, until there are so many candidates; 0 = none of them",
    )
