"""Weights that ship inside the package; how they were made: ``docs/embedded_encoder.md``."""

from __future__ import annotations

from pathlib import Path

EMBEDDED = Path(__file__).with_name("embedded.onnx")
"""The embedded encoder: the one source of its weights, in float16."""
