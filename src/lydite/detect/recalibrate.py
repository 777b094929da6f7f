"""Thresholds for a finished run: its examples are rehearsed again, and its own pictures are the pile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lydite.core import FeatureSpace, ItemId
from lydite.data import ImageFile
from lydite.detect.bank_make import make_bank
from lydite.detect.calibrate import Calibration, calibrate
from lydite.detect.config import DetectSettings
from lydite.detect.decide import DecisionSettings, decide
from lydite.detect.examine import Examiner
from lydite.detect.exemplars import Exemplar, ExemplarSet
from lydite.detect.finished import FinishedRun
from lydite.detect.proposers import build_proposer
from lydite.detect.redecide import restore
from lydite.detect.rehearsal import Ranked, Rehearsal
from lydite.detect.rehearse import Searcher, rehearse, survey
from lydite.features import build_encoder


def rehearse_run(run: FinishedRun, settings: DetectSettings) -> Rehearsal:
    """Rehearse the examples of a run, whose files must still be where they were.

    Close-ups are put into some of the run's own pictures, if these can still be read.

    Args:
        run: A run; its description names the examples.
        settings: Encoder, proposer, filters, scoring and suppression.

    Raises:
        ExemplarError: If a class has no readable example any more.
    """
    examples = [_exemplar(entry) for entry in run.description["exemplars"]]
    exemplars = ExemplarSet(
        tuple(each for each in examples if each.class_name is not None),
        tuple(each for each in examples if each.class_name is None),
    )
    encoder = build_encoder(settings.encoder)
    bank = make_bank(exemplars, encoder, settings)
    bank.space.require_same(FeatureSpace(**_tuples(run.description["space"])))
    searcher = Searcher(Examiner(encoder, build_proposer(settings), settings))
    files = [ImageFile(ItemId.parse(record.item), Path(record.path)) for record in run.records]
    return rehearse(bank, searcher, survey(files, bank, searcher, settings.calibration.survey).hosts)


def _exemplar(entry: Mapping[str, Any]) -> Exemplar:
    mask = entry["mask_path"]
    box = None if entry["box"] is None else tuple(float(v) for v in entry["box"])
    return Exemplar(
        Path(entry["path"]),
        entry["name"],
        entry["class"],
        None if mask is None else Path(mask),
        box,  # type: ignore[arg-type]
        entry.get("against"),
        entry.get("rle"),
        entry.get("judged", False),
    )


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def calibrate_from_run(run: FinishedRun, rehearsal: Rehearsal, settings: DetectSettings) -> Calibration:
    """Thresholds from a rehearsal, with the run's own pictures as the pile.

    Args:
        run: A finished run; only its stored numbers are read.
        rehearsal: Of the run's examples.
        settings: Filters and suppression, and what to calibrate for.
    """
    filters, rules, suppression = settings.decision
    everything = DecisionSettings(filters, rules.model_copy(update={"allow_unknown": False}), suppression)
    pile = []
    for record in run.records:
        _, evidence = restore(run.read_table(record), record, run.class_map, everything)
        rows = np.flatnonzero(decide(evidence, everything).accepted)
        pile.append(Ranked(evidence.rank[rows].astype(np.float64), evidence.scores.labels[rows]))
    return calibrate(rehearsal, settings.calibration, [each for each in pile if len(each.ranks)])
