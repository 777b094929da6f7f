"""``lydite clean``: findings to policy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lydite.clean import (
    FinishedScan,
    Scan,
    ScanSettings,
    cleaned_version,
    load_policy,
    summarise,
    write_decisions,
)
from lydite.cli.dataset import HERE, Actor, Quiet, Reason, Version, Workspace, actor_of, keep
from lydite.cli.options import with_settings
from lydite.cli.screen import err, out, progress
from lydite.core import EXIT_FAILED, UsageError
from lydite.data.dataset import History
from lydite.engines import build_engine
from lydite.features import EncoderSettings
from lydite.reports import write_clean_pages

app = typer.Typer(
    help="Find what is wrong with pictures and labels, and decide by a policy what stays.",
    no_args_is_help=True,
)
_DEFAULT = ScanSettings().encoder


@app.callback()
def group() -> None:
    """Find what is wrong with pictures and labels, and decide by a policy what stays."""


@app.command("scan")
@with_settings({"encoder": EncoderSettings})
def scan(
    given: dict[str, Any],
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="folder of the scan", show_default="WORKSPACE/clean/VERSION"),
    ] = None,
    semantic: Annotated[
        bool, typer.Option(help="look for outliers and label issues too, by an encoder's vectors")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="processes that look at pictures")] = 1,
    cache: Annotated[
        Path | None,
        typer.Option(help="folder that keeps vectors between scans", show_default="WORKSPACE/cache"),
    ] = None,
    pages: Annotated[bool, typer.Option(help="write the contact sheets")] = True,
    version: Version = "HEAD",
    workspace: Workspace = HERE,
    quiet: Quiet = False,
) -> None:
    """Look at every picture once and score it by every check; nothing is decided or changed.

    Vectors come from the embedded encoder at 224 pixels unless other options say so. The same command again
    goes on where it stopped.

    Example: lydite clean scan --workspace fruit --workers 2
    """
    chosen = History(workspace).load(version)
    folder = out_folder or workspace / "clean" / chosen.info.short
    encoder = EncoderSettings.model_validate({**_DEFAULT.model_dump(exclude_defaults=True), **given})
    settings = ScanSettings(semantic=semantic, encoder=encoder)
    work = Scan(folder, chosen.items, chosen.picture_paths(), settings, chosen.id)
    try:
        for _ in progress(
            _each(work, workers, cache or workspace / "cache"), len(work.items), "looking", quiet
        ):
            pass
    except KeyboardInterrupt:
        err.print("\nInterrupted. What is done is kept; the same command goes on from there.")
        sys.exit(EXIT_FAILED)
    if not quiet:
        err.print("comparing")
    work.compare()
    finished = FinishedScan.open(folder)
    show_findings(finished)
    if pages:
        paths = dict(zip(chosen.items["item"], chosen.picture_paths(), strict=True))
        out.print(f"pages        {write_clean_pages(finished, paths)}", markup=False)
    out.print(f"scan         {folder}", markup=False)


@app.command("apply", no_args_is_help=True)
def apply(
    scan_folder: Annotated[Path, typer.Argument(metavar="SCAN", help="folder of a finished scan")],
    policy: Annotated[str, typer.Option(help="strict, aggressive, or a TOML file")] = "strict",
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="folder of the tables", show_default="SCAN/POLICY")
    ] = None,
    commit: Annotated[bool, typer.Option(help="make the next version of the dataset")] = True,
    actor: Actor = None,
    reason: Reason = None,
    workspace: Workspace = HERE,
) -> None:
    """Decide by a policy what is kept, quarantined or dropped, and make that the next version.

    Pictures stay where they are, and items of the split test stay in any case.

    Example: lydite clean apply fruit/clean/4f0c --policy aggressive --workspace fruit
    """
    finished, chosen = FinishedScan.open(scan_folder), load_policy(policy)
    history = History(workspace)
    before = history.head() if commit else None
    if before is not None and before.id != finished.version:
        raise UsageError(
            "The scan is of another version than the current one.",
            "Scan the current version, or leave the dataset as it is: --no-commit",
            {"scanned": finished.version[:16], "current": before.info.short},
        )
    target = out_folder or scan_folder / chosen.name
    decided = write_decisions(finished, chosen, target)
    summary = summarise(decided)
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, count in summary["decisions"].items():
        table.add_row(name, f"{count:,}", "")
        for check, times in summary["reasons"].get(name, {}).items():
            table.add_row("", f"{times:,}", check)
    table.add_row("spared", f"{summary['spared_in_test']:,}", "of the split test, which is never changed")
    out.print(table, markup=False)
    out.print(f"tables       {target}", markup=False)
    if before is not None:
        why = reason or f"clean apply, policy {chosen.name}"
        keep(history, before, cleaned_version(before, decided, actor_of(actor), why))


def show_findings(finished: FinishedScan) -> None:
    """How many findings of each check, and what crashed."""
    table = Table("check", "findings", box=None, pad_edge=False)
    counts = finished.findings.group_by("check", "severity").len().sort("check", "severity")
    for check, severity, count in counts.iter_rows():
        table.add_row(check, f"{count:,}" + ("" if severity == "notable" else f" {severity}"))
    out.print(table if len(counts) else "nothing found", markup=False)


def _each(work: Scan, workers: int, cache: Path) -> Iterator[None]:
    for done in work.look(build_engine(workers), cache):
        for _ in range(done):
            yield None
