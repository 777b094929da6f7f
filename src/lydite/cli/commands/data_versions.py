"""``lydite data log``, ``show``, ``diff``, ``restore`` and the changes of classes."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.table import Table

from lydite.cli.dataset import (
    HERE,
    Actor,
    Reason,
    Version,
    Workspace,
    actor_of,
    keep,
    show_changes,
    show_info,
)
from lydite.cli.screen import out
from lydite.core import UnknownName, UsageError
from lydite.data.dataset import Changes, History, merge_classes, rename_class
from lydite.data.dataset import diff as compare


def log(
    count: Annotated[int | None, typer.Option("--last", min=1, help="only so many")] = None,
    version: Version = "HEAD",
    workspace: Workspace = HERE,
) -> None:
    """List a version and those before it, newest first: when, how much, who, why.

    Example: lydite data log --last 5
    """
    for info in islice(History(workspace).log(version), count):
        show_info(info)


def show(
    version: Annotated[str, typer.Argument(help="HEAD, HEAD~1, or the first digits of an id")] = "HEAD",
    workspace: Workspace = HERE,
) -> None:
    """Describe a version: where it comes from, and what of each class and split it holds.

    Example: lydite data show HEAD~1
    """
    history = History(workspace)
    chosen = history.load(version)
    info = chosen.info
    show_info(info)
    for name, value in (("id", info.id), ("parent", info.parent), ("labels", info.labels)):
        out.print(f"{name:<12} {value or 'none'}", markup=False)
    for source, root in info.roots.items():
        out.print(f"{'source':<12} {source}: {root}", markup=False)
    items, regions = chosen.items, chosen.regions
    splits = sorted(items["split"].fill_null("no split").unique())
    table = Table("class", *splits, "items", "regions", box=None, pad_edge=False)
    counted = items.group_by(pl.col("label").fill_null(""), pl.col("split").fill_null("no split")).len()
    counts = {(label, split): count for label, split, count in counted.iter_rows()}
    boxes = dict(regions.group_by("label").len().iter_rows())
    for label in (*chosen.class_map, ""):
        row = [counts.get((label, split), 0) for split in splits]
        if label or any(row):
            found = boxes.get(label, 0)
            table.add_row(label or "no label", *map(_number, (*row, sum(row), found)))
    out.print(table, markup=False)
    facts = {
        "pictures": f"{items['image'].drop_nulls().n_unique():,} different",
        "unreadable": f"{items['image'].null_count():,} items",
        "groups": f"{items['group'].drop_nulls().n_unique():,}",
        "exhaustive": f"{items['exhaustive'].sum():,} items",
    }
    for name, value in facts.items():
        out.print(f"{name:<12} {value}")


def diff(
    first: Annotated[str, typer.Argument(help="HEAD~1, or the first digits of an id")] = "HEAD~1",
    second: Annotated[str, typer.Argument(help="HEAD, or the first digits of an id")] = "HEAD",
    rows: Annotated[int, typer.Option("--rows", min=0, help="rows to list of each kind of change")] = 5,
    workspace: Workspace = HERE,
) -> None:
    """Say what differs between two versions: items and regions added, removed, relabelled, and so on.

    Example: lydite data diff HEAD~1 HEAD --rows 20
    """
    history = History(workspace)
    changes = compare(history.load(first), history.load(second))
    if changes.empty:
        out.print("nothing differs")
        return
    show_changes(changes)
    for part in (changes.items, changes.regions):
        _list_rows(part, rows)


def restore(
    version: Annotated[str, typer.Argument(help="HEAD~1, or the first digits of an id")],
    workspace: Workspace = HERE,
    actor: Actor = None,
    reason: Reason = None,
) -> None:
    """Bring back an earlier version, as a new one: nothing in between is lost.

    Example: lydite data restore HEAD~1 --reason "the relabelling was wrong"
    """
    history = History(workspace)
    why = reason or f"restore {history.load(version).info.short}"
    keep(history, history.head(), history.restore(version, actor_of(actor), why))


def rename(
    old: Annotated[str, typer.Argument(help="class as it is called")],
    new: Annotated[str, typer.Argument(help="class as it will be called")],
    workspace: Workspace = HERE,
    actor: Actor = None,
    reason: Reason = None,
) -> None:
    """Give a class another name, as a new version.

    Example: lydite data rename-class aple apple
    """
    history = History(workspace)
    head = history.head()
    keep(history, head, rename_class(head, old, new, actor_of(actor), reason))


def merge(
    olds: Annotated[list[str], typer.Argument(help="classes that end")],
    into: Annotated[
        str, typer.Option("--into", help="what they become: a class that is there, or a new one")
    ],
    workspace: Workspace = HERE,
    actor: Actor = None,
    reason: Reason = None,
) -> None:
    """Make several classes one, as a new version.

    Example: lydite data merge-classes gala fuji --into apple
    """
    history = History(workspace)
    head = history.head()
    keep(history, head, merge_classes(head, olds, into, actor_of(actor), reason))


def relocate(
    source: Annotated[str, typer.Argument(help="name of the source")],
    folder: Annotated[Path, typer.Argument(help="where its pictures lie now")],
    workspace: Workspace = HERE,
    actor: Actor = None,
    reason: Reason = None,
) -> None:
    """Say that the pictures of a source have moved, as a new version.

    Example: lydite data relocate photos /disk2/photos
    """
    history = History(workspace)
    head = history.head()
    if source not in head.info.roots:
        raise UnknownName("source", source, head.info.roots)
    root = folder.expanduser().absolute()
    if not root.is_dir():
        raise UsageError(f"There is no folder {root}.", "Name the folder that holds the pictures now.")
    said = reason or f"pictures of {source} are in {root}"
    keep(history, head, head.change(actor_of(actor), said, roots={**head.info.roots, source: str(root)}))


def _list_rows(part: Changes, rows: int) -> None:
    for kind, count in part.counts.items() if rows else ():
        if kind in {"added", "removed"}:
            found = (part.added if kind == "added" else part.removed).select(part.key)
        else:
            found = part.changed(kind)
        out.print(f"\n{part.key}s {kind}")
        for key, *values in found.head(rows).iter_rows():
            pairs = zip(values[::2], values[1::2], strict=True)
            told = ", ".join(f"{_text(old)} -> {_text(new)}" for old, new in pairs if old != new)
            out.print(f"  {key}{': ' if told else ''}{told}", markup=False)
        if count > rows:
            out.print(f"  and {count - rows:,} more")


def _text(value: object) -> str:
    if isinstance(value, list):
        return "{" + ", ".join(f"{pair['name']}={pair['value']}" for pair in value) + "}"
    if isinstance(value, float):
        return f"{value:g}"
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}…"


def _number(count: int) -> str:
    return f"{count:,}" if count else "-"
