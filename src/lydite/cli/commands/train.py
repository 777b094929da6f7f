"""``lydite train``: labels to weights."""

from __future__ import annotations

import typer

from lydite.cli.commands import train_recipe, train_run

app = typer.Typer(
    help="Labels to weights: one recipe, and runs that remember what they saw.", no_args_is_help=True
)
app.command("recipe", no_args_is_help=True)(train_recipe.recipe)
app.command("run", no_args_is_help=True)(train_run.run)


@app.callback()
def group() -> None:
    """Labels to weights: one recipe, and runs that remember what they saw."""
