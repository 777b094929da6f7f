"""What the model-free proposer looks for: the frozen choice behind every region."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["edge", "colour", "texture", "blob"]


class RegionSettings(BaseModel):
    """Everything that decides which regions are proposed. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    long_side: int = Field(
        640,
        ge=32,
        le=4096,
        description="pixels of the long side at which pictures are cut into regions; "
        "smaller pictures are enlarged at most twice, masks come back at the picture's own size",
    )
    superpixels: int = Field(
        2000, ge=16, le=20000, description="about how many smallest pieces a picture is cut into"
    )
    sources: tuple[Source, ...] = Field(
        ("edge", "colour", "texture", "blob"),
        min_length=1,
        description="where regions come from: pieces merged across weak edges, by colour, by texture; "
        "blobs brighter or darker than their surroundings",
    )
    max_candidates: int = Field(1000, ge=1, le=20000, description="regions kept per picture, best first")
    min_region_px: int = Field(16, ge=1, description="smallest region, in pixels of the picture")
    max_region_frac: float = Field(
        0.9, gt=0, le=1, description="largest region, as a fraction of the picture's area"
    )
    region_duplicate_iou: float = Field(
        0.95, gt=0, le=1, description="overlap (IoU) at which the lesser of two regions is dropped"
    )
