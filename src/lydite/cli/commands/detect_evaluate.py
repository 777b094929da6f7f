"""``lydite detect evaluate``: a run against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lydite.cli.screen import err, out
from lydite.core import UnknownName, UsageError
from lydite.data.formats import FORMATS
from lydite.detect.evaluation import Evaluation, choose_iou_type, evaluate_finished
from lydite.detect.finished import FinishedRun
from lydite.detect.truth import AUTO, LeftOut, TruthSource, read_truth
from lydite.reports import write_evaluation
from lydite.reports.measures import SUMMARY, figure_text, label_of
from lydite.reports.words import plural

NAMED = 3
"""How many of a long list of names are printed; evaluation.json has them all."""
CLASS_COLUMNS = ("precision", "recall", "f1", "oracle_f1", "ap", "ap50")
IOU_TYPES = (AUTO, "mask", "box")


def evaluate(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")],
    truth: Annotated[Path, typer.Option(help="file or folder of annotations")],
    truth_format: Annotated[
        str, typer.Option("--format", help=f"auto, or one of: {', '.join(FORMATS)}")
    ] = AUTO,
    images: Annotated[
        Path | None,
        typer.Option(help="folder that the paths of the truth start from, if it is not its own folder"),
    ] = None,
    renames: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="THEIRS=OURS", help="class of the truth = class of the run; repeatable"
        ),
    ] = None,
    not_exhaustive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="pictures that show more than is annotated, by path in the truth ('*' = all); repeatable",
        ),
    ] = None,
    iou_type: Annotated[
        str, typer.Option(help="compare mask or box; auto: masks if every true instance has one")
    ] = AUTO,
    threshold: Annotated[float, typer.Option("--iou", min=0.01, max=1.0, help="least IoU of a hit")] = 0.5,
    max_dets: Annotated[
        int, typer.Option(min=1, help="most instances that AP and AR count, per picture and class")
    ] = 100,
    draws: Annotated[
        int, typer.Option(min=1, help="resamples of the pictures behind each interval; fewer is faster")
    ] = 200,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="folder for numbers and pages [default: RUN/evaluation]")
    ] = None,
) -> None:
    """Say how a run did where the truth is known.

    Prints a table; writes evaluation.json and pages with curves, confusions, misses and false alarms.

    Example: lydite detect evaluate result/ --truth annotations.json
    """
    if iou_type not in IOU_TYPES:
        raise UnknownName("IoU type", iou_type, IOU_TYPES)
    source = TruthSource(truth, truth_format, images, _pairs(renames or []), tuple(not_exhaustive or ()))
    finished = FinishedRun.open(run)
    known = read_truth(source, finished)
    kind = choose_iou_type(known, iou_type)
    _report_left_out(known.left_out)
    if kind == "bbox" and iou_type == AUTO:
        err.print(f"note: boxes are compared, since masks are missing in the truth: {known.without_mask:,}")
    with err.status("comparing"):
        result = evaluate_finished(finished, known, kind, threshold=threshold, max_dets=max_dets, draws=draws)
    show_evaluation(result)
    with err.status("writing pages"):
        index = write_evaluation(result, run / "evaluation" if out_folder is None else out_folder)
    out.print(f"pages        {index}", markup=False)


def show_evaluation(result: Evaluation) -> None:
    """The numbers of an evaluation, small enough to read at a glance."""
    assessment, terms = result.assessment, result.assessment.terms
    shapes = "masks" if terms.iou_type == "segm" else "boxes"
    out.print(
        f"{plural(assessment.images, 'picture')}, {sum(assessment.asked):,} true and {result.accepted:,} "
        f"accepted instances; {shapes}, IoU {terms.threshold:g}, {terms.level:.0%} intervals over pictures"
    )
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    withheld: dict[str, list[str]] = {}
    for name in SUMMARY:
        figure = assessment.overall.get(name)
        if figure is not None and figure.withheld:
            withheld.setdefault(figure.withheld, []).append(label_of(name))
        elif figure is not None:
            table.add_row(label_of(name), figure_text(figure))
    for most in terms.limits:
        table.add_row(f"AR@{most}", figure_text(assessment.overall[f"ar_{most}"]))
    out.print(table)
    for reason, names in withheld.items():
        out.print(f"withheld: {', '.join(names)} ({reason})")
    _show_classes(result)
    if result.crowded:
        err.print(
            f"note: {plural(result.crowded, 'picture')} with more than {terms.max_dets:,} instances of a "
            "class; AP and AR count no more (--max-dets)"
        )


def _show_classes(result: Evaluation) -> None:
    assessment = result.assessment
    names = [name for name in CLASS_COLUMNS if not all(c[name].withheld for c in assessment.per_class)]
    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    for title in ("true", *(label_of(name) for name in names)):
        table.add_column(title, justify="right")
    for label, figures in enumerate(assessment.per_class):
        cells = [f"{figures[name].value:.3f}" if figures[name].known else "-" for name in names]
        table.add_row(escape(assessment.terms.class_map[label]), f"{assessment.asked[label]:,}", *cells)
    out.print(table)


def _report_left_out(left: LeftOut) -> None:
    """Say what the numbers do not rest on, above all what may be a mistake."""
    lists = (
        (left.without_truth, "picture", "in the run without truth, left out"),
        (left.without_picture, "picture", "in the truth and not in the run, left out"),
        (left.failed, "picture", "failed in the run, left out"),
        (left.by_name, "picture", "paired by file name although folders differ"),
        (left.problems, "place", "in the truth that cannot be used, left out"),
    )
    for names, one, what in lists:
        if names:
            shown = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
            err.print(f"note: {plural(len(names), one)} {what}: {shown}", markup=False)
    for name, count in left.unknown_classes.items():
        err.print(
            f"note: class {name!r} of the truth is unknown to the run; left out: {plural(count, 'instance')}",
            markup=False,
        )
    for name in left.untold_classes:
        err.print(
            f"note: class {name!r} of the run is unknown to the truth; all of it counts as false alarms "
            "(--map renames classes)",
            markup=False,
        )


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            raise UsageError("Option --map takes theirs=ours.", "", text)
        if old in pairs:
            raise UsageError(
                "Option --map renames a class twice.", "Give each class of the truth once.", text
            )
        pairs[old] = new
    return pairs
