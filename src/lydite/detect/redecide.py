"""Other rules for a finished run: its stored numbers are judged again, without pictures or encoder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import (
    Boxes,
    Candidates,
    ClassMap,
    ImageId,
    InputError,
    ItemId,
    OutputConflict,
    UsageError,
)
from lydite.data import printable, write_atomic
from lydite.data.files import os_errors_as_output_errors
from lydite.detect.begin import with_fingerprint
from lydite.detect.config import (
    GROUP_OF,
    DetectSettings,
    flatten,
    require_known_classes,
    to_toml,
    unflatten,
)
from lydite.detect.decide import DecisionSettings, decide
from lydite.detect.detector import Detection
from lydite.detect.evidence import Evidence
from lydite.detect.explain import explain
from lydite.detect.finished import FinishedRun
from lydite.detect.outline import Outlines, measure_outlines
from lydite.detect.run_folder import DESCRIPTION, SETTINGS, RunFolder
from lydite.detect.scoring import NEAREST_KEPT, Scores
from lydite.detect.store import SCHEMA, ImageRecord, masks_of
from lydite.metrics import pairwise_overlaps

DECIDING = ("filters", "rules", "suppression", "calibration")
"""Groups of settings that may differ from those of the run."""


def require_deciding(old: DetectSettings, new: DetectSettings) -> None:
    """Pass if only rules differ that act on stored numbers.

    Raises:
        UsageError: If anything else does; names the settings.
    """
    before, after = flatten(old), flatten(new)
    other = [
        name
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and GROUP_OF[name] not in (*DECIDING, "report", "limits")
    ]
    if other:
        raise UsageError(
            f"Stored numbers cannot be judged under another {', '.join(other)}: they would be other numbers.",
            "Leave it out, or make a new run.",
        )


def open_redecided(run: FinishedRun, out: Path, settings: DetectSettings) -> RunFolder:
    """A new run folder with the same examples and space, and other rules.

    Raises:
        OutputConflict: If ``out`` exists and is not empty, or lies in the folder of the run.
        UsageError: If settings differ that the stored numbers depend on, or a threshold is of no class.
    """
    require_deciding(unflatten(run.settings), settings)
    require_known_classes(settings.rules.class_thresholds, run.class_map)
    if out.resolve().is_relative_to(run.folder.path.resolve()):
        raise OutputConflict(
            f"Output {printable(out)} lies in the folder of the run, which stays as it is.",
            "Choose one beside it with --out.",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputConflict(f"Output {out} is not an empty folder.", "Choose a new one with --out.")
    with os_errors_as_output_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    flat = flatten(settings)
    kept = {name: flat[name] for name in flat if GROUP_OF[name] != "report"}
    described = run.description | {"settings": kept}
    write_atomic(out / DESCRIPTION, json.dumps(with_fingerprint(described), indent=1))
    write_atomic(out / SETTINGS, to_toml(settings))
    return RunFolder(out)


def redecide(run: FinishedRun, target: RunFolder, settings: DetectSettings) -> Iterator[ImageRecord]:
    """Judge every finished picture of a run again; yields the records of the new folder.

    Args:
        run: Where the numbers are.
        target: Where the new decisions go.
        settings: The rules.
    """
    for record in run.records:
        table = run.read_table(record)
        candidates, evidence = restore(table, record, run.class_map, settings.decision)
        verdicts = decide(evidence, settings.decision)
        decisions = explain(candidates, evidence, verdicts, settings.decision)
        detection = Detection(
            candidates.item,
            ImageId(record.image_id),
            record.size_hw,
            candidates,
            evidence,
            decisions,
            record.seconds,
            record.notes,
        )
        yield target.shelf.write(detection, Path(record.path))


def restore(
    table: pl.DataFrame, record: ImageRecord, class_map: ClassMap, settings: DecisionSettings
) -> tuple[Candidates, Evidence]:
    """Candidates and evidence of a picture from its stored table.

    Args:
        table: Columns as in ``store.SCHEMA``.
        record: The picture's record.
        class_map: The classes of the run.
        settings: Its limits say which overlaps are measured again.

    Raises:
        InputError: If an earlier version stored less than is judged by now; names the columns.
    """
    missing = [name for name in SCHEMA if name not in table.columns]
    if missing:
        raise InputError(
            f"The stored numbers of {printable(record.item)} lack {', '.join(missing)}: "
            "an earlier version of lydite made them.",
            "Make a new run with this version.",
        )
    masks = masks_of(table, record.size_hw)
    candidates = Candidates(
        ItemId.parse(record.item),
        table["region"].to_numpy(),
        masks,
        Boxes(table.select("x0", "y0", "x1", "y1").to_numpy()),
        table["quality"].to_numpy(),
        tuple(table["origin"]),
    )
    filters, _, suppression = settings
    floor_iou = max(min(filters.duplicate_iou, suppression.nms_iou), 1e-6)
    floor_ios = max(suppression.nested_ios, 1e-6)
    height, width = record.size_hw
    return candidates, Evidence(
        table["area"].to_numpy() / (height * width),
        table["border_distance"].to_numpy(),
        table["quality"].to_numpy(),
        table["surround"].to_numpy(),
        table["shape_distance"].to_numpy(),
        measure_outlines(masks) if filters.reads_outlines else Outlines.unmeasured(len(masks)),
        _scores(table, class_map),
        pairwise_overlaps(masks, floor_iou, floor_ios),
        floor_iou,
        floor_ios,
    )


def _scores(table: pl.DataFrame, class_map: ClassMap) -> Scores:
    count = len(table)
    by_class = np.array(table["by_class"].to_list(), np.float32).reshape(count, len(class_map))
    nearest = np.full((count, NEAREST_KEPT), np.nan, np.float32)
    for row, values in enumerate(table["nearest"].to_list()):
        nearest[row, : len(values)] = values
    positive_ids, nearest_positive = _numbered(table["nearest_positive"])
    negative_ids, nearest_negative = _numbered(table["nearest_negative"])
    return Scores(
        class_map,
        by_class,
        np.array([class_map.get_label(name) for name in table["class"]], np.int64),
        _floats(table["negative"]),
        nearest,
        nearest_positive,
        nearest_negative,
        _floats(table["nearest_negative_cosine"]),
        positive_ids,
        negative_ids,
        table["likeness_weight"].to_numpy(),
    )


def _numbered(names: pl.Series) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Distinct names, and the row of each among them; -1 where there is none."""
    known: dict[str, int] = {}
    rows = [known.setdefault(name, len(known)) if name else -1 for name in names]
    return tuple(known), np.array(rows, np.int64)


def _floats(column: pl.Series) -> npt.NDArray[np.float32]:
    values: Any = column.to_numpy()
    return np.array([np.nan if value is None else value for value in values], np.float32)
