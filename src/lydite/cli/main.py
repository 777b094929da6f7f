"""The command line: arguments and calls, and one place where errors become exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from lydite import __version__
from lydite.cli.commands import clean, data, demo, detect, review
from lydite.cli.screen import err, out
from lydite.core import EXIT_FAILED, LyditeError

app = typer.Typer(
    name="lydite",
    help="The touchstone for vision: known examples judge the unknown, with the evidence at every step.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(detect.app, name="detect")
app.add_typer(data.app, name="data")
app.add_typer(review.app, name="review")
app.add_typer(clean.app, name="clean")
app.command("demo")(demo.demo)


def _show_version(asked: bool) -> None:
    if asked:
        out.print(f"lydite {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """The touchstone for vision: known examples judge the unknown, with the evidence at every step."""


def main() -> None:
    """Run the command line; exit code 0 done, 1 failed, 2 usage."""
    try:
        app()
    except LyditeError as error:
        err.print(f"[bold red]lydite:[/] {escape(str(error))}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("[bold red]lydite:[/] Interrupted.")
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
