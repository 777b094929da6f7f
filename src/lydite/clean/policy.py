"""A policy turns scores into decisions: two limits a check, and whether quarantine counts as out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lydite.clean.checks import CHECKS, NAMES, Worse
from lydite.core import UnknownName, UsageError
from lydite.data import printable


class Rule(BaseModel):
    """Limits of one check in its own unit; a limit that is left out never decides.

    Args:
        quarantine: From here on an item is set aside for a person.
        drop: From here on it is left out; never milder than ``quarantine``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    quarantine: float | None = None
    drop: float | None = None


class Policy(BaseModel):
    """What is done about scores.

    Args:
        name: What tables and versions call it.
        exclude_quarantined: Whether what is quarantined leaves the data too.
        rules: Check to limits. Checks without a rule decide nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w[\w.-]*$")
    exclude_quarantined: bool = False
    rules: Mapping[str, Rule]

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        for name in rules:
            if name not in NAMES:
                raise UnknownName("check", name, NAMES)
        return MappingProxyType(dict(rules))

    @model_validator(mode="after")
    def _in_order(self) -> Policy:
        for name, rule in self.rules.items():
            if rule.quarantine is None or rule.drop is None:
                continue
            low = name in CHECKS and CHECKS[name].worse is Worse.LOW
            if rule.drop > rule.quarantine if low else rule.drop < rule.quarantine:
                raise ValueError(
                    f"rules.{name}: drop lies on the mild side of quarantine ({rule.drop}, {rule.quarantine})"
                )
        return self

    def to_toml(self) -> str:
        """The policy as a file that ``load_policy`` reads back."""
        rules = {name: rule.model_dump(exclude_none=True) for name, rule in self.rules.items()}
        return tomli_w.dumps(
            {"name": self.name, "exclude_quarantined": self.exclude_quarantined, "rules": rules}
        )


_RULES = {
    "undecodable": Rule(drop=1),
    "small": Rule(drop=56),
    "low_detail": Rule(quarantine=2, drop=0.5),
    "blur": Rule(quarantine=0.3),
    "dark": Rule(quarantine=0.25, drop=0.05),
    "bright": Rule(quarantine=0.95),
    "aspect": Rule(quarantine=4),
    "exact_duplicate": Rule(drop=1),
    "near_duplicate": Rule(quarantine=0.85),
    "split_leak": Rule(quarantine=0.75, drop=1),
    "label_conflict": Rule(quarantine=0.85),
    "group_outlier": Rule(quarantine=12),
    "semantic_outlier": Rule(quarantine=12),
    "label_issue": Rule(quarantine=0.8),
}
STRICT = Policy(name="strict", rules=_RULES)
AGGRESSIVE = Policy(name="aggressive", exclude_quarantined=True, rules=_RULES)
POLICIES: MappingProxyType[str, Policy] = MappingProxyType({p.name: p for p in (STRICT, AGGRESSIVE)})
"""Policies by name. ``strict`` leaves out what is dropped; ``aggressive`` also what is quarantined."""


def load_policy(name: str) -> Policy:
    """A policy by its name, or from a TOML file.

    Raises:
        UnknownName: If it is neither; or a rule is about a check that does not exist.
        UsageError: If the file cannot be read, is no TOML, or holds keys or values that mean nothing.
    """
    if name in POLICIES:
        return POLICIES[name]
    path = Path(name)
    if not path.is_file():
        raise UnknownName("policy or file", name, POLICIES)
    shown = printable(path)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Policy {shown} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"Policy {shown} is not TOML: {error}.") from None
    return parse_policy(told, shown)


def parse_policy(told: Mapping[str, Any], shown: str) -> Policy:
    """A policy from a table; errors name the place. See ``load_policy``."""
    try:
        return Policy.model_validate(told)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'the policy'}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise UsageError(f"Policy {shown} is refused: {'; '.join(problems)}.") from None
