"""The page about formats speaks of every one, and its commands are real."""

from __future__ import annotations

import re

import pytest

from cli.support_cli import lydite
from lydite.cli.commands.detect_export import FORMATS
from lydite.data.deposit import MANIFEST
from lydite.detect.provenance import PROVENANCE
from support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_table_has_a_row_for_every_format_in_order() -> None:
    rows = re.findall(r"^\| `([a-z][a-z-]*)` \| ", PAGE, re.MULTILINE)
    assert rows[: len(FORMATS)] == list(FORMATS)


def test_the_files_are_named() -> None:
    assert f"`{MANIFEST}`" in PAGE
    assert f"`{PROVENANCE}`" in PAGE


@pytest.mark.parametrize("line", re.findall(r"^    lydite (detect export .*)$", PAGE, re.MULTILINE))
def test_the_example_gets_as_far_as_the_missing_run(line: str) -> None:
    outcome = lydite(*line.split())
    assert outcome.code == 2
    assert "holds no run" in outcome.err
