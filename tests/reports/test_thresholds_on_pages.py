"""A run with thresholds of its classes says so, and no page claims that constants decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lydite.detect.settings import ReportSettings
from lydite.reports import write_run_pages
from reports.fake_run import FakeRun

TOLD: dict[str, Any] = {
    "name": "apple",
    "threshold": 0.75,
    "low": 0.5,
    "high": 0.875,
    "examples": 5,
    "pictures": 5,
    "found": 4,
    "named": 4,
    "objects": 2.0,
    "precision": 0.625,
    "recall": 0.8125,
    "borrowed": True,
}


def page(root: Path, calibration: dict[str, Any] | None, **settings: object) -> str:
    fake = FakeRun(root)
    described = fake.run.describe()
    described["settings"] |= settings
    (fake.run.path / "run.json").write_text(json.dumps(described))
    if calibration is not None:
        (fake.run.path / "calibration.json").write_text(json.dumps(calibration))
    fake.add()
    return " ".join(write_run_pages(fake.run, fake.records, ReportSettings()).read_text().split())


def test_thresholds_and_what_they_rest_on(tmp_path: Path) -> None:
    text = page(tmp_path, {"classes": [TOLD]}, class_thresholds={"apple": 0.75})
    assert "Thresholds of the classes" in text
    for value in ("0.750", "0.500 to 0.875", "4 of 5", "0.625", "0.812 *"):
        assert value in text
    assert "leans on all classes together" in text
    assert "The shaded" not in text
    assert "decided by the rank" in text


def test_thresholds_that_settings_name(tmp_path: Path) -> None:
    text = page(tmp_path, None, class_thresholds={"apple": 0.75}, class_slack=0.1)
    assert "As the settings of this run name them." in text
    assert "and 0.1 more" in text
    assert "expected precision" not in text


@pytest.mark.parametrize("refused", [True, False])
def test_without_thresholds_the_constants_are_drawn(tmp_path: Path, refused: bool) -> None:
    text = page(tmp_path, {"classes": []} if refused else None)
    assert "Thresholds of the classes" not in text
    assert "The shaded" in text
