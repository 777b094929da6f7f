"""Folders of pictures, and annotations in any format of ``lydite.data.formats``."""

from __future__ import annotations

from pathlib import Path

from lydite.data.dataset import Intake, Wanted, read_source


def read_annotated(given: str, wanted: Wanted) -> Intake:
    """Read a path as ``wanted.format``, or as what it looks like.

    Raises:
        UsageError: If there is no such thing, or nothing says what it is.
        AnnotationError: If a file of annotations cannot be used at all.
    """
    return read_source(Path(given), wanted)
