"""Where settings come from: what the contracts of all settings leave open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lydite.core import UnknownName, UsageError
from lydite.data import ImageLimits
from lydite.detect import DetectSettings, resolve
from lydite.detect.config import GROUP_OF, flatten, unflatten


def test_a_preset_that_does_not_exist_suggests_one() -> None:
    with pytest.raises(UnknownName) as caught:
        resolve("strickt")
    assert str(caught.value) == "There is no preset named 'strickt'. Did you mean 'strict'?"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"^Configuration {re.escape(str(tmp_path / 'c.toml'))} cannot be"):
        resolve(file=tmp_path / "c.toml")
    (tmp_path / "c.toml").write_bytes(b'encoder = "\xff"')
    with pytest.raises(UsageError, match=r"c\.toml cannot be read: .*utf-8"):
        resolve(file=tmp_path / "c.toml")


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("topk = 3\nmin_pos_score: 0.5\n")
    with pytest.raises(UsageError, match=r"c\.toml is not TOML: .*line 2"):
        resolve(file=path)


def test_groups_are_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[rules]\nmin_pos_score = 0.5\n")
    with pytest.raises(UnknownName, match="There is no setting named 'rules'"):
        resolve(file=path)


def test_flat_names_hold_every_field_once() -> None:
    flat = flatten(DetectSettings())
    absent = {
        "checkpoint",
        "mean",
        "std",
        "sam_model",
        "sam_checkpoint",
        "callback",
        "boxes_file",
        "boxes_images",
    }
    assert set(flat) == set(GROUP_OF) - absent
    assert flat["positive_aggregation"] == "trimmed_topk"


def test_limits_reach_the_decoder() -> None:
    settings = unflatten({"max_bytes": 1000, "max_pixels": 77})
    assert settings.limits.to_image_limits() == ImageLimits(max_bytes=1000, max_pixels=77)


def test_verdicts_depend_on_three_groups() -> None:
    settings = unflatten({"min_quality": 0.3, "topk": 3, "nms_iou": 0.4})
    assert settings.decision == (settings.filters, settings.rules, settings.suppression)
