"""``lydite demo``: the whole chain on pictures that it draws itself."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lydite.cli.calibration import show_calibration
from lydite.cli.commands.detect import report_bank, run_batch
from lydite.cli.screen import err, out, progress, show_summary
from lydite.core import EXIT_FAILED, OutputConflict
from lydite.data import find_images, write_atomic
from lydite.data.files import os_errors_as_output_errors
from lydite.data.shelf import ShelfPaths, ShelfPlan, draw_shelf
from lydite.detect import (
    Detector,
    RecordFile,
    RunFolder,
    evaluate_run,
    find_exemplars,
    finish,
    open_run,
    resolve,
    summarise_matching,
    true_objects,
    with_kept_thresholds,
)
from lydite.engines import build_engine
from lydite.reports import Truth, write_run_pages

IOU = 0.5
RECORD = "demo.json"


def demo(
    folder: Annotated[Path, typer.Option("--out", help="folder for pictures, results and pages")] = Path(
        "lydite-demo"
    ),
    seed: Annotated[int, typer.Option(min=0, help="another seed, another shelf")] = 7,
    scenes: Annotated[int, typer.Option(min=1, help="how many shelves to draw")] = 6,
    preset: Annotated[
        str, typer.Option(help="calibrated, strict or soft: where the rules start from")
    ] = "calibrated",
    workers: Annotated[int, typer.Option(min=1, help="processes that draw")] = 2,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Draw shelves of produce, detect from five examples a class, and write the pages.

    Needs no network, no torch and no pictures of your own.
    """
    settings = resolve(preset)
    told: dict[str, object] = {"seed": seed, "scenes": scenes, "preset": preset}
    _claim(folder, told)
    shelf = _draw(folder / "shelf", ShelfPlan(seed=seed, scenes=scenes), workers, quiet)
    files = find_images([shelf.scenes, shelf.empty])
    settings = with_kept_thresholds(settings, RunFolder(folder / "run"))
    detector = Detector.from_exemplars(find_exemplars(shelf.positive, shelf.negative), settings, pile=files)
    report_bank(detector)
    run = open_run(folder / "run", detector)
    if detector.calibration is not None:
        show_calibration(detector.calibration)
    with RecordFile(run.path) as records:
        run_batch(run, detector, files, build_engine(1), records, quiet)
        show_summary(finish(run, detector, records))
        result = summarise_matching(evaluate_run(run, records, shelf.truth, IOU), IOU)
        write_atomic(folder / RECORD, json.dumps({**told, "against_truth": result}, indent=1))
        out.print(_sentence(result))
        metrics = {key: result[key] for key in ("precision", "recall", "f1") if result[key] is not None}
        truth = Truth(true_objects(run, records, shelf.truth), metrics)
        index = write_run_pages(run, records, detector.settings.report, truth=truth)
    out.print(f"\nopen   {index.resolve()}")
    out.print(f"yours  lydite detect run PICTURES --positive EXAMPLES --out RESULT\nthese  {_command(shelf)}")


def _command(shelf: ShelfPaths) -> str:
    """The same detection as a command that can be pasted."""
    examples = ["--positive", str(shelf.positive), "--negative", str(shelf.negative)]
    pictures = [str(shelf.scenes), str(shelf.empty)]
    return shlex.join(["lydite", "detect", "run", *pictures, *examples, "--out", "result"])


def _claim(folder: Path, told: dict[str, object]) -> None:
    """Make the folder this demo's own, before anything is drawn into it.

    Raises:
        OutputConflict: If it holds another demo, or anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputConflict(f"Output {folder} is a file.", "Name a folder with --out.")
    if (folder / RECORD).exists():
        there = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        other = [f"{name} {there.get(name)}" for name, value in told.items() if there.get(name) != value]
        if other:
            raise OutputConflict(
                f"Folder {folder} holds another demo ({', '.join(other)}).", "Choose another one with --out."
            )
    elif folder.exists() and any(folder.iterdir()):
        raise OutputConflict(
            f"Folder {folder} is not empty and holds no demo.", "Choose a new one with --out."
        )
    else:
        with os_errors_as_output_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / RECORD, json.dumps(told, indent=1))


def _draw(folder: Path, plan: ShelfPlan, workers: int, quiet: bool) -> ShelfPaths:
    """Draw under a progress bar; an interruption leaves nothing that would be taken for a shelf."""
    try:
        for _ in progress(draw_shelf(folder, plan, workers), len(plan), "drawing", quiet):
            pass
    except KeyboardInterrupt:
        err.print("\nInterrupted while drawing. The same command starts the drawing again.")
        sys.exit(EXIT_FAILED)
    return ShelfPaths.below(folder)


def _sentence(result: dict[str, Any]) -> str:
    """How the demo did, in one line; its truth is exact."""
    shares = [
        f"{name} {'-' if result[key] is None else format(result[key], '.3f')}"
        for name, key in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
    ]
    counts = f"{result['found']} found, {result['invented']} invented, {result['missed']} missed"
    return f"against truth {', '.join(shares)} ({counts}; masks, IoU {result['threshold']})"
