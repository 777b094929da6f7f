"""``lydite train``: labels to weights."""

from __future__ import annotations

import typer

from lydite.cli.commands import train_predict, train_recipe, train_report, train_run

app = typer.Typer(
    help="Labels to weights: one recipe, and runs that remember what they saw.", no_args_is_help=True
)
app.command("recipe", no_args_is_help=True)(train_recipe.recipe)
app.command("run", no_args_is_help=True)(train_run.run)
app.command("predict", no_args_is_help=True)(train_predict.predict)
app.command("report", no_args_is_help=True)(train_report.report)
app.command("compare", no_args_is_help=True)(train_report.compare)


@app.callback()
def group() -> None:
    """Labels to weights: one recipe, and runs that remember what they saw."""
