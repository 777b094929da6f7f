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
        description="where candidates come from: regions, boxes (a file), callback (a Python function)",
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
