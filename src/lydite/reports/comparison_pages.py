"""From two runs on common rows to their numbers on disk and the pages that compare them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from lydite import __version__
from lydite.data import printable
from lydite.metrics import Judgements, Reliability, mean_loss, reliability, share
from lydite.reports.class_figures import calibration_figures, figure_row, points, signed
from lydite.reports.line_plot import reliability_dots
from lydite.reports.own_folder import take_folder
from lydite.reports.pages.answers import (
    AnswerCard,
    AnswerList,
    answer_of,
    notes_of,
    write_answer_pages,
)
from lydite.reports.pages.comparison import ComparisonPage, Side, verdict_of, write_comparison_page
from lydite.reports.pages.training import PREVIEWS, TrainingNav
from lydite.reports.palette import look_of
from lydite.reports.picture_album import FOLDER, Album
from lydite.reports.site import Site
from lydite.reports.training_pages import DRAWN, drawn_text, lede_of
from lydite.reports.training_record import figure, number
from lydite.train.against import Against
from lydite.train.finished import FinishedTraining
from lydite.train.recipe import diff

RECORD = "comparison.json"
_ASKED = (0.01, 0.005)
_SIDES = ("first", "second")


def write_comparison(against: Against, folder: Path) -> Path:
    """Write ``comparison.json`` and the pages of a comparison; earlier ones in the folder are replaced.

    Args:
        against: Two runs on common rows.
        folder: New, empty, or with an earlier comparison.

    Returns:
        Path of ``index.html``.

    Raises:
        OutputConflict: If the folder holds anything else.
        OutputError: If something cannot be written.
    """
    take_folder(folder, RECORD, ("*.html", f"{FOLDER}/*.jpg"))
    site = Site(folder)
    record = json.dumps(comparison_record(against), indent=1, allow_nan=False)
    site.write_bytes(RECORD, record.encode("utf-8", "backslashreplace"))
    site.write_assets()
    return _Pages(site, against).write()


class _Pages:
    """The pages of one comparison."""

    def __init__(self, site: Site, against: Against) -> None:
        self._site, self._against = site, against
        self._album = Album(site)
        self._looks = tuple(look_of(index, name) for index, name in enumerate(against.first.classes))

    def write(self) -> Path:
        lists = {
            self._list("improved", "Improved", "Only the second run is right."): self._places(True),
            self._list("worsened", "Worsened", "Only the first run is right."): self._places(False),
        }
        nav = TrainingNav(tuple(lists), home="Comparison", record=RECORD)
        for shown, places in lists.items():
            write_answer_pages(self._site, shown, self._card, places, nav)
        previews = {shown: [self._card(p) for p in places[:PREVIEWS]] for shown, places in lists.items()}
        return write_comparison_page(self._site, self._front(), previews, nav)

    def _list(self, kind: str, title: str, about: str) -> AnswerList:
        made = self._against.comparison
        total = made.improved if kind == "improved" else made.worsened
        told = f"{about} The surest of the two first."
        return AnswerList(kind, title, told, "There is no such picture.", total, min(total, DRAWN))

    def _places(self, improved: bool) -> list[int]:
        before, after = self._against.before, self._against.after
        right, wrong = (after, before) if improved else (before, after)
        places = np.flatnonzero(right.hits & ~wrong.hits)
        sure = np.maximum(before.confidence, after.confidence)[places]
        return [int(place) for place in places[np.argsort(-sure, kind="stable")][:DRAWN]]

    def _card(self, place: int) -> AnswerCard:
        row, label = self._against.rows[place], int(self._against.before.labels[place])
        answers = tuple(
            answer_of(np.exp(judged.log_probabilities[place]), label, self._looks, title)
            for title, judged in zip(_SIDES, (self._against.before, self._against.after), strict=True)
        )
        group = notes_of(row)[:1] if row.group else ()
        return AnswerCard(printable(row.item.path), self._album.shot(row), self._looks[label], answers, group)

    def _front(self) -> ComparisonPage:
        against, made = self._against, self._against.comparison
        verdict, because = verdict_of(made)
        gap, loss = made.difference, made.loss_difference
        sums = made.outcomes.sum(axis=0).tolist()
        return ComparisonPage(
            verdict,
            because,
            made.images,
            drawn_text(against.before),
            f"{100 * made.level:g}",
            f"{100 * made.power:g}",
            points(gap.value) if gap.known else "–",
            f"[{points(gap.low)}, {points(gap.high)}]" if gap.has_interval else "",
            _p_text(made.p_value),
            points(made.detectable).removeprefix("+") if made.images else "–",
            tuple((points(asked)[1:], round(made.rows_for(asked))) for asked in _ASKED if made.images),
            signed(loss.value) if loss.known else "–",
            f"[{signed(loss.low)}, {signed(loss.high)}]" if loss.has_interval else "",
            made.improved,
            made.worsened,
            sums[0],
            sums[3],
            against.left_out,
            self._sides(),
            self._classes(),
            tuple(
                change
                for change in diff(against.first.recipe, against.second.recipe)
                if change.name != "about"
            ),
            _facts(against.first, against.second),
        )

    def _sides(self) -> tuple[Side, Side]:
        pairs = ((self._against.first, self._against.before), (self._against.second, self._against.after))
        first, second = (self._side(title, *pair) for title, pair in zip(_SIDES, pairs, strict=True))
        return first, second

    def _side(self, title: str, run: FinishedTraining, judged: Judgements) -> Side:
        sure = reliability(judged, level=self._against.comparison.level)
        figures = _figures(judged, sure, self._against.comparison.level)
        return Side(
            title,
            run.id,
            lede_of(run),
            _link(run, self._site.folder),
            tuple(figure_row(name, one) for name, one in figures.items()),
            reliability_dots(sure),
            f"{sure.by_chance:.3f}",
        )

    def _classes(self) -> tuple[tuple[Any, int, int, int, int, int], ...]:
        rows = [
            (look, sum(counts), *counts)
            for look, counts in zip(self._looks, self._against.comparison.outcomes.tolist(), strict=True)
            if sum(counts)
        ]
        return tuple(sorted(rows, key=lambda row: (-(row[3] + row[4]), row[0].index)))


def comparison_record(against: Against) -> dict[str, Any]:
    """The content of ``comparison.json``; what cannot be said is null."""
    made = against.comparison
    names = tuple(against.first.classes)
    kinds = {"improved": against.after.hits & ~against.before.hits}
    kinds["worsened"] = against.before.hits & ~against.after.hits
    return {
        "lydite": __version__,
        "first": against.first.id,
        "second": against.second.id,
        "verdict": verdict_of(made)[0],
        "images": made.images,
        "drawn": made.units,
        "level": made.level,
        "power": made.power,
        "left_out": dict(against.left_out),
        "accuracies": [number(value) for value in made.accuracies],
        "difference": figure(made.difference),
        "p_value": number(made.p_value),
        "detectable": number(made.detectable),
        "log_loss_difference": figure(made.loss_difference),
        "outcomes": {
            name: dict(zip(("both_right", "improved", "worsened", "both_wrong"), counts, strict=True))
            for name, counts in zip(names, made.outcomes.tolist(), strict=True)
        },
        **{
            kind: [printable(str(against.rows[place].item)) for place in np.flatnonzero(mine).tolist()]
            for kind, mine in kinds.items()
        },
        "recipes": [
            {"setting": name, "first": left, "second": right}
            for name, left, right in diff(against.first.recipe, against.second.recipe)
        ],
    }


def _figures(judged: Judgements, sure: Reliability, level: float) -> Mapping[str, Any]:
    return {
        "accuracy": share(judged.hits, judged.units, level),
        "log_loss": mean_loss(judged, level=level),
        **calibration_figures(sure),
    }


def _facts(first: FinishedTraining, second: FinishedTraining) -> tuple[tuple[str, Any, Any], ...]:
    told = [
        {
            "folds": run.way,
            "data": str(run.page.get("decides", {}).get("data", ""))[:16],
            "seed": run.page.get("decides", {}).get("seed"),
            "lydite": run.page.get("decides", {}).get("lydite"),
            "weights and teachers": [parent["name"] for parent in run.page.get("parents", [])],
        }
        for run in (first, second)
    ]
    return tuple((name, told[0][name], told[1][name]) for name in told[0] if told[0][name] != told[1][name])


def _p_text(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _link(run: FinishedTraining, folder: Path) -> str:
    """The run's own pages, where they exist and lie near: a long way would tell how a machine is arranged."""
    page = (run.folder / "report" / "index.html").resolve()
    near = folder.resolve().is_relative_to(run.folder.resolve().parent.parent)
    return quote(Path(os.path.relpath(page, folder.resolve())).as_posix()) if near and page.is_file() else ""
