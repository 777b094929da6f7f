"""``lydite detect calibrate``: thresholds for a finished run from its examples and its own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tomli_w
import typer

from lydite.cli.calibration import show_calibration
from lydite.cli.screen import out
from lydite.core import OutputConflict, UsageError
from lydite.data import write_atomic
from lydite.detect import FinishedRun, calibrate_from_run, rehearse_run
from lydite.detect.config import resolve, unflatten
from lydite.detect.settings import CONSTANTS_OFF, CalibrationTarget


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate", no_args_is_help=True)(calibrate)


def calibrate(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")],
    out_file: Annotated[
        Path, typer.Option("--out", help="TOML file of rules to write, for 'lydite detect decide --config'")
    ],
    target: Annotated[
        CalibrationTarget, typer.Option(help="what to choose the thresholds for")
    ] = CalibrationTarget.F1,
    level: Annotated[
        float,
        typer.Option(
            min=0.01, max=0.99, help="the precision to reach, or the share to keep of what is found"
        ),
    ] = 0.90,
    exhaustive: Annotated[
        bool,
        typer.Option("--exhaustive", help="no object in the examples' pictures is without example"),
    ] = False,
) -> None:
    """Find the threshold of each class from the examples and all pictures of a run.

    The examples' own pictures are searched, each without its own examples; the run's stored ranks say how
    often anything ranks that high. No picture of the run is opened.

    Example: lydite detect calibrate result/ --target precision --level 0.95 --out rules.toml
    """
    if out_file.exists():
        raise OutputConflict(f"{out_file} exists.", "Name a new file with --out.")
    finished = FinishedRun.open(run)
    asked = {
        **resolve("calibrated").calibration.model_dump(mode="json"),
        "calibration_target": target.value,
        "calibration_level": level,
        "exhaustive": exhaustive,
    }
    rules = CONSTANTS_OFF | asked
    settings = unflatten({**finished.settings, **rules, "class_thresholds": {}})
    found = calibrate_from_run(finished, rehearse_run(finished, settings), settings)
    show_calibration(found)
    if found.refusal:
        raise UsageError(found.refusal, "Give more examples with boxes or masks in pictures of their own.")
    write_atomic(out_file, tomli_w.dumps({**rules, "class_thresholds": found.thresholds}))
    out.print(f"\nrules        {out_file}")
    out.print(f"apply them   lydite detect decide {run} --config {out_file} --out NEW")
