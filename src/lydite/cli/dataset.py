"""What the commands on versions of a dataset share: their options, and how changes are told."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.screen import out
from lydite.data.dataset import DatasetVersion, History, VersionDiff, VersionInfo, diff

Workspace = Annotated[Path, typer.Option("--workspace", help="folder of the workspace")]
Version = Annotated[str, typer.Option("--version", help="HEAD, HEAD~1, or the first digits of an id")]
Actor = Annotated[
    str | None, typer.Option("--actor", help="who makes the change", show_default="the name of your account")
]
Reason = Annotated[str | None, typer.Option("--reason", help="why", show_default="what the command does")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress, only results")]

HERE = Path()


def actor_of(given: str | None) -> str:
    """Who makes a change: as given, or the name of the account."""
    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return "unknown"


def keep(history: History, before: DatasetVersion, after: DatasetVersion) -> None:
    """Keep a change and tell what it did; a change that changes nothing makes no version."""
    changes = diff(before, after)
    if changes.empty:
        out.print(f"nothing changed, still version {before.info.short}")
        return
    folder = history.commit(after)
    show_changes(changes)
    out.print(f"version      {folder.name}", markup=False)


def show_changes(changes: VersionDiff) -> None:
    """How many rows changed in which way."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, part in (("items", changes.items), ("regions", changes.regions)):
        for kind, count in part.counts.items():
            table.add_row(name, f"{count:,}", kind)
    one, other = (set(classes) for classes in changes.classes)
    for kind, names in (("added", other - one), ("removed", one - other)):
        if names:
            table.add_row("classes", str(len(names)), f"{kind}: {', '.join(sorted(names))}")
    for source in sorted({*changes.roots[0], *changes.roots[1]}):
        old, new = (roots.get(source) for roots in changes.roots)
        if old != new:
            table.add_row("source", source, f"{old or 'new'} -> {new or 'gone'}")
    if table.row_count:
        out.print(table, markup=False)


def show_info(info: VersionInfo) -> None:
    """A version in one line: id, time, size, who, why."""
    size = f"{info.items:,} items, {info.regions:,} regions, {len(info.classes)} classes"
    when = info.created.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    out.print(f"{info.short}  {when}  {size}  {info.actor}: {info.reason}", markup=False)
