"""The encoders: one file each, one line in the table."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from lydite.features.encoder import Encoder
from lydite.features.encoders import descriptor, embedded
from lydite.features.rules import NEAREST, PoolingRule, Repooled, topk_name
from lydite.features.settings import EncoderSettings


def _build_timm(settings: EncoderSettings) -> Encoder:
    # Imported on demand: torch is an optional part of the installation.
    from lydite.features.encoders import timm

    return timm.build(settings)


ENCODERS: MappingProxyType[str, Callable[[EncoderSettings], Encoder]] = MappingProxyType(
    {
        "descriptor": descriptor.build,
        "embedded": embedded.build,
        "timm": _build_timm,
    }
)
"""File name of each encoder -> its builder."""


def require_encoder(name: str) -> None:
    """Pass if there is such an encoder; nothing is loaded.

    Raises:
        MissingExtra: If it needs a part that is not installed.
        UnknownName: If there is none; the nearest are suggested.
    """
    if name not in ENCODERS:
        from lydite.features.encoders import timm

        timm.require_known(name)


def build_encoder(settings: EncoderSettings) -> Encoder:
    """The encoder of the settings: one of Lydite's own by its name, or else any model that timm knows.

    Raises:
        UsageError: If the encoder cannot honour an option, or needs a part that is not installed.
    """
    encoder = ENCODERS.get(settings.encoder, ENCODERS["timm"])(settings)
    match settings.pooling:
        case PoolingRule.COVERAGE:
            return encoder
        case PoolingRule.NEAREST:
            return Repooled(encoder, NEAREST)
        case PoolingRule.TOPK:
            return Repooled(encoder, topk_name(settings.pool_topk))
