"""A log of one JSON object a line, to which lines are only added; a torn last line is no line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lydite.data.files import os_errors_as_output_errors


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Add a record.

    Raises:
        OutputError: If it cannot be written.
    """
    with os_errors_as_output_errors(path), path.open("ab") as file:
        file.write(json.dumps(record).encode() + b"\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole record; none where there is no file."""
    if not path.is_file():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def drop_torn_line(path: Path) -> None:
    """Cut off what a killed process left of a line, so that the next one stands alone.

    Raises:
        OutputError: If it cannot be cut.
    """
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content.rpartition(b"\n")
    if whole[2]:
        with os_errors_as_output_errors(path), path.open("r+b") as file:
            file.truncate(len(content) - len(whole[2]))
