"""The rows of a run that may be scored, joined with their labels; and why the others may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import Exposure, InputError, ItemId, Predictions
from lydite.metrics import Judgements
from lydite.train.finished import FinishedTraining
from lydite.train.plan import NEVER, keeps_groups

NO_LABEL, NO_PREDICTION = "no label", "no prediction"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What the folder of a run says of an item.

    Args:
        item: The item.
        image: Hash of its picture.
        label: Its class; empty if it has none.
        group: Its group; empty if it has none.
        fold: The fold in which it was held out; -1 if in none.
        path: Where its file lay.
    """

    item: ItemId
    image: str
    label: str
    group: str
    fold: int
    path: str


@dataclass(frozen=True, eq=False)
class Honest:
    """Row-aligned: what may be scored of a run.

    Args:
        rows: The items.
        judged: Their labels, what the run says of them, and their groups. Intervals draw groups where the
            run kept every group within one fold, and rows where it did not: such a run tells nothing of
            groups that it has not seen.
        exposure: ``(n,)`` uint8 of ``Exposure``, the worst of the models that speak of an item.
        left_out: Why rows are not among them, with how many.
    """

    rows: tuple[Row, ...]
    judged: Judgements
    exposure: npt.NDArray[np.uint8]
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by exposure, to be told beside every figure."""
        values, times = np.unique(self.exposure, return_counts=True)
        return {str(Exposure(value)): int(count) for value, count in zip(values, times, strict=True)}


def honest_rows(run: FinishedTraining, predictions: Predictions | None, *, strict: bool = False) -> Honest:
    """The rows of a table of predictions that may be scored.

    Where several models of a run speak of an item (on the split ``test``), it has the mean of their
    probabilities, and the worst of their exposures decides for all of them.

    Args:
        run: The run.
        predictions: ``run.held_out`` or ``run.test``.
        strict: Refuse rows whose label chose among models too.

    Raises:
        InputError: If the predictions speak of items that the run does not know.
    """
    known = _rows_of(run)
    table = _mean_of_models(predictions) if predictions is not None else None
    if table is None:
        return _chosen(run, (), np.zeros((0, len(run.classes))), np.zeros(0, np.uint8), {})
    run.classes.require_same(table.classes)
    strange = [item for item in table.items if item not in known]
    if strange:
        raise InputError(
            f"The run in {run.folder.name} speaks of items that it does not know.",
            "Begin it anew.",
            str(strange[0]),
        )
    rows = [known[item] for item in table.items]
    fits = table.scorable(strict) & np.array([bool(row.label) for row in rows], np.bool_)
    reasons = [_reason(table, place, rows[place]) for place in np.flatnonzero(~fits).tolist()]
    places = np.flatnonzero(fits)
    return _chosen(
        run,
        tuple(rows[place] for place in places),
        table.logits[places].astype(np.float64),
        table.exposure[places],
        dict(sorted(Counter(reasons).items())),
    )


def _chosen(
    run: FinishedTraining,
    rows: tuple[Row, ...],
    logits: npt.NDArray[np.float64],
    exposure: npt.NDArray[np.uint8],
    left_out: Mapping[str, int],
) -> Honest:
    number = {name: label for label, name in enumerate(run.classes)}
    labels = np.array([number[row.label] for row in rows], np.int64)
    groups = tuple(row.group for row in rows)
    judged = Judgements(run.classes, labels, logits, groups, draw_groups=groups_apart(run))
    return Honest(rows, judged, exposure, left_out)


def _reason(table: Predictions, place: int, row: Row) -> str:
    if not row.label:
        return NO_LABEL
    return str(Exposure(table.exposure[place])) if table.known[place] else NO_PREDICTION


def _rows_of(run: FinishedTraining) -> dict[ItemId, Row]:
    columns = run.items.select("item", "image", "label", "group", "fold", "path").iter_rows()
    rows = (
        Row(ItemId.parse(item), image, label or "", group or "", -1 if fold is None else fold, path or "")
        for item, image, label, group, fold, path in columns
    )
    return {row.item: row for row in rows}


def groups_apart(run: FinishedTraining) -> bool:
    """Whether the folds of a run keep every group whole, see ``plan.keeps_groups``."""
    table = run.items.select(pl.col("group").fill_null(""), pl.col("fold").fill_null(NEVER))
    return keeps_groups(table["group"].to_list(), table["fold"].to_list())


def _mean_of_models(predictions: Predictions) -> Predictions:
    """One row an item: the logarithm of the mean of the probabilities of all models that speak of it."""
    places = {item: place for place, item in enumerate(dict.fromkeys(predictions.items))}
    if len(places) == len(predictions):
        return predictions
    home = np.array([places[item] for item in predictions.items], np.int64)
    sums = np.zeros((len(places), len(predictions.classes)))
    np.add.at(sums, home, predictions.probabilities().astype(np.float64))
    exposure = np.zeros(len(places), np.uint8)
    np.maximum.at(exposure, home, predictions.exposure)
    with np.errstate(divide="ignore"):
        logits = np.log(sums / np.bincount(home)[:, None]).astype(np.float32)
    fold = np.full(len(places), -1, np.int16)
    return Predictions(tuple(places), predictions.classes, logits, predictions.run, fold, exposure)
