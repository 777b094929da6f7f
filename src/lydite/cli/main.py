"""The command line: arguments and calls, and one place where errors become exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from lydite import __version__
from lydite.cli.lazy import Entry, lazy_group
from lydite.cli.screen import err, out
from lydite.core import EXIT_FAILED, LyditeError

ENTRIES = (
    Entry(
        "demo",
        "Draw shelves of produce, detect from five examples a class, and write the pages.",
        attribute="demo",
    ),
    Entry("detect", "Find in pictures what a handful of examples show, and say why about everything else."),
    Entry("data", "What we have: items, labels, groups, regions and folds, as versions that never change."),
    Entry("review", "People decide what is right; every act is journalled."),
    Entry("clean", "Find what is wrong with pictures and labels, and decide by a policy what stays."),
    Entry("train", "Labels to weights: one recipe, and runs that remember what they saw."),
)
"""Each command of the root: in this order in the help, imported when it is called."""

app = typer.Typer(
    name="lydite",
    cls=lazy_group(ENTRIES),
    help="The touchstone for vision: known examples judge the unknown, with the evidence at every step.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

_CTRL_C = 130
"""The exit code that typer makes of Ctrl-C, without a word."""


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
    except SystemExit as end:
        if end.code != _CTRL_C:
            raise
        err.print("[bold red]lydite:[/] Interrupted. The same command goes on from what is done.")
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
