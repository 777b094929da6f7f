"""``lydite train report`` and ``compare``: pages of a run, and of two on rows that are honest for both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.options import given_path
from lydite.cli.screen import err, out
from lydite.reports import write_comparison, write_training
from lydite.reports.class_figures import points
from lydite.reports.pages.comparison import verdict_of
from lydite.train.against import Against, set_against
from lydite.train.finished import FinishedTraining
from lydite.train.rows import find_run

Named = Annotated[str, typer.Argument(metavar="RUN", help="folder of a run, or the first digits of its id")]
Runs = Annotated[Path, typer.Option(help="where runs are looked for by their id")]
Strict = Annotated[bool, typer.Option(help="leave out pictures whose label chose among models")]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="of the intervals")]


def report(
    run: Named,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="folder of the pages", show_default="report/ of the run")
    ] = None,
    runs: Runs = Path("runs"),
    strict: Strict = False,
    level: Level = 0.95,
) -> None:
    """Write the pages of a run: figures with intervals, curves, confusions, sure errors, reliability.

    A run that is not at its end has pages, too: they say how far it came.

    Example: lydite train report runs/0123456789abcdef
    """
    opened = open_named(run, runs)
    page = write_training(opened, given_path(out_folder), strict=strict, level=level)
    out.print(f"pages        {page}", markup=False, soft_wrap=True)


def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="the earlier run, as for report")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="the later run, as for report")],
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="folder of the pages", show_default="compare-FIRST-SECOND beside FIRST"),
    ] = None,
    runs: Runs = Path("runs"),
    strict: Strict = False,
    level: Level = 0.95,
    power: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="with which the detectable difference would be seen")
    ] = 0.8,
) -> None:
    """Compare two runs on every picture from which neither learned, however each dealt its folds.

    Says the difference with its interval, and the smallest difference that so many pictures would show.

    Example: lydite train compare runs/0123456789abcdef runs/fedcba9876543210
    """
    before, after = open_named(first, runs), open_named(second, runs)
    against = set_against(before, after, strict=strict, level=level, power=power)
    name = f"compare-{before.id[:8]}-{after.id[:8]}"
    page = write_comparison(against, given_path(out_folder) or before.folder.parent / name)
    show_comparison(against)
    out.print(f"pages        {page}", markup=False, soft_wrap=True)


def open_named(named: str, runs: Path) -> FinishedTraining:
    """A run by its folder, or by the first digits of its id.

    Raises:
        UsageError: If there is none, or more than one.
        InputError: If it is damaged.
    """
    return FinishedTraining.open(find_run(runs.expanduser(), str(Path(named).expanduser())))


def show_comparison(against: Against) -> None:
    """Verdict, difference and what could have been seen."""
    made = against.comparison
    for why, count in against.left_out.items():
        err.print(f"left out     {count:,} {why}", markup=False)
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("compared on", f"{made.images:,} pictures")
    if made.images:
        gap, loss = made.difference, made.loss_difference
        ends = f" [{points(gap.low)}, {points(gap.high)}]" if gap.has_interval else ""
        table.add_row("accuracy", f"{made.accuracies[0]:.4f} and {made.accuracies[1]:.4f}")
        table.add_row("difference", f"{points(gap.value)}{ends}")
        ends = f" [{loss.low:+.4f}, {loss.high:+.4f}]" if loss.has_interval else ""
        table.add_row("log-loss", f"{loss.value:+.4f}{ends}")
        table.add_row("p", f"{made.p_value:.4g}")
        table.add_row("detectable", f"{points(made.detectable)[1:]} with a power of {100 * made.power:g} %")
    table.add_row("verdict", ": ".join(verdict_of(made)))
    out.print(table, markup=False)
