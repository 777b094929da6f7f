"""Who takes part: encoders by name, each with every layer at which its maps may be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detect import encoders as known_encoders
from lydite.core import UnknownName
from lydite.features import Encoder, EncoderSettings, build_encoder
from lydite.features.encoders.timm import TimmEncoder

LEAST_STRIDE = 8
"""Stages of a network with finer cells than this see too little to be worth the time."""


@dataclass(frozen=True)
class Contender:
    """One encoder of the table.

    Args:
        name: As given on the command line.
        settings: Everything but layer and scale.
        layers: Where its maps are taken, one after the other.
    """

    name: str
    settings: EncoderSettings
    layers: tuple[str, ...]

    def at(self, short_side: int) -> dict[str, Encoder]:
        """Its encoders by layer, looking at one scale."""
        return {
            layer: build_encoder(self.settings.model_copy(update={"layer": layer, "short_side": short_side}))
            for layer in self.layers
        }


def build_contender(text: str, only_layers: Sequence[str] | None) -> Contender:
    """An encoder by ``embedded``, ``teacher``, or timm's name, the last with ``=checkpoint`` if local.

    Args:
        text: The name.
        only_layers: Of all its layers, these; all if ``None`` and for ``embedded``, which has one.

    Raises:
        UnknownName: If the network has none of the layers.
    """
    settings = EncoderSettings.model_validate(_options(text))
    encoder = build_encoder(settings)
    if not isinstance(encoder, TimmEncoder):
        return Contender(text, settings, (settings.layer,))
    every = ("last", *_stages(encoder.model))
    layers = tuple(layer for layer in every if only_layers is None or layer in only_layers)
    if not layers:
        raise UnknownName("layer", ", ".join(only_layers or ()), every)
    return Contender(text.partition("=")[0], settings, layers)


def _options(text: str) -> Mapping[str, object]:
    if text in {"descriptor", "embedded"}:
        return {"encoder": text}
    if text == "teacher":
        return dict(known_encoders(["mobilenetv2"]))["mobilenetv2"]
    name, _, checkpoint = text.partition("=")
    return {"encoder": name, "checkpoint": checkpoint or None}


def _stages(model: Any) -> list[str]:
    """Names of the stages with cells of ``LEAST_STRIDE`` pixels or more."""
    info = model.feature_info
    table = info if isinstance(info, list | tuple) else info.get_dicts()
    return [str(stage["module"]) for stage in table if int(stage["reduction"]) >= LEAST_STRIDE]
