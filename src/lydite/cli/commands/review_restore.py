"""``lydite review restore``: what lies in quarantine is part of the data again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from lydite.cli.dataset import Actor, Quiet, Reason, actor_of, keep
from lydite.cli.review_source import JOURNAL
from lydite.cli.review_tree import update_tree
from lydite.cli.screen import out
from lydite.core import Act, ItemId, UnknownName, UsageError, Verdict
from lydite.data.dataset import (
    DatasetVersion,
    History,
    forget,
    plan_tree,
    read_batch,
    read_quarantined,
    read_tree,
)
from lydite.data.dataset.quarantine import PICTURES, move_file
from lydite.review import fold, open_journal


def restore(
    workspace: Annotated[Path, typer.Argument(help="folder of the workspace")],
    batch: Annotated[Path, typer.Argument(help="quarantine batch, as lydite review apply names it")],
    item: Annotated[
        list[str] | None, typer.Option(help="only this item, such as images:a/1.jpg; repeatable")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="class of what comes back", show_default="what it was")
    ] = None,
    journal: Annotated[
        str | None,
        typer.Option(help="file or URL of the journal", show_default="review/journal.db of the workspace"),
    ] = None,
    actor: Actor = None,
    reason: Reason = None,
    quiet: Quiet = False,
) -> None:
    """Bring pictures of a quarantine batch back: into the data, into their tree, and for good.

    A verdict that settles the matter is written into the journal, so that the next lydite review apply does
    not put them out again. Makes a version and moves the files back.

    Example: lydite review restore shop/ shop-by-label-quarantine/4f1c-to-9be0/
    """
    page, table = read_batch(batch), read_quarantined(batch)
    for name in item or ():
        if name not in set(table["item"]):
            raise UnknownName("item", name, table["item"])
    if item:
        table = table.filter(pl.col("item").is_in(item))
    history, who = History(workspace), actor_of(actor)
    old, head = history.load(page.before), history.head()
    book = open_journal(journal or workspace / JOURNAL)
    renamed = fold(book.read(), old.class_map.names).renamed
    labels = _labels(table, renamed, label, head)
    book.append([_verdict(batch, name, given, who) for name, given in labels.items()])
    book.close()
    why = reason or f"{len(labels)} back from quarantine"
    after = history.bring_back(*_rows(old, labels, renamed, head), who, why)
    keep(history, head, after)
    tree = Path(page.tree)
    if read_tree(tree) is not None:
        _move_back(after, table, batch, tree)
        update_tree(history, head, after, tree, batch.parent, quiet)
    forget(batch, set(labels))
    out.print(f"restored     {len(labels):,} pictures")


def _labels(
    table: pl.DataFrame, renamed: Mapping[str, str], label: str | None, head: DatasetVersion
) -> dict[str, str]:
    """The class of each item that comes back, under its present name."""
    found = {}
    for item, was in table.select("item", "label").iter_rows():
        now = label or renamed.get(was, was)
        if not now or now not in head.class_map:
            raise UsageError(
                f"{item} cannot come back as it was: {'its class is gone' if now else 'it had no label'}.",
                "Name one with --label.",
                now or None,
            )
        found[item] = now
    return found


def _verdict(batch: Path, item: str, label: str, who: str) -> Verdict:
    """The same call writes the same verdict, which the journal takes once."""
    mark = hashlib.sha256(f"{batch.name}\0{item}\0{label}\0{who}".encode()).hexdigest()[:32]
    return Verdict(
        f"restore-{mark}", Act.RELABEL, who, datetime.now(UTC), ItemId.parse(item), None, label,
        adjudicates=True, queue="quarantine",
    )  # fmt: skip


def _rows(
    old: DatasetVersion, labels: Mapping[str, str], renamed: Mapping[str, str], head: DatasetVersion
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items and regions that come back, under the present names of their classes."""
    items = old.items.filter(pl.col("item").is_in(list(labels)))
    items = items.with_columns(label=pl.col("item").replace_strict(labels, return_dtype=pl.String))
    regions = old.regions.with_columns(pl.col("label").replace(renamed))
    return items, regions.filter(pl.col("label").is_in(head.class_map.names))


def _move_back(after: DatasetVersion, table: pl.DataFrame, batch: Path, tree: Path) -> None:
    """Pictures from the batch to their places in the tree."""
    places = dict(plan_tree(after).select("item", "file").iter_rows())
    for file, item, image in table.select("file", "item", "image").iter_rows():
        source, target = batch / PICTURES / file, tree / places[item]
        if source.is_file() and not target.exists():
            move_file(source, target, image)
