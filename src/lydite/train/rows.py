"""The rows of a run as a table of its folder, for whoever reads its predictions later."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lydite.core import InputError, ItemId, UsageError
from lydite.data import printable
from lydite.train.lineage import ITEMS, is_run
from lydite.train.plan import NEVER, Plan
from lydite.train.spec import RunSpec
from lydite.train.tasks import UNLABELLED, Task


def changed_items(folder: Path, spec: RunSpec) -> str:
    """Which items differ from those that a run began with, in words."""
    columns = ["item", "image", "label", "group", "split"]
    try:
        before = pl.read_parquet(folder / ITEMS).select(columns)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{printable(folder / ITEMS)} cannot be read: {error}.", "Choose another --out."
        ) from error
    rows = set(before.rows()) ^ set(items_frame(spec.task, spec.plan).select(columns).rows())
    items = sorted({str(row[0]) for row in rows})
    return f"{len(items)} items have changed, first {items[0]}." if items else "The classes have changed."


def items_frame(task: Task, plan: Plan) -> pl.DataFrame:
    """The table ``items.parquet``: row, item, image, label, group, split, fold, path."""
    names = [None if label == UNLABELLED else task.classes[label] for label in task.labels.tolist()]
    return pl.DataFrame(
        {
            "item": [str(item) for item in task.items],
            "image": [str(picture) for picture in task.pictures],
            "label": names,
            "group": list(task.groups),
            "split": list(task.splits),
            "fold": [None if fold == NEVER else fold for fold in plan.held_out.tolist()],
            "path": list(task.paths),
        },
        schema={
            "item": pl.String,
            "image": pl.String,
            "label": pl.String,
            "group": pl.String,
            "split": pl.String,
            "fold": pl.Int16,
            "path": pl.String,
        },
    )


def load_items(folder: Path) -> pl.DataFrame:
    """The items of a run: item, image, label (null if none), group, split, fold (null: never), path.

    ``fold`` is -1 for rows that every model learned from.

    Raises:
        InputError: If the folder holds no run.
    """
    try:
        return pl.read_parquet(folder / ITEMS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{printable(folder)} holds no run: {ITEMS}: {error}.", "Name a folder of runs/."
        ) from error


def labels_of(table: pl.DataFrame) -> dict[ItemId, str]:
    """Item -> label of the rows of ``load_items`` that have one."""
    rows = table.filter(pl.col("label").is_not_null()).select("item", "label").iter_rows()
    return {ItemId.parse(item): label for item, label in rows}


def find_run(root: Path, named: str) -> Path:
    """The folder of a run by its path, or below ``root`` by the first digits of its id.

    Raises:
        UsageError: If there is none, or more than one.
    """
    path = Path(named)
    if is_run(path):
        return path
    found = sorted(folder for folder in root.glob(f"{named}*") if is_run(folder))
    if len(found) != 1:
        known = ", ".join(folder.name for folder in (found or sorted(root.glob("*")))[:8])
        raise UsageError(
            f"{len(found) or 'No'} runs of {printable(root)} are named {named!r}.",
            f"There are: {known}.",
            named,
        )
    return found[0]
