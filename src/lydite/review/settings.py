"""How a review is held."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReviewSettings(BaseModel):
    """Everything about a pass that is a choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    round: str = Field(
        "1", min_length=1, max_length=200, description="name of the pass; a new one shows all again"
    )
    overlap: float = Field(0.1, ge=0, le=1, description="share of pictures that every reviewer sees")
    audit_every: int = Field(
        4, ge=0, description="in ranked queues every so many pictures one is drawn at random; 0: never"
    )
    stop_share: float = Field(
        0.01, gt=0, lt=1, description="say stop when errors left are surely at most this share of all"
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="confidence of the interval of errors left")
    seed: int = Field(0, ge=0, description="of the random slice and the overlap")
