"""One flat name, one setting, one default; what is saved reads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import UnknownName, UsageError
from lydite.detect import DetectSettings, resolve
from lydite.detect.config import GROUPS, flatten, to_toml, unflatten
from lydite.detect.settings import PRESETS


def test_names_are_distinct_across_groups() -> None:
    names = [name for model in GROUPS.values() for name in model.model_fields]
    assert len(names) == len(set(names))


def test_every_setting_is_described() -> None:
    for model in GROUPS.values():
        for name, field in model.model_fields.items():
            assert field.description, name


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_saved_settings_read_back(tmp_path: Path, preset: str) -> None:
    settings = resolve(preset, options={"model_options": {"pad_type": "same"}, "mean": (0.1, 0.2, 0.3)})
    path = tmp_path / "settings.toml"
    path.write_text(to_toml(settings), encoding="utf-8")
    assert resolve(file=path) == settings
    assert unflatten(flatten(settings)) == settings


def test_strict_is_the_default() -> None:
    assert resolve("strict") == DetectSettings()


def test_options_win_over_files_and_files_over_presets(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("min_pos_score = 0.5\nscore_ratio = 1.5\n")
    settings = resolve("soft", path, {"score_ratio": 1.7})
    assert settings.rules.min_pos_score == 0.5
    assert settings.rules.score_ratio == 1.7
    assert settings.rules.decision_threshold == 0.02


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        resolve(options={"min_pos": 0.5})
    assert str(caught.value).startswith("There is no setting named 'min_pos'. Did you mean 'min_pos_score'")


def test_values_out_of_range_name_the_field() -> None:
    with pytest.raises(UsageError) as caught:
        resolve(options={"min_pos_score": 1.5, "topk": 0})
    assert "min_pos_score: Input should be less than or equal to 1 (seen: 1.5)" in str(caught.value)
    assert "topk: Input should be greater than or equal to 1 (seen: 0)" in str(caught.value)
