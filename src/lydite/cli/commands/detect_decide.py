"""``lydite detect decide``: other rules for a finished run, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lydite.cli.options import with_settings
from lydite.cli.screen import out, progress, show_summary
from lydite.detect import FinishedRun, RecordFile, assemble, open_redecided, redecide
from lydite.detect.config import GROUPS, read_flat, unflatten
from lydite.detect.redecide import DECIDING
from lydite.detect.store import ImageRecord
from lydite.reports import write_run_pages

OPTIONS = {name: GROUPS[name] for name in (*DECIDING, "report")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide", no_args_is_help=True)(decide)


@with_settings(OPTIONS)
def decide(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")],
    out_folder: Annotated[Path, typer.Option("--out", help="folder of the new decisions: new or empty")],
    given: dict[str, Any],
    config: Annotated[
        Path | None, typer.Option(help="TOML file of rules, such as 'lydite detect calibrate' writes")
    ] = None,
    pages: Annotated[bool, typer.Option(help="write the pages")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Judge the stored numbers of a run by other rules; no picture is encoded again.

    The run stays as it is. Rules that are not named stay those of the run.

    Example: lydite detect decide result/ --min-pos-score 0.62 --out result-strict/
    """
    finished = FinishedRun.open(run)
    before = finished.settings | (read_flat(config) if config else {})
    if "class_thresholds" in given:
        given["class_thresholds"] = before.get("class_thresholds", {}) | given["class_thresholds"]
    settings = unflatten(before | given)
    target = open_redecided(finished, out_folder, settings)
    work = redecide(finished, target, settings)
    with RecordFile(target.path) as judged:
        for record in progress(work, len(finished.records), "deciding", quiet):
            judged.append(record)
        for item in finished.failed:
            judged.append(ImageRecord(item, "", "failed", error=f"{item}: the run could not use it"))
        encoder = finished.description["space"]["encoder"]
        show_summary(assemble(target, finished.class_map, encoder, judged))
        if pages:
            out.print(f"pages        {write_run_pages(target, judged, settings.report)}")
    out.print(f"results      {out_folder}")
