"""``lydite train run``: labels to weights, and predictions that know what they saw."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from lydite.cli.dataset import Quiet, Version
from lydite.cli.screen import err, out, progress
from lydite.cli.train_data import is_workspace, open_data, plan_of
from lydite.core import EXIT_FAILED, ClassMap, MissingExtra, UsageError
from lydite.data.folds import Way
from lydite.engines import build_engine
from lydite.train import Recipe, Run, RunSpec, Speed, State, Status, changed, load_recipe, open_run
from lydite.train.probe import check_probe, run_probe
from lydite.train.run import METRICS
from lydite.train.twins import read_twins
from lydite.train.weights import Saw, parents_of

T = TypeVar("T")


def run(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="a workspace, or a folder of folders named after classes")
    ],
    recipe: Annotated[str, typer.Option(help="a recipe's name, or a TOML file")] = "probe",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SECTION.NAME=VALUE", help="change a setting of the recipe; repeatable"
        ),
    ] = None,
    folds: Annotated[
        str,
        typer.Option(
            help="a number of folds; split (val is held out); none; or folds by name or as a parquet file"
        ),
    ] = "5",
    way: Annotated[
        Way | None,
        typer.Option(
            help="how folds are dealt", show_default="grouped where there are groups, else stratified"
        ),
    ] = None,
    only: Annotated[
        list[int] | None, typer.Option("--fold", help="train this fold only; repeatable", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    saw: Annotated[
        Saw,
        typer.Option("--weights-saw", help="what the first weights had seen of these pictures, as you know"),
    ] = "nothing",
    twins: Annotated[
        Path | None, typer.Option(help="scan of 'lydite clean': its pairs count as one picture")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="DATA is a folder: what each level names, such as split/label/group")
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="folder of the run", show_default="runs/ID of the workspace, or here"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="probe: processes that look at pictures")] = 1,
    cache: Annotated[
        Path | None,
        typer.Option(help="folder that keeps vectors and decoded pictures", show_default="beside runs/"),
    ] = None,
    version: Version = "HEAD",
    quiet: Quiet = False,
) -> None:
    """Train by a recipe, fold by fold; what is held out is predicted, with what each model had seen of it.

    The same command goes on where it stopped. Rows of the split test are never learned from.

    Example: lydite train run photos/ --recipe probe --folds 5
    """
    chosen, task, source = open_data(data, version, layout, quiet)
    plan = plan_of(data, chosen, task, folds, way)
    wanted = changed(load_recipe(recipe), _settings(settings or []))
    pairs = () if twins is None else read_twins(twins, task)
    picked = tuple(dict.fromkeys(only)) if only else plan.folds
    spec = RunSpec(wanted, task, plan, picked, seed, parents_of(wanted, saw), pairs, source)
    home = data if is_workspace(data) else Path()
    folder = out_folder or home / "runs" / spec.id
    _check(wanted, task.classes)
    with open_run(folder, spec) as held:
        status = _train(held, workers, cache or home / "cache", quiet)
    show_run(folder, status, wanted)
    if status.state is State.TAINTED:
        sys.exit(EXIT_FAILED)


def _check(recipe: Recipe, classes: ClassMap) -> None:
    """Refuse what cannot be honoured before there is a folder of a run."""
    if recipe.speed is Speed.PROBE:
        check_probe(recipe)
        return
    try:
        from lydite.train.fine_tuning import check_fine_tune
    except ImportError as error:
        raise MissingExtra("Fine-tuning", "torch") from error
    check_fine_tune(recipe, classes)


def _train(held: Run, workers: int, cache: Path, quiet: bool) -> Status:
    recipe = held.spec.recipe

    def watch(work: Iterable[T], total: int | None, title: str) -> Iterable[T]:
        return progress(work, total, title, quiet)

    if recipe.speed is Speed.PROBE:
        return run_probe(held, build_engine(workers), cache, watch)
    from lydite.train.fine_tuning import run_fine_tune

    return run_fine_tune(held, cache / "decoded", watch)


def _settings(given: list[str]) -> dict[str, object]:
    """``section.name=value`` as TOML reads values; what is no TOML is text."""
    settings: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                "Option --set takes section.name=value.", "For example: --set head.kind=mlp", text
            )
        try:
            settings[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[name.strip()] = value
    return settings


def show_run(folder: Path, status: Status, recipe: Recipe) -> None:
    """What a run came to: figures with their intervals, on how many rows of which exposure."""
    metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    for note in status.notes:
        err.print(f"note         {note}", markup=False)
    table = Table(show_header=False, box=None, pad_edge=False)
    head = f"{recipe.head.kind.value} head on " if recipe.speed is Speed.PROBE else ""
    table.add_row("recipe", f"{recipe.speed.value}, {head}{recipe.backbone.name}")
    exposures = ", ".join(f"{count:,} {name}" for name, count in metrics["exposures"].items())
    table.add_row("scored", f"{metrics['scored']:,} rows ({exposures or 'nothing was held out'})")
    for name, figure in metrics.get("overall", {}).items():
        table.add_row(name.replace("_", " "), _figure(figure))
    if "worst_group" in metrics:
        table.add_row("worst group", f"{_figure(metrics['worst_group'])}  {metrics['worst_group']['name']}")
    table.add_row("state", f"{status.state.value} {status.error}".strip())
    out.print(table, markup=False)
    out.print(f"run          {folder}", markup=False)


def _figure(figure: dict[str, float | None]) -> str:
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None:
        return "unknown"
    return f"{value:.4f}" if low is None or high is None else f"{value:.4f} [{low:.4f}, {high:.4f}]"
