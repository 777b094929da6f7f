"""A finished run evaluated against a truth, with each error and what led to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from lydite.core import Boxes, InputError, ItemId, Masks, Outcome, RegionId
from lydite.detect.fate import Fate, trace
from lydite.detect.finished import FinishedRun
from lydite.detect.outlast import outlast
from lydite.detect.store import ImageRecord, masks_of
from lydite.detect.truth import RunTruth, ToldPicture
from lydite.metrics import (
    Assessment,
    Case,
    ImageResult,
    ImageTruth,
    IouType,
    Terms,
    assess,
    box_iou,
    mask_iou,
)
from lydite.metrics.matching import Miss


@dataclass(frozen=True, slots=True, eq=False)
class MissedObject:
    """A true instance that the run did not find.

    Args:
        record: Its picture.
        row: Its row in the picture's truth.
        class_name: Its class.
        shape: One mask, or one box where only boxes are known.
        fate: The candidate that came nearest.
    """

    record: ImageRecord
    row: int
    class_name: str
    shape: Masks | Boxes
    fate: Fate


@dataclass(frozen=True, slots=True, eq=False)
class FalseAlarm:
    """An accepted instance that no true one answers to.

    Args:
        record: Its picture.
        region: Its identity.
        class_name: What it was taken for.
        shape: Its mask.
        score: Its positive score.
        rank: What instances are ordered by.
        best_iou: Largest overlap with a true instance of its class.
        instead: Class of the true instance of another class that it lies on; empty if it lies on none.
    """

    record: ImageRecord
    region: RegionId
    class_name: str
    shape: Masks
    score: float
    rank: float
    best_iou: float
    instead: str


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What an evaluation of a run says.

    Args:
        run: The run.
        truth: What it was compared with.
        assessment: The numbers.
        accepted: Instances that the run accepted in the pictures evaluated.
        crowded: Pictures with more true instances of a class than AP counts.
        misses: True instances not found; those whose candidate was ranked highest first.
        false_alarms: Accepted instances that are not there, highest rank first.
    """

    run: FinishedRun
    truth: RunTruth
    assessment: Assessment
    accepted: int
    crowded: int
    misses: tuple[MissedObject, ...]
    false_alarms: tuple[FalseAlarm, ...]


def choose_iou_type(truth: RunTruth, asked: str = "auto") -> IouType:
    """Masks where every true instance has one, else boxes; or as asked.

    Args:
        truth: The truth.
        asked: ``"auto"``, ``"mask"`` or ``"box"``.

    Raises:
        InputError: If masks are asked for and some are missing.
    """
    lacking = truth.without_mask
    if asked == "mask" and lacking:
        raise InputError(
            f"Masks cannot be compared: {lacking:,} true instances have only a box.", "Use --iou-type box."
        )
    return "bbox" if asked == "box" or (asked == "auto" and lacking) else "segm"


def evaluate_finished(
    run: FinishedRun,
    truth: RunTruth,
    iou_type: IouType,
    *,
    threshold: float = 0.5,
    max_dets: int = 100,
    draws: int = 200,
) -> Evaluation:
    """Compare what a run accepted, and what it could have accepted, with the truth.

    Instances are ordered by their rank, which is what the run's own suppression goes by.

    Args:
        run: A finished run.
        truth: Its truth.
        iou_type: Compare boxes or masks.
        threshold: Smallest intersection over union of a hit, in (0, 1].
        max_dets: Most instances that AP and AR count, per picture and class.
        draws: Resamples of the pictures that intervals come from.

    Raises:
        InputError: If a table of the run cannot be read.
        InvalidValue: If a number is out of range.
    """
    terms = Terms(run.class_map, iou_type, threshold, max_dets, draws)
    cases = {picture.truth.image: _case(run, picture) for picture in truth.pictures}
    assessment = assess(list(cases.values()), terms)
    told = {picture.truth.image: picture for picture in truth.pictures}
    matching = assessment.matching
    return Evaluation(
        run,
        truth,
        assessment,
        sum(len(case.accepted) for case in cases.values()),
        sum(_most_of_a_class(case.truth) > max_dets for case in cases.values()),
        _misses(run, told, matching.misses, terms),
        _false_alarms(run, told, matching.false_alarms, terms),
    )


def _case(run: FinishedRun, picture: ToldPicture) -> Case:
    table = run.read_table(picture.record)
    masks = masks_of(table, picture.record.size_hw)
    labels = np.array([run.class_map.get_label(name) for name in table["class"]], np.int64)
    rank = table["rank"].to_numpy().astype(np.float32)
    every = ImageResult(picture.truth.image, masks.boxes, masks, labels, rank)
    accepted = (table["outcome"] == Outcome.ACCEPTED.value).to_numpy()
    scored = outlast(table, masks, run.class_map, run.settings)
    return Case(picture.truth, every[accepted], every[scored], picture.exhaustive)


def _misses(
    run: FinishedRun, told: dict[str, ToldPicture], misses: tuple[Miss, ...], terms: Terms
) -> tuple[MissedObject, ...]:
    found, table, image = [], pl.DataFrame(), ""
    for miss in misses:
        picture = told[miss.image]
        if miss.image != image:  # misses of a picture stand together
            table, image = run.read_table(picture.record), miss.image
        truth, row = picture.truth, [miss.row]
        masks = truth.masks if terms.iou_type == "segm" else None
        shape = truth.boxes[row] if masks is None else masks[row]
        name = terms.class_map[miss.label]
        fate = trace(table, shape, name, terms.threshold)
        found.append(MissedObject(picture.record, miss.row, name, shape, fate))
    return tuple(
        sorted(found, key=lambda one: (-np.nan_to_num(one.fate.rank, nan=-np.inf), one.record.item, one.row))
    )


def _false_alarms(
    run: FinishedRun, told: dict[str, ToldPicture], alarms: tuple[Miss, ...], terms: Terms
) -> tuple[FalseAlarm, ...]:
    found, table, image = [], pl.DataFrame(), ""
    for alarm in alarms:
        picture = told[alarm.image]
        if alarm.image != image:
            table = run.read_table(picture.record).filter(pl.col("outcome") == Outcome.ACCEPTED.value)
            image = alarm.image
        row = table.row(alarm.row, named=True)
        mask = masks_of(table[[alarm.row]], picture.record.size_hw)
        found.append(
            FalseAlarm(
                picture.record,
                RegionId(ItemId.parse(picture.record.item), row["region"]),
                row["class"],
                mask,
                row["score"],
                row["rank"],
                alarm.best_iou,
                _lies_on(mask, picture.truth, terms, alarm.label),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.rank, one.region)))


def _lies_on(mask: Masks, truth: ImageTruth, terms: Terms, label: int) -> str:
    """The class of the instance of another class that a mask covers enough; empty if there is none."""
    masks = truth.masks if terms.iou_type == "segm" else None
    overlap = box_iou(mask.boxes, truth.boxes)[0] if masks is None else mask_iou(mask, masks)[0]
    overlap[truth.labels == label] = 0
    if not len(overlap) or overlap.max() < np.float32(terms.threshold):
        return ""
    return terms.class_map[int(truth.labels[int(overlap.argmax())])]


def _most_of_a_class(truth: ImageTruth) -> int:
    counts = np.bincount(truth.labels[truth.counted])
    return int(counts.max(initial=0))
