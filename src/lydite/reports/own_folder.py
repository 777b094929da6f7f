"""A folder that belongs to one kind of result: made, or taken over only from the same kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lydite.core import OutputConflict
from lydite.data import printable
from lydite.data.files import TEMPORARY, os_errors_as_output_errors


def take_folder(folder: Path, marker: str, patterns: Iterable[str]) -> None:
    """Make a folder ready for a new result.

    Args:
        folder: New, empty, or holding an earlier result of the same kind.
        marker: Name of the file that only such a result holds.
        patterns: Which of its files an earlier result may have had more of; they are removed.

    Raises:
        OutputConflict: If the folder holds anything else.
        OutputError: If it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputConflict(f"Output {printable(folder)} is a file.", "Name a folder with --out.")
    mine = (folder / marker).is_file()
    if not mine and folder.exists() and not all(e.name.startswith(TEMPORARY) for e in folder.iterdir()):
        raise OutputConflict(
            f"Output folder {printable(folder)} is not empty and holds no {marker}.",
            "Choose a new or empty folder with --out.",
        )
    with os_errors_as_output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file in [file for pattern in patterns for file in folder.glob(pattern)] if mine else []:
            file.unlink()
