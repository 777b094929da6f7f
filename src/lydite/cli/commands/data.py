"""``lydite data``: what we have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lydite.cli.commands import data_files, data_import, data_versions
from lydite.cli.dataset import Version
from lydite.cli.screen import out
from lydite.core import UsageError
from lydite.data.dataset import History, deal_folds, folds_of, has_folds
from lydite.data.folds import Folds, Way, align, load_folds, make_folds, read_items, save_folds

app = typer.Typer(
    help="What we have: items, labels, groups, regions and folds, as versions that never change.",
    no_args_is_help=True,
)
app.command("import", no_args_is_help=True)(data_import.import_)
app.command("log")(data_versions.log)
app.command("show")(data_versions.show)
app.command("diff")(data_versions.diff)
app.command("restore", no_args_is_help=True)(data_versions.restore)
app.command("rename-class", no_args_is_help=True)(data_versions.rename)
app.command("merge-classes", no_args_is_help=True)(data_versions.merge)
app.command("relocate", no_args_is_help=True)(data_versions.relocate)
app.command("validate")(data_files.validate)
app.command("materialise", no_args_is_help=True)(data_files.materialise)
app.command("export", no_args_is_help=True)(data_import.export)


@app.callback()
def group() -> None:
    """What we have: items, labels, groups, regions and folds, as versions that never change."""


@app.command("folds", no_args_is_help=True)
def folds(
    table: Annotated[
        Path | None, typer.Argument(help="CSV or parquet with one row an item; or name a --workspace")
    ] = None,
    label: Annotated[str | None, typer.Option(help="column of labels")] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="parquet file to write", show_default="beside the version")
    ] = None,
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
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="take the items of a version in this workspace")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="name of a version's folds")] = "folds",
    version: Version = "HEAD",
) -> None:
    """Deal items out to folds, once; or place what is new beside earlier folds.

    Of a version, folds of a name are dealt once and kept beside it; later versions take them over, and only
    what is new is placed. Prints how many items of each class each fold holds.

    Example: lydite data folds items.csv --label class --group plu --out folds.parquet
    """
    if (table is None) == (workspace is None):
        raise UsageError("Folds are made of a table, or of a version.", "Name a table, or a --workspace.")
    if workspace is not None:
        if label is not None or group is not None or old is not None:
            raise UsageError(
                "A version knows its labels, groups and folds.", "Leave out --label, --group, --align."
            )
        made = _of_version(History(workspace), version, name, count, way)
    elif table is None or label is None or out_file is None:
        raise UsageError(
            "Folds of a table need its column of labels and a file to write.", "Give --label and --out."
        )
    else:
        made = _of_table(table, label, group, item, count, way, old)
    if out_file is not None:
        save_folds(made, out_file)
    show_balance(made)
    out.print(f"folds        {name if out_file is None else out_file}", markup=False)


def _of_version(history: History, version: str, name: str, count: int | None, way: Way | None) -> Folds:
    if count is None and way is None and has_folds(history, version, name):
        return folds_of(history, version, name)
    return deal_folds(history, version, name, 5 if count is None else count, way)


def _of_table(
    table: Path,
    label: str,
    group: str | None,
    item: str,
    count: int | None,
    way: Way | None,
    old: Path | None,
) -> Folds:
    items = read_items(table, label, group, item)
    if old is None:
        return make_folds(items, 5 if count is None else count, way)
    if way is not None or count is not None:
        raise UsageError("Earlier folds have their own way and number.", "Leave out --way and --folds.")
    return align(load_folds(old), items)


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
