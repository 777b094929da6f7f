"""What a person sees in the terminal while long work goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def progress(work: Iterable[T], total: int | None, title: str, quiet: bool) -> Iterator[T]:
    """Pass items through, with a bar, the time spent and the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=quiet, transient=False) as bar:
        task = bar.add_task(title, total=total)
        for item in work:
            yield item
            bar.advance(task)


def show_summary(summary: dict[str, Any]) -> None:
    """The numbers of a run, small enough to read at a glance."""
    funnel = summary["funnel"]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row(
        "pictures", f"{summary['done']} done, {len(summary['failed'])} failed, {summary['empty']} empty"
    )
    steps = ("proposed", "filtered", "refused", "suppressed", "accepted")
    table.add_row("candidates", ", ".join(f"{funnel.get(step, 0):,} {step}" for step in steps))
    mended = [f"{funnel[step]:,} {step}" for step in ("cleaned", "merged") if funnel.get(step)]
    if mended:
        table.add_row("masks", ", ".join(mended))
    for name, count in sorted(summary["instances_by_class"].items(), key=lambda pair: -pair[1]):
        table.add_row("  " + name, f"{count:,}")
    out.print(table)
    for failure in summary["failed"][:10]:
        err.print(f"[red]failed[/] {escape(failure['error'])}")
    if len(summary["failed"]) > 10:
        err.print(f"... and {len(summary['failed']) - 10} more (see summary.json)")
