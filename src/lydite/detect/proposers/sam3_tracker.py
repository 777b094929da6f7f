"""The tracker of Segment Anything 3 on single pictures (Carion et al. 2025): points and boxes, no words."""

from __future__ import annotations

from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import AnyProposer
from lydite.detect.segment import Family, build_family

FAMILY = Family(
    name="sam3_tracker",
    model_class="Sam3TrackerModel",
    model_types=("sam3_tracker", "sam3_video"),
    hub="facebook/sam3",
    licence="SAM License",
    since="5.0",
)


def build(settings: DetectSettings) -> AnyProposer:
    """The tracker of Segment Anything 3 asked as the settings say.

    Raises:
        MissingExtra: If the extra ``sam`` is not installed.
        UsageError: If transformers is too old, or the device is absent.
        CheckpointError: If the model cannot be had or does not fit; names the local-file alternative.
    """
    return build_family(FAMILY, settings)
