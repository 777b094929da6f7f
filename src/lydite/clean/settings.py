"""How a scan looks: the frozen choices behind its scores."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lydite.features import EncoderSettings


class ScanSettings(BaseModel):
    """Everything that decides the scores of a scan. Unknown keys are refused.

    Args:
        semantic: Whether an encoder looks too.
        encoder: Which one, for outliers and label issues.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    semantic: bool = Field(
        True, description="look for outliers and label issues too, by an encoder's vectors"
    )
    encoder: EncoderSettings = EncoderSettings(encoder="embedded", short_side=224)
