"""``lydite train recipe``: which recipes there are, what is in them, how they differ."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.screen import out
from lydite.core import UsageError
from lydite.train import diff, load_recipe, shipped_recipes, to_toml


def recipe(
    every: Annotated[bool, typer.Option("--list", help="name those that come with Lydite")] = False,
    show: Annotated[
        str | None, typer.Option("--show", metavar="RECIPE", help="print one with all its settings, as TOML")
    ] = None,
    two: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="LEFT RIGHT", help="settings in which two differ"),
    ] = None,
) -> None:
    """List recipes, print one, or compare two; each by name or as a TOML file.

    Example: lydite train recipe --show probe > mine.toml
    """
    if every + (show is not None) + (two is not None) != 1:
        raise UsageError("One thing is shown at a time.", "Give one of --list, --show and --diff.")
    if show is not None:
        out.print(to_toml(load_recipe(show)).rstrip(), markup=False)
    elif two is not None:
        _show_difference(*two)
    else:
        table = Table("recipe", "speed", "what it is for", box=None, pad_edge=False)
        for name, one in shipped_recipes().items():
            table.add_row(name, one.speed.value, one.about)
        out.print(table, markup=False)


def _show_difference(left: str, right: str) -> None:
    table = Table("setting", left, right, box=None, pad_edge=False)
    changes = [change for change in diff(load_recipe(left), load_recipe(right)) if change.name != "about"]
    for change in changes:
        table.add_row(change.name, *(_text(value) for value in (change.left, change.right)))
    out.print(table if changes else "no difference", markup=False)


def _text(value: object) -> str:
    return "not set" if value is None else str(value)
