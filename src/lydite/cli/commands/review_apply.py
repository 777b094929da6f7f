"""``lydite review apply``: verdicts become a new version."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.dataset import Actor, Quiet, Reason, actor_of, keep
from lydite.cli.review_source import JOURNAL
from lydite.cli.review_tree import update_tree
from lydite.cli.screen import out
from lydite.data import write_atomic
from lydite.data.dataset import DatasetVersion, History
from lydite.review import fold, open_journal
from lydite.review.apply import OUTCOMES, Applied, apply_state


def apply(
    workspace: Annotated[Path, typer.Argument(help="folder of the workspace that was reviewed")],
    journal: Annotated[
        str | None,
        typer.Option(help="file or URL of the journal", show_default="review/journal.db of the workspace"),
    ] = None,
    until: Annotated[
        int | None, typer.Option(min=0, help="only the first so many acts of the journal")
    ] = None,
    test_too: Annotated[bool, typer.Option("--test-too", help="also change items of the split test")] = False,
    tree: Annotated[
        Path | None,
        typer.Option(
            help="also bring this tree up to date; if it is new, lay it out: split, label, pictures"
        ),
    ] = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            help="folder outside the tree that keeps what leaves it",
            show_default="TREE-quarantine, beside it",
        ),
    ] = None,
    actor: Actor = None,
    reason: Reason = None,
    quiet: Quiet = False,
) -> None:
    """Make a version in which people's decisions hold; the pictures of the workspace stay where they are.

    What was trashed leaves the version, what is disputed has no label until it is settled. Prints decisions
    by class and writes review/applied-VERSION.parquet, .json and a page. In a tree, relabelled pictures move
    to the folder of their label, trashed ones to a quarantine batch; lydite review restore brings them back.

    Example: lydite review apply shop/ --tree shop-by-label/
    """
    history = History(workspace)
    before = history.head()
    book = open_journal(journal or workspace / JOURNAL)
    entries = book.read(until=until)
    book.close()
    state = fold(entries, before.class_map.names)
    why = reason or f"review of {len({e.verdict.reviewer for e in entries})} people, {len(entries)} acts"
    applied = apply_state(before, state, actor_of(actor), why, test_may_change=test_too)
    show_counts(applied)
    keep(history, before, applied.version)
    write_record(workspace, before, applied)
    if tree is not None:
        update_tree(history, before, applied.version, tree, quarantine, quiet)


def write_record(workspace: Path, before: DatasetVersion, applied: Applied) -> None:
    """Decisions of each subject, counts, and the page with pictures, beside the journal."""
    from lydite.reports.review_pages import write_review_page

    stem = workspace / "review" / f"applied-{applied.version.info.short}"
    stem.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    applied.report.write_parquet(content, compression="zstd")
    write_atomic(stem.with_suffix(".parquet"), content.getvalue())
    counts = {row.pop("was"): row for row in applied.counts.to_dicts()}
    write_atomic(stem.with_suffix(".json"), json.dumps(counts, indent=1, ensure_ascii=False))
    page = write_review_page(stem, before, applied)
    out.print(f"decisions    {stem.with_suffix('.parquet')}", markup=False)
    out.print(f"page         {page}", markup=False)


def show_counts(applied: Applied) -> None:
    """Decisions by class."""
    table = Table("class", *OUTCOMES, box=None, pad_edge=False)
    for row in applied.counts.iter_rows():
        table.add_row(row[0] or "(no label)", *(f"{count:,}" for count in row[1:]))
    total = applied.counts.select(OUTCOMES).sum().row(0)
    table.add_row("all", *(f"{count:,}" for count in total))
    out.print(table, markup=False)
    held = applied.report.filter(
        ~applied.report["applied"] & applied.report["outcome"].is_in(["relabel", "trash"])
    )
    if len(held):
        out.print(f"left alone   {len(held):,} decisions on the split test (--test-too applies them)")
