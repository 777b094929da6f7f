"""The encoder that ships: a small network of our own, run by ONNX Runtime, without torch or a download.

How it was made and what it was measured to be worth is told in ``docs/embedded_encoder.md``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lydite.core import CheckpointError, FeatureMap, FeatureSpace, InvalidValue
from lydite.features.geometry import input_hw, resize
from lydite.features.pooling import POOLING
from lydite.features.settings import EncoderSettings
from lydite.features.weights import EMBEDDED

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MULTIPLE = 32
"""What both sides of an input must divide by."""
STRIDE = 8
"""Input pixels per cell of the map along each axis."""
LEVEL, UNIT = 127.0, 127.5
"""Pixels become ``(value - LEVEL) / UNIT``."""


@dataclass(frozen=True, eq=False)
class EmbeddedEncoder:
    """The network and the scale at which it looks.

    Args:
        space: The space of every map.
        short_side: Pixels of the short side at which pictures are looked at.
        session: The loaded network; may be used by several threads at once.
    """

    space: FeatureSpace
    short_side: int
    session: InferenceSession

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The dense map of a picture: one cell for each 8 x 8 pixels of the input.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.

        Raises:
            InvalidValue: If ``pixels`` is anything else.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape or pixels.dtype != np.uint8:
            raise InvalidValue(
                "pixels", "uint8 of shape (height, width, 3)", f"{pixels.dtype} {pixels.shape}"
            )
        size_hw = (pixels.shape[0], pixels.shape[1])
        looked_hw = input_hw(size_hw, self.short_side, MULTIPLE)
        planes = resize(pixels, looked_hw).transpose(2, 0, 1)[None].astype(np.float32)
        planes -= np.float32(LEVEL)
        planes *= np.float32(1 / UNIT)
        (output,) = self.session.run(None, {"pixels": planes})
        cells = np.ascontiguousarray(np.asarray(output, np.float32)[0].transpose(1, 2, 0))
        return FeatureMap(cells, size_hw, self.space, looked_hw)

    def smaller(self, divisor: int) -> EmbeddedEncoder:
        """The same encoder looking at pictures at a share of the size; see ``Encoder.smaller``."""
        return replace(self, short_side=max(MULTIPLE, self.short_side // divisor))


def build(settings: EncoderSettings) -> EmbeddedEncoder:
    """The embedded encoder at the chosen scale.

    Raises:
        UsageError: If an option is set that belongs to the networks of timm.
        CheckpointError: If the file of the package is not there or damaged.
    """
    settings.refuse_foreign("The embedded encoder is one fixed network on the CPU")
    session, digest = _load()
    space = FeatureSpace(
        encoder="embedded",
        weights=digest,
        layer="last",
        normalisation="final-norm",
        colour_order="RGB",
        mean=(LEVEL / 255,) * 3,
        std=(UNIT / 255,) * 3,
        pooling=POOLING,
        dim=int(session.get_outputs()[0].shape[1]),
    )
    return EmbeddedEncoder(space, settings.short_side, session)


@lru_cache(maxsize=1)
def _load() -> tuple[InferenceSession, str]:
    """The session and the SHA-256 of the file; loaded once in a process.

    Threads of the session sleep between pictures: spinning ones would take the cores from the stages
    that follow.
    """
    import onnxruntime

    try:
        content = EMBEDDED.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"The embedded encoder cannot be read: {error.strerror}.",
            "Install the package again.",
            EMBEDDED.name,
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no common root
        raise CheckpointError(
            "The embedded encoder's file is damaged: ONNX Runtime cannot read it.",
            "Install the package again.",
            EMBEDDED.name,
        ) from error
    return session, hashlib.sha256(content).hexdigest()
