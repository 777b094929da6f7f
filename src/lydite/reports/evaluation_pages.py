"""From an evaluation to its numbers on disk and its pages, one picture open at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ItemId, Masks, Outcome
from lydite.data import ImageLimits, printable, write_atomic
from lydite.detect.evaluation import Evaluation, FalseAlarm, MissedObject
from lydite.detect.evaluation_record import evaluation_record
from lydite.detect.store import ImageRecord, masks_of
from lydite.reports.links import RunLinks
from lydite.reports.own_folder import take_folder
from lydite.reports.pages.errors import ErrorCard, write_error_pages
from lydite.reports.pages.evaluation import FATES, write_evaluation_page
from lydite.reports.palette import look_of
from lydite.reports.site import Site
from lydite.reports.windows import Shape, draw_window, open_pixels, trace_shapes, window_around
from lydite.reports.words import describe_block, plural

Pixels: TypeAlias = npt.NDArray[np.uint8]
EVALUATION = "evaluation.json"
NAMED_RULES = 2
"""How many of the rules that blocked a candidate a card names; the picture's page has them all."""
MISSED = "#f0231c"
_OTHER = "#ffffff"


@dataclass(frozen=True, slots=True)
class EvaluationNav:
    """What the head of each page links.

    Args:
        misses: How many.
        alarms: How many; ``None`` where they are not known.
        run: Address of the run's own front page; empty if there is none.
    """

    misses: int
    alarms: int | None
    run: str


def write_evaluation(evaluation: Evaluation, folder: Path) -> Path:
    """Write ``evaluation.json`` and the pages of an evaluation; an earlier one in the folder is replaced.

    Args:
        evaluation: What to write.
        folder: New, empty, or with an earlier evaluation.

    Returns:
        Path of ``index.html``.

    Raises:
        OutputConflict: If the folder holds anything else.
        OutputError: If something cannot be written.
    """
    take_folder(folder, EVALUATION, ("misses-*.html", "false-alarms-*.html", "windows/*.jpg"))
    record = json.dumps(evaluation_record(evaluation), indent=1, allow_nan=False)
    write_atomic(folder / EVALUATION, record.encode("utf-8", "backslashreplace"))
    site = Site(folder)
    site.write_assets()
    links = RunLinks(evaluation.run.path, folder)
    cards = _Cards(site, evaluation, links)
    misses, alarms = cards.draw()
    withheld = evaluation.assessment.overall["precision"].withheld
    nav = EvaluationNav(len(misses), None if withheld else len(alarms), links.front())
    write_error_pages(site, "misses", misses, nav, "")
    write_error_pages(site, "false-alarms", alarms, nav, withheld)
    return write_evaluation_page(site, evaluation, misses, alarms, nav)


class _Cards:
    """Draws the errors of each picture while it is open."""

    def __init__(self, site: Site, evaluation: Evaluation, links: RunLinks) -> None:
        self._site = site
        self._evaluation = evaluation
        self._links = links
        settings = evaluation.run.settings
        self._limits = ImageLimits(settings["max_bytes"], settings["max_pixels"])
        self._looks = {
            name: look_of(index, name) for index, name in enumerate(evaluation.assessment.terms.class_map)
        }
        self._truth = {told.record.item: told.truth for told in evaluation.truth.pictures}

    def draw(self) -> tuple[list[ErrorCard], list[ErrorCard]]:
        """The cards of misses and of false alarms, in their order."""
        misses: dict[int, ErrorCard] = {}
        alarms: dict[int, ErrorCard] = {}
        errors: list[tuple[ImageRecord, int, MissedObject | FalseAlarm]] = [
            *((miss.record, place, miss) for place, miss in enumerate(self._evaluation.misses)),
            *((alarm.record, place, alarm) for place, alarm in enumerate(self._evaluation.false_alarms)),
        ]
        errors.sort(key=lambda error: error[0].item)
        for _, group in groupby(errors, key=lambda error: error[0].item):
            here = list(group)
            record = here[0][0]
            pixels = open_pixels(record, self._limits)
            table = self._evaluation.run.read_table(record)
            for _, place, error in here:
                if isinstance(error, MissedObject):
                    misses[place] = self._miss(error, table, pixels, place)
                else:
                    alarms[place] = self._alarm(error, pixels, place)
        return [misses[place] for place in sorted(misses)], [alarms[place] for place in sorted(alarms)]

    def _miss(
        self,
        miss: MissedObject,
        table: pl.DataFrame,
        pixels: Pixels | None,
        place: int,
    ) -> ErrorCard:
        size_hw, shape = miss.record.size_hw, miss.shape
        box = (shape.boxes if isinstance(shape, Masks) else shape).xyxy[0].tolist()
        candidate = table.filter(pl.col("region") == miss.fate.region)
        drawn = masks_of(candidate, size_hw)
        window = window_around([box, *drawn.boxes.xyxy.tolist()], size_hw)
        look = self._looks[miss.class_name]
        accepted = miss.fate.outcome == Outcome.ACCEPTED
        kind, colour = ("found", self._looks[miss.fate.class_name].colour) if accepted else ("other", _OTHER)
        shapes = [Shape(kind, colour, path) for path in trace_shapes(drawn, size_hw)]
        shapes += [Shape("missed", MISSED, path) for path in trace_shapes(shape, size_hw)]
        return ErrorCard(
            look,
            _title(miss.record),
            self._links.picture(miss.record.item),
            draw_window(self._site, f"windows/m{place}.jpg", window, pixels),
            tuple(shapes),
            _headline(miss),
            _reasons(miss),
            miss.fate.outcome,
        )

    def _alarm(self, alarm: FalseAlarm, pixels: Pixels | None, place: int) -> ErrorCard:
        size_hw = alarm.record.size_hw
        window = window_around(alarm.shape.boxes.xyxy.tolist(), size_hw)
        look, truth = self._looks[alarm.class_name], self._truth[alarm.record.item]
        there = truth.boxes if truth.masks is None else truth.masks
        near = there[window.touching(there)]
        shapes = [Shape("other", _OTHER, path) for path in trace_shapes(near, size_hw)]
        shapes += [Shape("found", look.colour, path) for path in trace_shapes(alarm.shape, size_hw)]
        if alarm.instead:
            line = f"lies on {alarm.instead}"
        elif alarm.best_iou > 0:
            line = f"overlap with the nearest {alarm.class_name}: IoU {alarm.best_iou:.2f}"
        else:
            line = f"no {alarm.class_name} is annotated there"
        return ErrorCard(
            look,
            _title(alarm.record),
            self._links.picture(alarm.record.item, alarm.region.number),
            draw_window(self._site, f"windows/f{place}.jpg", window, pixels),
            tuple(shapes),
            f"score {alarm.score:.3f}, rank {alarm.rank:.3f}",
            (line,),
            "confused" if alarm.instead else "",
        )


def _headline(miss: MissedObject) -> str:
    fate = miss.fate
    if fate.region < 0:
        return f"{FATES[fate.outcome]} (best IoU {fate.iou:.2f})"
    other = f", as {fate.class_name}" if fate.class_name != miss.class_name else ""
    return f"candidate #{fate.region}{other}: score {fate.score:.3f}, IoU {fate.iou:.2f}"


def _reasons(miss: MissedObject) -> tuple[str, ...]:
    blocks = miss.fate.blocks
    shown = tuple(describe_block(block) for block in blocks[:NAMED_RULES])
    return (
        (*shown, f"and {plural(len(blocks) - NAMED_RULES, 'more rule')}")
        if len(blocks) > NAMED_RULES
        else shown
    )


def _title(record: ImageRecord) -> str:
    return printable(ItemId.parse(record.item).path)
