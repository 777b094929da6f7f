"""What a run keeps of its calibration: where its thresholds come from, and the thresholds themselves."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from lydite.data import write_atomic
from lydite.detect.calibrate import Calibration
from lydite.detect.config import DetectSettings, with_thresholds
from lydite.detect.run_folder import CALIBRATION, RunFolder


def with_kept_thresholds(settings: DetectSettings, folder: RunFolder) -> DetectSettings:
    """The settings with the thresholds that a run was begun with: going on must not move them.

    Args:
        settings: As asked for now; unchanged unless they say to calibrate. Thresholds that they name stay.
        folder: Of a run, or a folder that does not exist yet.
    """
    if not settings.calibration.calibrate:
        return settings
    given = settings.rules.class_thresholds
    try:
        kept = folder.describe()["settings"].get("class_thresholds", {})
        return with_thresholds(settings, kept | given) if kept.keys() - given.keys() else settings
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # open_run will say what it is
        return settings


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Keep beside a run where its thresholds come from, as ``calibration.json``."""
    described = asdict(calibration)
    described["f1"] = None if np.isnan(calibration.f1) else calibration.f1
    write_atomic(folder / CALIBRATION, json.dumps(described, indent=1))
