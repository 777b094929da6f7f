"""A reviewer who knows the truth: accepts, relabels and refuses regions by the boxes of a COCO file."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import Act, Boxes, RegionId, Verdict
from lydite.metrics.overlap import box_iou
from lydite.review import Pile


def judge_regions(pile: Pile, truth: Path, iou: float = 0.5) -> list[Verdict]:
    """A verdict for each region of a pile."""
    boxes, names = _read(truth)
    verdicts = []
    for row, subject in enumerate(pile.subjects):
        assert isinstance(subject, RegionId)
        assert pile.shapes is not None
        known = boxes[pile.paths[row].name]
        own = Boxes(pile.shapes.boxes[row : row + 1])
        overlaps = box_iou(own, Boxes(np.array(known, np.float32).reshape(-1, 4)))[0]
        best = int(overlaps.argmax()) if len(known) else -1
        label = names[pile.paths[row].name][best] if best >= 0 and overlaps[best] >= iou else ""
        label = label if label in pile.class_map else ""  # of another class than those looked for
        act = Act.KEEP if label == pile.labels[row] else Act.RELABEL if label else Act.TRASH
        now = datetime.now(UTC)
        verdicts.append(Verdict(f"region-{row:06d}", act, "anna", now, subject.item, subject.number, label))
    return verdicts


def _read(truth: Path) -> tuple[defaultdict[str, list[npt.NDArray[np.float32]]], defaultdict[str, list[str]]]:
    table = json.loads(truth.read_text(encoding="utf-8"))
    files = {image["id"]: Path(image["file_name"]).name for image in table["images"]}
    classes = {each["id"]: each["name"] for each in table["categories"]}
    boxes: defaultdict[str, list[npt.NDArray[np.float32]]] = defaultdict(list)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for row in table["annotations"]:
        x, y, width, height = row["bbox"]
        boxes[files[row["image_id"]]].append(np.array([x, y, x + width, y + height], np.float32))
        names[files[row["image_id"]]].append(classes[row["category_id"]])
    return boxes, names
