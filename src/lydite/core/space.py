"""The fingerprint of a feature space: equality decides whether two vectors may meet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields

from lydite.core.errors import InvalidValue, SpaceMismatch

_ID_HEX = 16


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """What two vectors must share to be comparable.

    The scale at which a picture was looked at is recorded beside a vector, not here: a network sees
    one space at several scales.

    Args:
        encoder: Name of the encoder, for example ``"vit_small_patch16_dinov3"``.
        weights: SHA-256 (hex) of the weights, or of the defining constants of a hand-made encoder.
        layer: Where the map is taken, for example ``"last"`` or ``"layer3"``.
        normalisation: What the encoder did to each cell, for example ``"final-norm"`` or ``"none"``.
        colour_order: ``"RGB"`` or ``"BGR"``.
        mean: Per channel, on the [0, 1] scale of pixel values.
        std: Per channel, on the same scale.
        pooling: Rule from a map to a vector, for example ``"coverage-mean, L2"``.
        dim: Length of a vector.

    Raises:
        InvalidValue: If a text is empty or ``dim`` is not positive.
    """

    encoder: str
    weights: str
    layer: str
    normalisation: str
    colour_order: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pooling: str
    dim: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(v) for v in self.mean))
        object.__setattr__(self, "std", tuple(float(v) for v in self.std))
        object.__setattr__(self, "dim", int(self.dim))
        for field in fields(self):
            if getattr(self, field.name) == "":
                raise InvalidValue(f"FeatureSpace.{field.name}", "a non-empty text", "")
        if self.dim <= 0:
            raise InvalidValue("FeatureSpace.dim", "positive", self.dim)

    @property
    def id(self) -> str:
        """16 hexadecimal digits, in every cache path."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_HEX]

    def differences(self, other: FeatureSpace) -> tuple[str, ...]:
        """One text for each field that differs: ``"field: left != right"``."""
        return tuple(
            f"{field.name}: {getattr(self, field.name)!r} != {getattr(other, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        )

    def require_same(self, other: FeatureSpace) -> None:
        """Pass if the spaces are equal.

        Raises:
            SpaceMismatch: Otherwise; names every field that differs.
        """
        differences = self.differences(other)
        if differences:
            raise SpaceMismatch(differences)
