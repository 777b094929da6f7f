"""The data that a person names: a workspace, or a folder whose sub-folders are named after classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from lydite.core import UsageError
from lydite.data import printable
from lydite.data.dataset import (
    DatasetVersion,
    History,
    Wanted,
    read_pictures,
    read_source,
)
from lydite.data.dataset import Watch as PictureWatch
from lydite.data.dataset.pictures import Seen


def open_version(
    path: Path,
    name: str = "HEAD",
    layout: str | None = None,
    watch: PictureWatch[Seen] | None = None,
    tell: Callable[[pl.DataFrame], None] | None = None,
) -> DatasetVersion:
    """A version of a workspace, or what lies in a folder as a version that is kept nowhere.

    Args:
        path: A workspace, or pictures or annotations as ``lydite data import`` takes them.
        name: Which version of a workspace.
        layout: What each level of folders names, see ``read_folders``.
        watch: Shows progress over pictures that are looked at.
        tell: Hears the report on what lies in a folder: what was taken, defaulted, refused.

    Raises:
        UsageError: If there is no such folder, or a layout is given for a workspace.
        InputError: If it cannot be read.
    """
    path = Path(path)
    if (path / "data" / "HEAD").is_file():
        if layout is not None:
            raise UsageError("A workspace knows its labels.", "Leave out --layout.", layout)
        return History(path).load(name)
    if not path.exists():
        raise UsageError(f"There is no folder {printable(path)}.", "Check the name.")
    source = path.absolute().name.replace(":", "_") or "pictures"
    intake = read_pictures(read_source(path, Wanted(source=source, layout=layout)), watch=watch)
    if tell is not None:
        tell(intake.report)
    return DatasetVersion.begin(intake, "lydite train", f"read from {printable(path)}")
