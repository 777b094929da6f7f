"""``lydite demo``: the whole chain on pictures that it draws itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lydite.cli.commands.detect import report_bank, run_batch
from lydite.cli.screen import out, show_summary
from lydite.data import find_images
from lydite.data.shelf import write_shelf
from lydite.detect import Detector, find_exemplars, finish, open_run, resolve
from lydite.reports import write_run_pages


def demo(
    folder: Annotated[Path, typer.Option("--out", help="folder for pictures, results and pages")] = Path(
        "lydite-demo"
    ),
    seed: Annotated[int, typer.Option(min=0, help="another seed, another shelf")] = 7,
    scenes: Annotated[int, typer.Option(min=1, help="how many shelves to draw")] = 6,
    preset: Annotated[str, typer.Option(help="strict or soft: where the rules start from")] = "strict",
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Draw shelves of produce, detect from five examples a class, and write the pages.

    Needs no network, no torch and no pictures of your own.
    """
    out.print(f"drawing {scenes} shelves and their examples ...")
    shelf = write_shelf(folder / "shelf", seed=seed, scenes=scenes)
    detector = Detector.from_exemplars(find_exemplars(shelf.positive, shelf.negative), resolve(preset))
    report_bank(detector)
    files = find_images([shelf.scenes, shelf.empty])
    run = open_run(folder / "run", detector)
    records = run_batch(run, detector, files, workers=1, quiet=quiet)
    show_summary(finish(run, detector, records))
    index = write_run_pages(run, records, detector.settings.report)
    out.print(f"\nopen   {index.resolve()}")
    out.print(
        f"again on your own pictures:   lydite detect run PICTURES --positive EXAMPLES --out RESULT\n"
        f"the same on these:            lydite detect run {shelf.scenes} --positive {shelf.positive} "
        f"--negative {shelf.negative} --out result"
    )
