"""The file that ships is the one that the model card speaks of."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

import pytest

from golden import embedded as golden
from lydite.features import EncoderSettings, build_encoder
from lydite.features.weights import EMBEDDED
from support import REPOSITORY

MOST_BYTES, MOST_PARAMETERS = 6_000_000, 3_000_000


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "docs" / "embedded_encoder.toml").read_text(encoding="utf-8"))


def test_hash_and_size(card: dict[str, Any]) -> None:
    content = EMBEDDED.read_bytes()
    assert hashlib.sha256(content).hexdigest() == card["file"]["sha256"]
    assert len(content) == card["file"]["bytes"] <= MOST_BYTES
    assert card["file"]["parameters"] <= MOST_PARAMETERS


def test_fingerprint_of_the_space(card: dict[str, Any]) -> None:
    space = build_encoder(EncoderSettings(encoder="embedded")).space
    assert space.id == card["file"]["space"]
    assert space.weights == card["file"]["sha256"]
    assert space.dim == card["file"]["dim"]


def test_the_golden_numbers_are_of_this_file(card: dict[str, Any]) -> None:
    assert golden.written()["weights"] == card["file"]["sha256"]


def test_the_page_names_the_file(card: dict[str, Any]) -> None:
    page = (REPOSITORY / "docs" / "embedded_encoder.md").read_text(encoding="utf-8")
    assert card["file"]["sha256"] in page
    assert f"{card['file']['parameters']:,}" in page
