"""``lydite detect``: exemplars to instances."""

from __future__ import annotations

import sys
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lydite.cli.calibration import show_calibration
from lydite.cli.commands import detect_bank, detect_calibrate, detect_decide
from lydite.cli.commands.detect_bank import report_examples, report_problems
from lydite.cli.commands.detect_diff import diff
from lydite.cli.commands.detect_evaluate import evaluate
from lydite.cli.commands.detect_export import export
from lydite.cli.options import with_settings
from lydite.cli.reviewed import JournalOption, ReviewedOption, gather_examples, read_all_reviewed
from lydite.cli.screen import err, out, progress, show_summary
from lydite.core import EXIT_FAILED, UsageError
from lydite.data import ImageFile, find_images, find_unread, printable
from lydite.detect import (
    BankFile,
    Detector,
    ExemplarSet,
    RecordFile,
    RunFolder,
    changed_sources,
    finish,
    load_bank,
    open_run,
    parse_example,
    process,
    resolve,
    with_kept_thresholds,
)
from lydite.detect.config import GROUPS
from lydite.detect.proposers import PROPOSERS
from lydite.engines import Engine, build_cluster_engine, build_engine
from lydite.features import VectorCache
from lydite.reports import write_run_pages


class EngineName(StrEnum):
    """Where pictures are looked at."""

    local = "local"
    ray = "ray"


app = typer.Typer(
    help="Find in pictures what a handful of examples show, and say why about everything else.",
    no_args_is_help=True,
)


detect_bank.register(app)
detect_decide.register(app)
detect_calibrate.register(app)


@app.callback()
def group() -> None:
    """Find in pictures what a handful of examples show, and say why about everything else."""


app.command("export", no_args_is_help=True)(export)
app.command("evaluate", no_args_is_help=True)(evaluate)
app.command("diff", no_args_is_help=True)(diff)


@app.command("run", no_args_is_help=True)
@with_settings(GROUPS)
def run(
    images: Annotated[list[Path], typer.Argument(help="pictures, or folders of pictures")],
    out_folder: Annotated[
        Path,
        typer.Option(
            "--out", help="folder of this run: new, empty, or to go on with; it covers the pictures named now"
        ),
    ],
    given: dict[str, Any],
    positive: Annotated[
        Path | None,
        typer.Option(help="examples of what to find: a sub-folder a class, or pictures of one class"),
    ] = None,
    negative: Annotated[Path | None, typer.Option(help="examples of what must not be found")] = None,
    example: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS=PATH@X0,Y0,X1,Y1",
            help="one more example: a picture, or a box in one, which may be a picture that is searched",
        ),
    ] = None,
    counter_example: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH@X0,Y0,X1,Y1", help="one more negative, likewise"),
    ] = None,
    reviewed: ReviewedOption = None,
    journal: JournalOption = None,
    bank: Annotated[
        Path | None,
        typer.Option(
            help="examples as 'lydite detect bank' keeps them, instead of --positive and --negative"
        ),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="calibrated, strict or soft: where the rules start from")
    ] = "calibrated",
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings, such as a run's settings.toml")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="processes that look at pictures [default: 1; with ray, all that there is room for]"
        ),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="local: on this machine; ray: on the machines of a Ray cluster")
    ] = EngineName.local,
    ray_address: Annotated[
        str,
        typer.Option(help="with ray: host:port of the cluster; auto: the one that this machine belongs to"),
    ] = "auto",
    ray_gpus: Annotated[
        float, typer.Option(min=0, help="with ray: GPUs that each process holds; with 0 it sees none")
    ] = 0.0,
    cache: Annotated[
        Path | None, typer.Option(help="folder that keeps vectors between runs, by feature space")
    ] = None,
    pages: Annotated[bool, typer.Option(help="write the pages")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Detect what the examples show in pictures.

    The examples' own pictures are searched first, to learn how high true objects rank (--preset calibrated).
    Writes instances.json (COCO), decisions.parquet (every candidate, every reason) and pages that open
    offline. The same command again goes on where it stopped.

    Example: lydite detect run photos/ --positive examples/ --out result/
    """
    chosen = _choose(engine, workers, ray_address, ray_gpus)
    known = read_known(
        positive, negative, bank, example or [], counter_example or [], reviewed or [], journal
    )
    if isinstance(known, BankFile):
        given = {**known.made_by, **given}
    settings = with_kept_thresholds(resolve(preset, config, given), RunFolder(out_folder))
    require_heard(given, settings.proposer.proposer)
    files = search_list(images, out_folder)
    vectors = VectorCache(cache) if cache else None
    if isinstance(known, BankFile):
        known.require_made_by(settings, str(bank))
        detector = Detector.from_bank(known.bank, settings, vectors, pile=files)
    else:
        report_problems(known)
        detector = Detector.from_exemplars(known, settings, vectors, pile=files)
    folder = open_run(out_folder, detector)
    report_bank(detector)
    if detector.calibration is not None:
        show_calibration(detector.calibration, given.get("class_thresholds", {}))
    with RecordFile(folder.path) as records:
        run_batch(folder, detector, files, chosen, records, quiet)
        summary = finish(folder, detector, records, chosen.workers)
        show_summary(summary)
        if pages:
            out.print(f"pages        {write_run_pages(folder, records, settings.report)}")
    out.print(f"results      {out_folder}")
    if summary["failed"]:
        sys.exit(EXIT_FAILED)


def require_heard(given: Collection[str], proposer: str) -> None:
    """Pass if no option was typed that this proposer does not hear.

    Raises:
        UsageError: If one was; without its proposer it would change nothing.
    """
    family = sorted(PROPOSERS.keys() - {"regions", "similarity", "boxes", "callback"})  # of segment anything
    hears = {"boxes": ["boxes"], "similarity": ["similarity", *family], "sam": family}
    listeners = {name: names for group, names in hears.items() for name in GROUPS[group].model_fields}
    listeners["callback"] = ["callback"]
    for name in given:
        if proposer not in listeners.get(name, [proposer]):
            wanted = " or ".join(listeners[name])
            raise UsageError(
                f"Option --{name.replace('_', '-')} says nothing to the proposer {proposer!r}.",
                f"Add --proposer {wanted}, or leave it out.",
            )


def search_list(images: list[Path], out_folder: Path) -> tuple[ImageFile, ...]:
    """The pictures to search; what lies in the folder of the results is none of them."""
    files = find_images(images, leave_out=(out_folder,))
    if out_folder.exists() and any(image.resolve() in out_folder.resolve().parents for image in images):
        err.print(f"note: {printable(out_folder)} is where results go and is not searched", markup=False)
    unread = find_unread(images, leave_out=(out_folder,))
    if unread:
        suffixes = ", ".join(sorted({Path(path).suffix.lower() for path in unread}))
        err.print(
            f"note: {len(unread)} of {suffixes} left out, formats that are not read: "
            f"{printable(unread[0])}{' and others' if len(unread) > 1 else ''}",
            markup=False,
        )
    return files


def read_known(
    positive: Path | None,
    negative: Path | None,
    bank: Path | None,
    examples: list[str],
    counter: list[str],
    reviewed: list[Path],
    journal: str | None,
) -> ExemplarSet | BankFile:
    """The examples of a run, from folders, single ones and reviews, or from a file.

    Raises:
        UsageError: If both are named, or neither.
    """
    if bank is not None and (positive or negative or examples or counter or reviewed):
        raise UsageError(
            "Option --bank holds its own examples.",
            "Leave --positive, --negative, --example, --counter-example and --reviewed out.",
        )
    if bank is not None:
        return load_bank(bank)
    more = tuple(dict.fromkeys(parse_example(text) for text in examples))
    if positive is None and not more and not reviewed:
        raise UsageError(
            "Nothing says what to find.",
            "Give a folder of examples with --positive, a single one with --example, a review with "
            "--reviewed, or a file with --bank.",
        )
    against = tuple(dict.fromkeys(parse_example(text, negative=True) for text in counter))
    judged = read_all_reviewed(reviewed, journal)
    return gather_examples(positive, negative, more + against, judged)


def _choose(engine: EngineName, workers: int | None, ray_address: str, ray_gpus: float) -> Engine:
    if engine is EngineName.ray:
        return build_cluster_engine(ray_address, workers, ray_gpus)
    if ray_gpus or ray_address != "auto":
        raise UsageError(
            "Options --ray-address and --ray-gpus are for --engine ray.", "Add it, or leave them out."
        )
    return build_engine(workers or 1)


def run_batch(
    folder: RunFolder,
    detector: Detector,
    files: tuple[ImageFile, ...],
    engine: Engine,
    records: RecordFile,
    quiet: bool,
) -> None:
    """Process all pictures under a progress bar; an interruption says how to go on."""
    work = process(folder, detector, files, engine)
    try:
        for record in progress(work, len(files), "detecting", quiet):
            records.append(record)
    except KeyboardInterrupt:
        err.print(
            f"\nInterrupted after {len(records)} of {len(files)} pictures. "
            "What is done is kept; the same command goes on from there."
        )
        sys.exit(EXIT_FAILED)


def report_bank(detector: Detector) -> None:
    """Say what the examples came to, above all what was left out."""
    bank = detector.bank
    if bank.negatives is None and len(bank.class_map) == 1:
        err.print(
            "note: one class and no negatives, so nothing says what is not it. "
            "A few pictures of other things (--negative) or --min-pos-score make results much better."
        )
    for note in detector.proposer.provenance.notes:
        err.print(note, markup=False)
    for name in changed_sources(bank):
        err.print(f"example {name} has changed or gone since the bank was saved", markup=False)
    report_examples(bank)
