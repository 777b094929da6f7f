"""EdgeTAM on single pictures (Zhou et al. 2025): SAM 2's decoder behind a small encoder."""

from __future__ import annotations

from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import AnyProposer
from lydite.detect.segment import Family, build_family

FAMILY = Family(
    name="edgetam",
    model_class="EdgeTamModel",
    model_types=("edgetam", "edgetam_video"),
    hub="yonigozlan/EdgeTAM-hf",
    licence="Apache-2.0",
    since="4.57",
)


def build(settings: DetectSettings) -> AnyProposer:
    """EdgeTAM asked as the settings say.

    Raises:
        MissingExtra: If the extra ``sam`` is not installed.
        UsageError: If transformers is too old, or the device is absent.
        CheckpointError: If the model cannot be had or does not fit; names the local-file alternative.
    """
    return build_family(FAMILY, settings)
