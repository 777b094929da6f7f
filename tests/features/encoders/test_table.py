"""Every encoder's file is in the table, and a name finds its builder."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

from lydite.features import encoders
from lydite.features.encoders import ENCODERS, build_encoder
from lydite.features.encoders.descriptor import Descriptor
from lydite.features.encoders.embedded import EmbeddedEncoder
from lydite.features.settings import EncoderSettings


def test_the_table_names_every_file() -> None:
    assert set(ENCODERS) == {module.name for module in pkgutil.iter_modules(encoders.__path__)}


def test_own_encoders_by_name_and_the_default() -> None:
    assert isinstance(build_encoder(EncoderSettings()), EmbeddedEncoder)
    assert isinstance(build_encoder(EncoderSettings(encoder="descriptor")), Descriptor)


def test_any_other_name_goes_to_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def build(settings: EncoderSettings) -> EmbeddedEncoder:
        asked.append(settings.encoder)
        return encoders.embedded.build(EncoderSettings())

    monkeypatch.setattr(encoders, "ENCODERS", {**ENCODERS, "timm": build})
    build_encoder(EncoderSettings(encoder="resnet101"))
    assert asked == ["resnet101"]


def test_the_room_and_the_embedded_encoder_load_no_torch() -> None:
    program = (
        "import sys, lydite.features as f; f.build_encoder(f.EncoderSettings());"
        "f.build_encoder(f.EncoderSettings(encoder='embedded'));"
        "assert not {'torch', 'timm', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"], check=True)
