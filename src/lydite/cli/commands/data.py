"""``lydite data``: what we have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.screen import out
from lydite.core import UsageError
from lydite.data.folds import Folds, Way, align, load_folds, make_folds, read_items, save_folds

app = typer.Typer(help="What we have: items, labels, groups and folds.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What we have: items, labels, groups and folds."""


@app.command("folds", no_args_is_help=True)
def folds(
    table: Annotated[Path, typer.Argument(help="CSV or parquet with one row an item")],
    label: Annotated[str, typer.Option(help="column of labels")],
    out_file: Annotated[Path, typer.Option("--out", help="parquet file to write")],
    item: Annotated[str, typer.Option(help="column of item ids")] = "item",
    group: Annotated[str | None, typer.Option(help="column of groups, such as product codes")] = None,
    way: Annotated[
        Way | None,
        typer.Option(
            help="stratified: by label; stratified-groups: by label and group; grouped: a group stays whole",
            show_default="grouped where there are groups, else stratified",
        ),
    ] = None,
    count: Annotated[int | None, typer.Option("--folds", help="how many", show_default="5")] = None,
    old: Annotated[
        Path | None, typer.Option("--align", help="earlier folds: their items keep their fold")
    ] = None,
) -> None:
    """Deal items out to folds, once; or place what is new beside earlier folds.

    Prints how many items of each class each fold holds.

    Example: lydite data folds items.csv --label class --group plu --out folds.parquet
    """
    items = read_items(table, label, group, item)
    if old is None:
        made = make_folds(items, 5 if count is None else count, way)
    elif way is not None or count is not None:
        raise UsageError("Earlier folds have their own way and number.", "Leave out --way and --folds.")
    else:
        made = align(load_folds(old), items)
    save_folds(made, out_file)
    show_balance(made)
    out.print(f"folds        {out_file}", markup=False)


def show_balance(made: Folds) -> None:
    """Items of each class in each fold, the total, and the imbalance."""
    numbers = range(made.count)
    shown = Table("class", *(f"fold {number}" for number in numbers), box=None, pad_edge=False)
    for name, row in zip(made.class_names, made.class_counts.tolist(), strict=True):
        shown.add_row(name, *map(str, row))
    shown.add_row("all", *map(str, made.sizes.tolist()))
    out.print(shown, markup=False)
    gone = int((~made.present).sum())
    out.print(
        f"imbalance    {made.imbalance:.4f}  ({made.way.value}, {int(made.present.sum())} items, {gone} gone)"
    )
