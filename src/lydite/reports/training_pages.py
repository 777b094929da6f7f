"""From the folder of a run to its pages: how good it is, how sure, where it errs, how it came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lydite.data import printable
from lydite.metrics import (
    ClassificationScores,
    Figure,
    Judgements,
    Reliability,
    reliability,
    score_classes,
    share,
)
from lydite.reports.class_figures import figure_row
from lydite.reports.history import fold_seconds, history_plots, read_epochs
from lydite.reports.own_folder import take_folder
from lydite.reports.pages.answers import (
    AnswerCard,
    AnswerList,
    answer_of,
    notes_of,
    write_answer_pages,
)
from lydite.reports.pages.training import (
    PREVIEWS,
    FoldRow,
    TrainingNav,
    TrainingPage,
    class_rows,
    confused_pairs,
    dots_of,
    figures_of,
    group_rows,
    leading_of,
    looks_of,
    matrix_of,
    write_epoch_pages,
    write_training_page,
)
from lydite.reports.picture_album import FOLDER, Album
from lydite.reports.site import Site
from lydite.reports.training_record import training_record
from lydite.reports.words import plural
from lydite.train.finished import FinishedTraining
from lydite.train.honest import Honest, honest_rows
from lydite.train.recipe import Recipe, Speed, diff, flatten
from lydite.train.status import State

RECORD = "training.json"
DRAWN = 1200
"""Pictures of one list that are drawn; the record names all errors."""
SAMPLED = 120


def write_training(
    run: FinishedTraining, folder: Path | None = None, *, strict: bool = False, level: float = 0.95
) -> Path:
    """Write ``training.json`` and the pages of a run, finished or not; earlier ones are replaced.

    Args:
        run: The run.
        folder: New, empty, or with earlier pages of a run; ``report`` in the run's folder when ``None``.
        strict: Leave out rows whose label chose among models.
        level: Of the intervals, in (0, 1).

    Returns:
        Path of ``index.html``.

    Raises:
        OutputConflict: If the folder holds anything else.
        OutputError: If something cannot be written.
    """
    folder = run.folder / "report" if folder is None else folder
    take_folder(folder, RECORD, ("*.html", f"{FOLDER}/*.jpg"))
    test = honest_rows(run, run.test, strict=strict)
    held = honest_rows(run, run.held_out, strict=strict)
    rows, part = (held, "held-out") if len(held) or not len(test) else (test, "test")
    scores, sure = score_classes(rows.judged, level=level), reliability(rows.judged, level=level)
    site = Site(folder)
    record = training_record(run, rows, part, scores, sure)
    site.write_bytes(
        RECORD, json.dumps(record, indent=1, allow_nan=False).encode("utf-8", "backslashreplace")
    )
    site.write_assets()
    return _Pages(site, run, rows, part, scores, sure).write(test if part == "held-out" else None)


class _Pages:
    """The pages of one run over the rows that are scored."""

    def __init__(
        self,
        site: Site,
        run: FinishedTraining,
        rows: Honest,
        part: str,
        scores: ClassificationScores,
        sure: Reliability,
    ) -> None:
        self._site, self._run, self._rows, self._part = site, run, rows, part
        self._scores, self._sure = scores, sure
        self._looks, self._album = looks_of(scores), Album(site)

    def write(self, test: Honest | None) -> Path:
        judged = self._rows.judged
        wrong = np.flatnonzero(~judged.hits)
        wrong = wrong[np.argsort(-judged.confidence[wrong], kind="stable")]
        sample = np.random.default_rng(0).permutation(len(judged))[:SAMPLED]
        lists = {
            AnswerList(
                "errors",
                "Most confident errors",
                "The surest first. A wrong label looks like a sure error, too.",
                "No picture is judged wrong." if len(judged) else "No picture is scored.",
                len(wrong),
                min(len(wrong), DRAWN),
            ): wrong[:DRAWN].tolist(),
            AnswerList(
                "samples",
                "Sample",
                "Drawn by chance from all scored pictures, right or wrong.",
                "No picture is scored.",
                len(sample),
                len(sample),
            ): sample.tolist(),
        }
        epochs = read_epochs(self._run.log)
        nav = TrainingNav(tuple(lists), len(epochs))
        for shown, places in lists.items():
            write_answer_pages(self._site, shown, self._card, places, nav)
        write_epoch_pages(self._site, epochs, nav)
        previews = {shown: [self._card(p) for p in places[:PREVIEWS]] for shown, places in lists.items()}
        return write_training_page(self._site, self._front(test), previews, nav)

    def _card(self, place: int) -> AnswerCard:
        row, judged = self._rows.rows[place], self._rows.judged
        label = int(judged.labels[place])
        answer = answer_of(np.exp(judged.log_probabilities[place]), label, self._looks)
        return AnswerCard(
            printable(row.item.path),
            self._album.shot(row),
            self._looks[label],
            (answer,),
            notes_of(row, int(self._rows.exposure[place])),
        )

    def _front(self, test: Honest | None) -> TrainingPage:
        run, scores = self._run, self._scores
        return TrainingPage(
            run.id,
            lede_of(run),
            _state(run),
            run.status.notes,
            self._part,
            leading_of(scores),
            figures_of(scores, self._sure),
            f"{self._sure.by_chance:.3f}",
            self._rows.counts,
            self._rows.left_out,
            drawn_text(self._rows.judged),
            f"{100 * scores.level:g}",
            leading_of(score_classes(test.judged, level=scores.level)) if test else (),
            history_plots(read_epochs(run.log)),
            self._folds(),
            dots_of(self._sure),
            class_rows(scores),
            matrix_of(scores),
            confused_pairs(scores),
            group_rows(scores.groups),
            len(scores.groups),
            tuple(change for change in diff(Recipe(), run.recipe) if change.name != "about"),
            {name: value for name, value in flatten(run.recipe).items() if name != "about"},
            _sources(run),
            _environment(run.environment),
        )

    def _folds(self) -> tuple[FoldRow, ...]:
        seconds = fold_seconds(self._run.log)
        folds = np.array([row.fold for row in self._rows.rows], np.int64)
        judged = self._rows.judged
        rows = []
        for fold in self._run.status.folds:
            mine = folds == fold
            accuracy: Figure = share(judged.hits[mine], judged.units[mine], self._scores.level)
            spent = seconds.get(fold)
            rows.append(
                FoldRow(
                    f"fold {fold}" if fold >= 0 else "all rows",
                    figure_row("accuracy", accuracy),
                    accuracy.images,
                    "" if spent is None or np.isnan(spent) else f"{spent:,.1f} s",
                    fold in self._run.status.done,
                )
            )
        return tuple(rows)


def lede_of(run: FinishedTraining) -> str:
    """What was run, in a sentence."""
    recipe = run.recipe
    if recipe.speed is Speed.PROBE:
        what = f"A {recipe.head.kind} head on frozen features of {recipe.backbone.name}"
    else:
        what = f"{recipe.backbone.name} fine-tuned for {plural(recipe.schedule.epochs, 'epoch')}"
    return f"{what}; {run.way}." if run.way else f"{what}."


def _state(run: FinishedTraining) -> str:
    status = run.status
    if status.state is State.DONE:
        return ""
    told = {
        State.RUNNING: "This run is still going on",
        State.INTERRUPTED: "This run was interrupted; the same command goes on with it",
        State.FAILED: "This run failed",
        State.TAINTED: "This run saw other pictures than it declared, so nothing it says can be scored",
    }[status.state]
    done = f" {len(status.done)} of {plural(len(status.folds), 'fold')} are ready."
    return f"{told}{': ' + printable(status.error) if status.error else ''}.{done}".replace("..", ".")


def drawn_text(judged: Judgements) -> str:
    """What intervals draw, in words."""
    groups = len({group for group in judged.groups if group})
    if not judged.draw_groups or not groups:
        return plural(len(judged), "picture")
    alone = sum(not group for group in judged.groups)
    told = plural(groups, "group")
    return f"{told} and {plural(alone, 'picture')} without one" if alone else told


def _sources(run: FinishedTraining) -> dict[str, str]:
    told = {name: str(value) for name, value in run.page.get("source", {}).items()}
    parents = [str(parent["name"]) for parent in run.page.get("parents", [])]
    data = str(run.page.get("decides", {}).get("data", ""))[:16]
    return {
        **told,
        "data": data,
        "seed": str(run.page.get("decides", {}).get("seed", "")),
        **({"weights and teachers": ", ".join(parents)} if parents else {}),
    }


def _environment(told: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: str(value) for name, value in told.items() if not isinstance(value, dict)}
    packages = told.get("packages")
    return plain | ({name: str(v) for name, v in packages.items()} if isinstance(packages, dict) else {})
