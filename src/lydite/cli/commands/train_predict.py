"""``lydite train predict``: what a run says of pictures that lie anywhere."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from lydite.cli.commands.train_report import Named, Runs, open_named
from lydite.cli.dataset import Quiet
from lydite.cli.screen import err, out, progress
from lydite.core import Exposure
from lydite.data import find_images
from lydite.engines import build_engine
from lydite.train.predict import predict_files
from lydite.train.prediction_table import write_predictions
from lydite.train.tta import views_of

SHOWN = 5


def predict(
    run: Named,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES", help="pictures, and folders of them")],
    out_file: Annotated[Path, typer.Option("--out", help="the CSV file")],
    tta: Annotated[
        str | None,
        typer.Option(help="views of each picture: none, flip, geo4, geo8", show_default="as the recipe says"),
    ] = None,
    first: Annotated[
        int | None, typer.Option("--views", help="only the first so many of them", show_default="all")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes that look at pictures")] = 1,
    device: Annotated[str, typer.Option(help="where networks compute: cpu, cuda, mps")] = "cpu",
    runs: Runs = Path("runs"),
    quiet: Quiet = False,
) -> None:
    """Ask all models of a run about pictures, and write a row for each of them.

    Answers are kept in the run's folder by picture and view: what was asked before is not asked again. A
    picture that cannot be read is a row with the reason.

    Example: lydite train predict runs/0123456789abcdef photos/ --out answers.csv --tta geo4
    """
    opened = open_named(run, runs)
    asked = opened.recipe.tta
    views = views_of(tta or asked.views, (asked.first or None) if tta is None and first is None else first)
    said = predict_files(
        opened,
        find_images(images),
        views,
        build_engine(workers),
        device=device,
        watch=lambda work, total, title: progress(work, total, title, quiet),
    )
    write_predictions(said, opened.classes, out_file.expanduser())
    failed = [one for one in said if one.reason]
    for one in failed[:SHOWN]:
        err.print(f"not read     {one.reason}", markup=False)
    if len(failed) > SHOWN:
        err.print(f"... and {len(failed) - SHOWN:,} more; the file has every reason", markup=False)
    seen = Counter(one.exposure for one in said if not one.reason)
    told = ", ".join(f"{seen[kind]:,} {kind}" for kind in Exposure if seen[kind])
    out.print(
        f"predicted    {len(said) - len(failed):,} of {len(said):,} pictures ({told or 'none'})", markup=False
    )
    out.print(f"table        {out_file}", markup=False, soft_wrap=True)
