"""``lydite detect diff``: what two runs disagree on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lydite.cli.screen import err, out
from lydite.detect.causes import Cause
from lydite.detect.diff import RunDiff, diff_runs
from lydite.detect.diff_record import OTHER_SPACES, class_rows
from lydite.detect.finished import FinishedRun
from lydite.reports import write_diff
from lydite.reports.words import plural

NAMED = 12
"""How many of a long list are printed; diff.json has them all."""


def diff(
    before: Annotated[Path, typer.Argument(help="folder of the first run")],
    after: Annotated[Path, typer.Argument(help="folder of the second run, over the same pictures")],
    threshold: Annotated[
        float, typer.Option("--iou", help="least mask IoU of one instance in both runs")
    ] = 0.5,
    min_move: Annotated[float, typer.Option(help="least change of a score that counts as moved")] = 0.02,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="folder for the list and pages [default: AFTER/diff]")
    ] = None,
) -> None:
    """Say what appeared, vanished, changed class or moved in score between two runs, and why.

    Prints counts by class; writes diff.json and pages with both runs side by side.

    Example: lydite detect diff strict/ soft/
    """
    result = diff_runs(
        FinishedRun.open(before), FinishedRun.open(after), threshold=threshold, min_move=min_move
    )
    show_diff(result)
    index = write_diff(result, after / "diff" if out_folder is None else out_folder)
    out.print(f"pages        {index}", markup=False)


def show_diff(result: RunDiff) -> None:
    """Causes and counts, small enough to read at a glance."""
    for cause in result.causes[:NAMED]:
        out.print(f"differs  {_describe(cause)}", markup=False)
    if len(result.causes) > NAMED:
        out.print(f"... and {len(result.causes) - NAMED} more (see diff.json)")
    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    for title in ("same", "vanished", "appeared", "left", "joined", "moved"):
        table.add_column(title, justify="right")
    for row in class_rows(result):
        counts = (row.same, row.vanished, row.appeared, row.left, row.joined, row.moved)
        table.add_row(escape(row.name), *("-" if count is None else f"{count:,}" for count in counts))
    out.print(f"{plural(len(result.pairs), 'picture')} compared, {plural(len(result.changes), 'change')}")
    out.print(table)
    if not result.one_space:
        err.print(f"note: {OTHER_SPACES}")
    for items, what in (
        (result.only_before, "only in the first run, left out"),
        (result.only_after, "only in the second run, left out"),
        (result.resized, "of another size in the second run, left out"),
        (result.altered, "compared although the content differs"),
    ):
        if items:
            err.print(f"note: {plural(len(items), 'picture')} {what}: {', '.join(items[:3])}", markup=False)


def _describe(cause: Cause) -> str:
    if cause.kind in {"class", "exemplar"}:
        state = "only after" if cause.before is None else "only before" if cause.after is None else "changed"
        return f"{cause.kind} {cause.name}: {state}"
    return f"{cause.kind} {cause.name}: {cause.before} before, {cause.after} after"
