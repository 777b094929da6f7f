"""Pictures that show the same, as a scan of ``lydite clean`` found them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl

from lydite.core import ImageId, InputError
from lydite.data import printable
from lydite.train.tasks import Task

PAIRS = "pairs.parquet"


def read_twins(scan: Path, task: Task) -> tuple[tuple[ImageId, ...], ...]:
    """Pairs of pictures of a task that a scan calls twins.

    Args:
        scan: Folder of a finished scan.
        task: Whose pictures.

    Raises:
        InputError: If the folder holds no finished scan.
    """
    try:
        table = pl.read_parquet(BytesIO((scan / PAIRS).read_bytes())).select("left", "right")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{printable(scan)} holds no finished scan: {PAIRS}: {error}.", "Run 'lydite clean scan' first."
        ) from error
    pictures = {str(item): picture for item, picture in zip(task.items, task.pictures, strict=True)}
    pairs = [(pictures.get(left), pictures.get(right)) for left, right in table.iter_rows()]
    found = {tuple(sorted((one, other))) for one, other in pairs if one and other and one != other}
    return tuple(sorted(found))
