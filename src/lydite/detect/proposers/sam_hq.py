"""Segment Anything in high quality (Ke et al. 2023): the same prompts, finer outlines."""

from __future__ import annotations

from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import AnyProposer
from lydite.detect.segment import Family, build_family

FAMILY = Family(
    name="sam_hq",
    model_class="SamHQModel",
    model_types=("sam_hq",),
    hub="syscv-community/sam-hq-vit-base",
    licence="Apache-2.0",
    since="4.56",
)


def build(settings: DetectSettings) -> AnyProposer:
    """SAM-HQ asked as the settings say.

    Raises:
        MissingExtra: If the extra ``sam`` is not installed.
        UsageError: If transformers is too old, or the device is absent.
        CheckpointError: If the model cannot be had or does not fit; names the local-file alternative.
    """
    return build_family(FAMILY, settings)
