"""All settings of a detection, resolved once: defaults, then preset, then file, then options.

On disk the settings are one flat TOML table; a key is the name of a field, whichever group it is in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lydite.core import ClassMap, UnknownName, UsageError
from lydite.data import ImageLimits
from lydite.detect.decide import DecisionSettings
from lydite.detect.proposal_settings import (
    BoxSettings,
    ProposerSettings,
    SamSettings,
    SimilaritySettings,
)
from lydite.detect.regions.settings import RegionSettings
from lydite.detect.settings import (
    CONSTANTS_OFF,
    FEW,
    OF_FEW_EXAMPLES,
    PRESETS,
    BankSettings,
    CalibrationSettings,
    FilterSettings,
    ReportSettings,
    RuleSettings,
    ScoringSettings,
    SuppressionSettings,
    TidySettings,
)
from lydite.features import EncoderSettings, PoolingRule


class LimitSettings(BaseModel):
    """How large a picture may be before it is opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(256 * 1024**2, ge=1, description="largest picture file, in bytes")
    max_pixels: int = Field(100_000_000, ge=1, description="largest picture, in pixels (width x height)")

    def to_image_limits(self) -> ImageLimits:
        """The same caps as the decoder takes them."""
        return ImageLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)


class DetectSettings(BaseModel):
    """Every setting of a detection, by group. Field names are distinct across groups."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderSettings = EncoderSettings()
    proposer: ProposerSettings = ProposerSettings()
    regions: RegionSettings = RegionSettings()
    boxes: BoxSettings = BoxSettings()
    similarity: SimilaritySettings = SimilaritySettings()
    sam: SamSettings = SamSettings()
    tidy: TidySettings = TidySettings()
    filters: FilterSettings = FilterSettings()
    bank: BankSettings = BankSettings()
    scoring: ScoringSettings = ScoringSettings()
    rules: RuleSettings = RuleSettings()
    suppression: SuppressionSettings = SuppressionSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    limits: LimitSettings = LimitSettings()
    report: ReportSettings = ReportSettings()

    @model_validator(mode="after")
    def _windows_are_means(self) -> DetectSettings:
        if self.encoder.pooling is PoolingRule.TOPK and (
            self.proposer.proposer == "similarity" or self.sam.sam_prompts != "grid"
        ):
            raise ValueError(
                "pooling topk does not go with similarity maps, whose windows are means of cells; "
                "choose pooling coverage, or another proposer"
            )
        return self

    @property
    def decision(self) -> DecisionSettings:
        """The groups that verdicts depend on."""
        return DecisionSettings(self.filters, self.rules, self.suppression)


GROUPS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in DetectSettings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
GROUP_OF: dict[str, str] = {field: group for group, model in GROUPS.items() for field in model.model_fields}
"""The group of each flat name."""


DEFAULT_PRESET = "calibrated"


def resolve(
    preset: str = DEFAULT_PRESET,
    file: Path | None = None,
    options: Mapping[str, object] | None = None,
) -> DetectSettings:
    """Defaults, overlaid by a preset, a TOML file, and single options, in this order.

    Args:
        preset: ``"calibrated"``, ``"strict"`` or ``"soft"``.
        file: Flat TOML; unknown keys are refused.
        options: Flat names to values; unknown names are refused.

    Raises:
        UnknownName: For a preset or a name that does not exist; the nearest ones are suggested.
        UsageError: For a file that is no TOML, or a value that its field refuses.
    """
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    flat: dict[str, object] = dict(PRESETS[preset])
    flat |= read_flat(file) if file is not None else {}
    flat |= options or {}
    return unflatten(flat)


def unflatten(flat: Mapping[str, object]) -> DetectSettings:
    """Settings from flat names.

    Raises:
        UnknownName: For a name that is no setting.
        UsageError: For a value that its field refuses.
    """
    groups: dict[str, dict[str, object]] = {group: {} for group in GROUPS}
    for name, value in flat.items():
        if name not in GROUP_OF:
            raise UnknownName("setting", name, GROUP_OF)
        groups[GROUP_OF[name]][name] = value
    try:
        return DetectSettings.model_validate(groups)
    except ValidationError as error:
        raise _as_usage_error(error) from None


def flatten(settings: DetectSettings) -> dict[str, Any]:
    """Flat names to plain values (texts, numbers, lists), every field once; ``None`` left out."""
    return {
        name: value
        for group in GROUPS
        for name, value in getattr(settings, group).model_dump(mode="json").items()
        if value is not None
    }


def with_thresholds(settings: DetectSettings, thresholds: Mapping[str, float]) -> DetectSettings:
    """The settings with thresholds of the classes instead of constants; constants that were given stay."""
    return unflatten(flatten(without_constants(settings)) | {"class_thresholds": dict(thresholds)})


def require_known_classes(thresholds: Mapping[str, float], class_map: ClassMap) -> None:
    """Pass if every class that has a threshold is one of the examples'.

    Raises:
        UnknownName: If one is not; a misspelt name would leave the class that is meant without its own.
    """
    for name in thresholds:
        if name not in class_map:
            raise UnknownName("class with a threshold", name, tuple(class_map))


def without_constants(settings: DetectSettings) -> DetectSettings:
    """The settings with every constant off that gives way to thresholds and was not given by a person."""
    given = {name for group in GROUPS for name in getattr(settings, group).model_fields_set}
    off = {name: value for name, value in CONSTANTS_OFF.items() if name not in given}
    changed = {
        group: getattr(settings, group).model_copy(
            update={name: value for name, value in off.items() if GROUP_OF[name] == group}
        )
        for group in {GROUP_OF[name] for name in off}
    }
    return settings.model_copy(update=changed)


def without_calibration(settings: DetectSettings, examples: int) -> DetectSettings:
    """The settings with their constants, which are those of 'strict' unless others were given.

    Args:
        settings: Those of a run that could not be calibrated.
        examples: Of the class that has most of them. One or two are less like an object than the best of
            many are, so the least scores are lower then.
    """
    calibration = settings.calibration.model_copy(update={"calibrate": False})
    given = settings.rules.model_fields_set
    lower = {name: value for name, value in OF_FEW_EXAMPLES.items() if name not in given}
    rules = settings.rules.model_copy(update=lower if examples < FEW else {})
    return settings.model_copy(update={"calibration": calibration, "rules": rules})


def to_toml(settings: DetectSettings) -> str:
    """The settings as a file that ``resolve`` reads back."""
    flat = flatten(settings)
    tables = {name: flat.pop(name) for name in list(flat) if isinstance(flat[name], dict)}
    return tomli_w.dumps(flat | {name: table for name, table in tables.items() if table})


def read_flat(file: Path) -> dict[str, object]:
    """The flat table of a TOML file, its names not checked yet.

    Raises:
        UsageError: If it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Configuration {file} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"Configuration {file} is not TOML: {error}.") from None


def _as_usage_error(error: ValidationError) -> UsageError:
    problems = []
    for problem in error.errors():
        if not problem["loc"]:  # about several groups together
            problems.append(str(problem["msg"]))
            continue
        name = str(problem["loc"][1]) if len(problem["loc"]) > 1 else str(problem["loc"][0])
        problems.append(f"{name}: {problem['msg']} (seen: {problem['input']!r})")
    return UsageError("Settings refused: " + "; ".join(problems) + ".")
