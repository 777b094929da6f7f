"""What ``lydite train run`` is told of the data, turned into a task and a plan."""

from __future__ import annotations

from pathlib import Path

from lydite.cli.intake_report import show_unusual
from lydite.cli.screen import progress
from lydite.core import UsageError
from lydite.data.dataset import DatasetVersion, History, folds_of, has_folds, items_to_fold
from lydite.data.folds import Folds, Way, load_folds, make_folds
from lydite.train import ImageTask, Plan, open_version

SPLIT, NONE = "split", "none"


def open_data(
    path: Path, version: str, layout: str | None, quiet: bool
) -> tuple[DatasetVersion, ImageTask, dict[str, str]]:
    """The version, its labelled pictures, and how a person would name them again."""
    chosen = open_version(
        path,
        version,
        layout,
        watch=lambda looks, total: progress(looks, total, "reading", quiet),
        tell=show_unusual,
    )
    source = {"path": str(path.absolute()), "layout": layout or ""}
    if is_workspace(path):
        source = {"path": str(path.absolute()), "version": chosen.id}
    return chosen, ImageTask.of_version(chosen), source


def is_workspace(path: Path) -> bool:
    """Whether a folder holds versions of a dataset."""
    return (path / "data" / "HEAD").is_file()


def plan_of(path: Path, version: DatasetVersion, task: ImageTask, folds: str, way: Way | None) -> Plan:
    """Who is held out when.

    Args:
        path: What the person named.
        version: The version that it is.
        task: Its rows.
        folds: A number, ``split``, ``none``, the name of folds of the workspace, or a file of folds.
        way: How they are dealt, if they are.

    Raises:
        UsageError: If there are no such folds, or a way is given for folds that were dealt.
    """
    if folds.isdecimal():
        return Plan.of_folds(task, make_folds(items_to_fold(version), int(folds), way))
    if way is not None:
        raise UsageError(
            "Only folds that are dealt here have a way.", "Leave out --way, or say --folds 5.", way.value
        )
    if folds == SPLIT:
        return Plan.of_split(task)
    if folds == NONE:
        return Plan.of_everything(task)
    return Plan.of_folds(task, _dealt(path, version, folds))


def _dealt(path: Path, version: DatasetVersion, folds: str) -> Folds:
    if Path(folds).suffix == ".parquet":
        return load_folds(Path(folds))
    if is_workspace(path) and has_folds(History(path), version.id, folds):
        return folds_of(History(path), version.id, folds)
    raise UsageError(
        f"There are no folds named {folds!r}.",
        f"Say a number, {SPLIT!r}, {NONE!r}, a parquet file, or the name that 'lydite data folds' gave.",
        folds,
    )
