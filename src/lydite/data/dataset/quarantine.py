"""What left a tree, kept outside it: a batch of pictures with a table that says what they were."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from lydite.core import InputError, OutputConflict
from lydite.data.dataset.clone import Means, clone_file, digest_file
from lydite.data.dataset.validate import Fault
from lydite.data.files import os_errors_as_output_errors, write_atomic
from lydite.data.names import printable

PAGE = "lydite-batch.json"
TABLE = "items.csv"
PICTURES = "pictures"
MOVING = "moving"


class Batch(BaseModel):
    """What ``lydite-batch.json`` of a quarantine batch says.

    Args:
        tree: The tree that the pictures lay in.
        before: Id of the version that had them.
        after: Id of the version that has them no more.
        staged: Whether every file that leaves its place has left it.
        complete: Whether every file is where it belongs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tree: str
    before: str
    after: str
    staged: bool = False
    complete: bool = False


def read_batch(folder: Path) -> Batch:
    """What the page of a batch says.

    Raises:
        InputError: If the folder is none.
    """
    try:
        return Batch.model_validate_json((folder / PAGE).read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{printable(folder)} is no quarantine batch.", "Name a folder with one.") from error


def write_batch(folder: Path, batch: Batch) -> None:
    """Write the page of a batch, and its folder if it is not there."""
    with os_errors_as_output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / PAGE, batch.model_dump_json() + "\n")


def read_quarantined(folder: Path) -> pl.DataFrame:
    """The items of a batch: columns as in ``plan_tree``; ``file`` is relative to ``pictures/``.

    Raises:
        InputError: If the table cannot be read.
    """
    try:
        return pl.read_csv(folder / TABLE, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{printable(folder / TABLE)} cannot be read.", "Restore a copy.") from error


def check_batch(folder: Path) -> list[Fault]:
    """Whether every picture of a batch is there with the bytes that it had."""
    faults = []
    for file, item, image in read_quarantined(folder).select("file", "item", "image").iter_rows():
        path = folder / PICTURES / file
        if image and not path.is_file():
            faults.append(Fault("missing", item, f"is not in {printable(folder)} as {file}"))
        elif image and digest_file(path) != image:
            faults.append(Fault("changed", item, f"is in {printable(folder)} as {file} with other bytes"))
    return faults


def forget(folder: Path, items: set[str]) -> None:
    """Take items off the table of a batch; a batch without items goes altogether."""
    left = read_quarantined(folder).filter(~pl.col("item").is_in(items))
    if len(left):
        write_atomic(folder / TABLE, left.write_csv())
    else:
        drop(folder)


def drop(folder: Path) -> None:
    """Remove a batch that holds no picture; one that does stays."""
    pictures = folder / PICTURES
    if any(path.is_file() for path in pictures.rglob("*")):
        return
    with os_errors_as_output_errors(folder):
        for part in (pictures, folder / MOVING):
            shutil.rmtree(part, ignore_errors=True)
        for name in (TABLE, PAGE):
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def move_file(source: Path, target: Path, digest: str) -> None:
    """Move a file to a place that is free, also to another disk.

    Raises:
        OutputConflict: If something is there.
        OutputError: If it cannot be moved.
    """
    with os_errors_as_output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            raise OutputConflict(
                f"{printable(target)} is in the way.", "Move it away; the same command goes on."
            )
        if source.stat().st_dev == target.parent.stat().st_dev:
            source.rename(target)
            return
        if clone_file(source, target, digest, Means.COPY):
            source.unlink()
