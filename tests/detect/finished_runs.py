"""Truths for finished runs, written as a person's file would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lydite.core import ClassMap, ItemId
from lydite.data import CocoWriter
from lydite.detect.evaluation import Evaluation, choose_iou_type, evaluate_finished
from lydite.detect.finished import FinishedRun
from lydite.detect.store import masks_of
from lydite.detect.truth import TruthSource, read_truth
from reports.fake_run import FakeRun


def own_truth(
    fake: FakeRun,
    *,
    drop: int = 0,
    classes: Sequence[str] = (),
    masks: bool = True,
    only: int | None = None,
) -> Path:
    """What a run accepted, as a COCO file beside its pictures.

    Args:
        fake: The run.
        drop: How many instances of each picture to leave out.
        classes: Names to write in place of the run's, in its order.
        masks: Write masks as well as boxes.
        only: Write so many pictures only.
    """
    path = fake.root / "pictures" / "truth.json"
    path.parent.mkdir(exist_ok=True)
    with CocoWriter(path, ClassMap(tuple(classes or fake.classes))) as writer:
        for record in [record for record in fake.records if record.status == "done"][:only]:
            rows = fake.accepted(record)[drop:]
            shapes = masks_of(rows, record.size_hw)
            labels = [list(fake.classes).index(name) for name in rows["class"]]
            writer.add(
                ItemId.parse(record.item).path,
                record.size_hw,
                shapes.boxes,
                np.array(labels, np.int64),
                masks=shapes if masks else None,
            )
    return path


def evaluated(run: FinishedRun, source: TruthSource, iou_type: str = "auto") -> Evaluation:
    """The evaluation that the command would print, with few draws."""
    truth = read_truth(source, run)
    return evaluate_finished(run, truth, choose_iou_type(truth, iou_type), draws=8)
