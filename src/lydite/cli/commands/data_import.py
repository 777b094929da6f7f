"""``lydite data import`` and ``export``: pictures and annotations in and out of versions."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import polars as pl
import typer

from lydite.cli.dataset import HERE, Actor, Quiet, Reason, Version, Workspace, actor_of, show_changes
from lydite.cli.intake_report import show_unusual
from lydite.cli.screen import err, out, progress
from lydite.core import UnknownName
from lydite.data import TARGETS
from lydite.data.archive import is_archive
from lydite.data.dataset import (
    DatasetVersion,
    History,
    Intake,
    Wanted,
    diff,
    merge,
    read_pictures,
    to_annotations,
)
from lydite.data.deposit import deposit
from lydite.data.files import write_once
from lydite.data.sources import SOURCES, read_any
from lydite.data.sources.cvat_server import is_address

_KINDS = frozenset(("annotations", "labels", "images", "jpegimages"))


def import_(
    path: Annotated[
        str,
        typer.Argument(
            help="folder of pictures, file or folder of annotations or tables, an archive of any of these, "
            "or a task on a CVAT server"
        ),
    ],
    source: Annotated[
        str | None, typer.Option(help="name of the source", show_default="the folder's name")
    ] = None,
    read_as: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=", ".join(SOURCES),
            metavar="NAME",
            show_default="found by looking",
        ),
    ] = None,
    images: Annotated[Path | None, typer.Option(help="folder of the pictures that annotations name")] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            help="what each level of folders names: split, label, group or *, joined by /",
            show_default="label",
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="split of all these items")] = None,
    group_pattern: Annotated[
        str | None, typer.Option(help="regular expression with one (group), searched in the path")
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option(help="whether every thing in annotated pictures has its region")
    ] = True,
    accept_scored: Annotated[
        bool,
        typer.Option("--accept-scored", help="take regions with a machine's score: a person confirmed them"),
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="take out items of this source that are not there any more")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be taken and what would change, keep nothing")
    ] = False,
    id_column: Annotated[
        str | None, typer.Option(help="of a table: column that tells its rows apart")
    ] = None,
    file_column: Annotated[str | None, typer.Option(help="of a table: column that names the picture")] = None,
    label_column: Annotated[str | None, typer.Option(help="of a table: column of labels")] = None,
    group_column: Annotated[str | None, typer.Option(help="of a table: column of groups")] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="LYDITE_CVAT_TOKEN", help="access token of the server", show_envvar=True),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds that a server may be silent")] = 60.0,
    workspace: Workspace = HERE,
    actor: Actor = None,
    reason: Reason = None,
    quiet: Quiet = False,
) -> None:
    """Bring pictures, labels and regions into the dataset, as a new version.

    Pictures are hashed and stay where they are. Known items are brought up to date, and importing the same
    thing twice changes nothing. Rows that cannot be used are named and left out; the report is kept.

    Example: lydite data import photos/ --layout split/label/group --reason "first delivery"
    """
    name = source or _source_name(path)
    wanted = Wanted(
        name,
        read_as,
        images,
        layout,
        split,
        group_pattern,
        exhaustive,
        accept_scored,
        id_column=id_column,
        file_column=file_column,
        label_column=label_column,
        group_column=group_column,
        workspace=workspace,
        token=token,
        timeout_s=timeout,
        watch=partial(progress, quiet=quiet),
    )
    history = History(workspace)
    before = history.head() if history.head_id() is not None else None
    intake = read_pictures(
        read_any(path, wanted), watch=lambda looks, total: progress(looks, total, "reading", quiet)
    )
    who, why = actor_of(actor), reason or f"import {_shown(path)} as {name}"
    if before is None:
        after = DatasetVersion.begin(intake, who, why)
    else:
        after = merge(before, intake, who, why, prune=prune)
    _show_report(intake)
    if before is not None and after is before:
        out.print(f"nothing changed, still version {before.info.short}")
        return
    folder = None if dry_run else history.commit(after, intake.report)
    if before is not None:
        show_changes(diff(before, after))
    info = after.info
    out.print(f"dataset      {info.items:,} items, {info.regions:,} regions, {len(info.classes)} classes")
    out.print("version      none kept" if folder is None else f"version      {folder.name}", markup=False)


def export(
    out_folder: Annotated[
        Path, typer.Option("--out", help="folder to write into; your own files in it stay")
    ],
    write_as: Annotated[
        str, typer.Option("--format", help=f"what to write: {', '.join(TARGETS)}", metavar="NAME")
    ],
    split: Annotated[str | None, typer.Option(help="only items of this split")] = None,
    source: Annotated[str | None, typer.Option(help="only items of this source")] = None,
    version: Version = "HEAD",
    workspace: Workspace = HERE,
    quiet: Quiet = False,
) -> None:
    """Write the regions of a version in a format that other tools read.

    Regions that come back by lydite data import are the same regions, in COCO, CVAT and Label Studio.

    Example: lydite data export --format cvat --out for-cvat/
    """
    if write_as not in TARGETS:
        raise UnknownName("export format", write_as, TARGETS)
    chosen = History(workspace).load(version)
    stream = to_annotations(chosen, split=split, source=source)
    unsized = chosen.items["height"].null_count()
    pictures = progress(stream.images, len(chosen.items) - unsized, "exporting", quiet)
    with deposit(out_folder, write_as) as stage:
        target = TARGETS[write_as]
        target.write(stage / target.file, type(stream)(stream.class_map, pictures))
        told = {"dataset": chosen.id, "labels": chosen.info.labels, "split": split, "source": source}
        write_once(stage / "provenance.json", json.dumps(told, indent=1) + "\n", "")
    if unsized:
        err.print(f"left out: {unsized:,} items without a readable picture")
    out.print(f"exported     version {chosen.info.short}")
    out.print(f"results      {out_folder}", markup=False)


def _shown(given: str) -> str:
    return given if is_address(given) else Path(given).absolute().name


def _source_name(given: str) -> str:
    """The first folder on the way up whose name says more than what kind of files it holds."""
    if is_address(given):
        parts = urlsplit(given)
        return f"{parts.hostname}-{parts.path.strip('/').replace('/', '-')}"
    path = Path(given).expanduser()
    if is_archive(path):
        return path.name.partition(".")[0].replace(":", "_") or "archive"
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    telling = (parent.name for parent in (folder, *folder.parents) if parent.name.lower() not in _KINDS)
    return next(telling).replace(":", "_") or "pictures"


def _show_report(intake: Intake) -> None:
    """The report, with the first rows that were refused or defaulted."""
    show_unusual(intake.report, "report.parquet beside the version")
    for what in intake.report.filter(pl.col("kind") == "taken")["what"]:
        out.print(f"taken        {what}", markup=False)
