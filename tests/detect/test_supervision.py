from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lydite.core import UsageError
from lydite.detect import to_supervision
from reports.fake_run import FakeRun


@dataclass
class Received:
    """What supervision's type is given, where supervision itself is not installed."""

    xyxy: Any
    mask: Any
    confidence: Any
    class_id: Any
    data: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("supervision") is not None:
        return
    module = ModuleType("supervision")
    module.Detections = Received  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "supervision", module)


@pytest.mark.usefixtures("arrived")
def test_accepted_instances_best_first(tmp_path: Any) -> None:
    detection = FakeRun(tmp_path).add(lift=0.4)
    found: Any = to_supervision(detection)
    expected = detection.instances
    assert len(expected) > 1
    assert found.data["region"].tolist() == [instance.region for instance in expected]
    assert found.data["class_name"].tolist() == [instance.class_name for instance in expected]
    assert found.xyxy.tolist() == [list(instance.box) for instance in expected]
    assert found.confidence.tolist() == pytest.approx([instance.score for instance in expected])
    names = detection.decisions.class_map
    assert found.class_id.tolist() == [names.get_label(instance.class_name) for instance in expected]
    rows = {str(region): row for row, region in enumerate(detection.candidates.ids)}
    for row, instance in enumerate(expected):
        mask = detection.candidates.masks.decode(rows[instance.region])
        assert np.array_equal(found.mask[row], mask)
    assert (found.mask.dtype, found.class_id.dtype, found.confidence.dtype) == (bool, int, np.float32)


@pytest.mark.usefixtures("arrived")
def test_a_picture_with_nothing_in_it(tmp_path: Any) -> None:
    found: Any = to_supervision(FakeRun(tmp_path).add(candidates=0, size_hw=(5, 7)))
    assert found.xyxy.shape == (0, 4)
    assert found.mask.shape == (0, 5, 7)


def test_the_missing_package_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(UsageError, match=r"needs the package supervision, .* pip install supervision$"):
        to_supervision(FakeRun(tmp_path).add())
