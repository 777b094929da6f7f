"""``lydite review``: people decide."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lydite.cli.commands.review_apply import apply
from lydite.cli.commands.review_restore import restore
from lydite.cli.options import with_settings
from lydite.cli.review_source import Database, Source, SourceArgument, open_source, settings_of
from lydite.cli.screen import err, out
from lydite.review import (
    Desk,
    Journal,
    Pile,
    Reasons,
    ReviewSettings,
    Summary,
    export_acts,
    no_beliefs,
    open_journal,
    read_acts,
    read_beliefs,
    read_findings,
)
from lydite.review.exchange import require_suffix

app = typer.Typer(help="People decide what is right; every act is journalled.", no_args_is_help=True)
app.command("apply", no_args_is_help=True)(apply)
app.command("restore", no_args_is_help=True)(restore)

LOOPBACK = "127.0.0.1"


@app.callback()
def group() -> None:
    """People decide what is right; every act is journalled."""


@app.command("serve", no_args_is_help=True)
@with_settings({"review": ReviewSettings})
def serve(
    source: SourceArgument,
    given: dict[str, Any],
    predictions: Annotated[
        list[Path] | None,
        typer.Option(help="table of probabilities, a column a class; one a model, repeatable"),
    ] = None,
    findings: Annotated[
        list[Path] | None,
        typer.Option(help="findings.parquet of lydite clean scan, or a table like it; repeatable"),
    ] = None,
    journal: Database = None,
    regions: Annotated[
        bool, typer.Option("--regions", help="review boxes and masks of a workspace instead of its items")
    ] = False,
    host: Annotated[
        str, typer.Option(help="address to listen at; others than this machine need a token")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one")] = 8470,
    token: Annotated[
        str | None, typer.Option(help="what a browser must show", show_default="made anew unless on loopback")
    ] = None,
) -> None:
    """Open the page where people review, one picture after another, by keys or by touch.

    SOURCE is a folder of pictures whose sub-folders are labels, a workspace, or the folder of a detection
    run. Ends with Ctrl-C; every acknowledged answer is kept.

    Example: lydite review serve photos/ --predictions oof.parquet
    """
    from lydite.review.access import Access, is_loopback
    from lydite.review.app import listen
    from lydite.review.app import serve as answer

    settings = settings_of(given)
    opened = open_source(source, journal, regions=regions)
    desk, book = open_desk(opened, settings, predictions or (), findings or ())
    if predictions:
        honest, other, none = desk.beliefs.coverage
        out.print(f"predictions  {honest:,} out of fold, {other:,} other, {none:,} none", markup=False)
    sock = listen(host, port)
    shown = token or ("" if is_loopback(host) else secrets.token_urlsafe(16))
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{sock.getsockname()[1]}/{f'?token={shown}' if shown else ''}"
    pictures = f"{len(desk.pile):,} {'regions' if desk.pile.shapes is not None else 'pictures'}"
    out.print(f"journal      {opened.shown_journal}", markup=False)

    def ready() -> None:
        out.print(f"review       {address}  ({pictures}; Ctrl-C ends)", markup=False)
        sys.stdout.flush()

    try:
        answer(desk, sock, Access(shown), ready)
    except KeyboardInterrupt:
        pass
    finally:
        book.close()
    err.print("Ended; every acknowledged answer is in the journal.")


def open_desk(
    opened: Source, settings: ReviewSettings, predictions: Sequence[Path] = (), findings: Sequence[Path] = ()
) -> tuple[Desk, Journal]:
    """A review with what tables of models and checks say, and its journal, which is opened last."""
    beliefs = read_beliefs(predictions, opened.pile) if predictions else no_beliefs(opened.pile)
    reasons = _reasons(findings, opened.pile)
    book = open_journal(opened.journal)
    return Desk(opened.pile, book, beliefs, reasons, settings), book


def _reasons(tables: Sequence[Path], pile: Pile) -> Reasons:
    if not tables:
        return {}
    from lydite.clean.checks import CHECKS, Worse

    reasons: Reasons = {}
    low = {name for name, check in CHECKS.items() if check.worse is Worse.LOW}
    for table in tables:
        for row, found in read_findings(table, pile, low).items():
            reasons[row] = (*reasons.get(row, ()), *found)
    return reasons


@app.command("export", no_args_is_help=True)
def export(
    out_file: Annotated[Path, typer.Option("--out", help=".csv or .parquet")],
    journal: Annotated[str, typer.Option(help="journal.db, or the URL of a PostgreSQL database")],
) -> None:
    """Write every act of a journal as a table, in order.

    Example: lydite review export --journal review/journal.db --out acts.csv
    """
    require_suffix(out_file)
    book = open_journal(journal)
    count = export_acts(book.stream(), out_file)
    book.close()
    out.print(f"acts         {count:,} in {out_file}", markup=False)


@app.command("import", no_args_is_help=True)
def import_(
    table: Annotated[Path, typer.Argument(help=".csv or .parquet, as lydite review export writes it")],
    journal: Annotated[str, typer.Option(help="journal.db, or the URL of a PostgreSQL database")],
) -> None:
    """Append the acts of a table to a journal, all or none; those that are there already are passed over.

    Example: lydite review import acts.csv --journal review/journal.db
    """
    acts = list(read_acts(table))
    book = open_journal(journal)
    before = book.last()
    book.append(acts)
    out.print(f"acts         {book.last() - before:,} new of {len(acts):,}", markup=False)
    book.close()


@app.command("stats", no_args_is_help=True)
@with_settings({"review": ReviewSettings})
def stats(
    source: SourceArgument,
    given: dict[str, Any],
    predictions: Annotated[list[Path] | None, typer.Option(help="as for serve; repeatable")] = None,
    journal: Database = None,
    regions: Annotated[bool, typer.Option("--regions", help="as for serve")] = False,
) -> None:
    """Where a review stands: decisions, errors left with their interval, agreement of reviewers.

    Example: lydite review stats photos/
    """
    opened = open_source(source, journal, regions=regions)
    desk, book = open_desk(opened, settings_of(given), predictions or ())
    show_summary(desk.summary())
    book.close()


def show_summary(found: Summary) -> None:
    """A summary in the terminal."""
    table = Table(show_header=False, box=None, pad_edge=False)
    seen = sum(found.counts.values())
    table.add_row("seen", f"{seen:,} of {found.total:,}")
    for name in ("keep", "relabel", "trash", "unsure", "disputed"):
        table.add_row(f"  {name}", f"{found.counts.get(name, 0):,}")
    left = found.left
    if left.sample:
        interval = f"{left.low:,} to {left.high:,} at {left.level:.0%}"
        table.add_row("errors left", f"about {left.estimate:,.0f} ({interval}; sample of {left.sample:,})")
    else:
        table.add_row("errors left", "not known: nothing of the random slice was reviewed yet")
    table.add_row("stop rule", "few errors are left: you can stop" if found.stop else "go on")
    for pair in found.agreements:
        said = f"{pair.same:,} of {pair.both:,} alike, kappa {pair.kappa:.3f}"
        table.add_row(f"{pair.left} and {pair.right}", said)
    out.print(table, markup=False)
