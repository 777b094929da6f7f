"""Stored reasons put to the test: does each flip of a finished run flip, and a hair less of it not?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from lydite.core import Outcome
from lydite.detect.config import unflatten
from lydite.detect.decide import DecisionSettings, decide
from lydite.detect.evidence import Evidence
from lydite.detect.explain import SWITCHES
from lydite.detect.finished import FinishedRun
from lydite.detect.redecide import restore
from lydite.detect.settings import FilterSettings, RuleSettings, SuppressionSettings


@dataclass(slots=True)
class Replay:
    """What came of it.

    Args:
        flips: Candidates that were not accepted and say what would change that, replayed.
        hairs: Parts of these that were moved back by a hair, one at a time.
        without: Candidates that were not accepted and name no change.
        unexplained: Those among all that name no rule either.
        wrong: Regions whose flip does not accept them, or that a hair less accepts too, with the setting.
    """

    flips: int = 0
    hairs: int = 0
    without: int = 0
    unexplained: int = 0
    wrong: list[str] = field(default_factory=list)


def replay(run: FinishedRun, every: int = 1) -> Replay:
    """Apply the flips of a run to its stored numbers, without pictures or encoder.

    Args:
        run: A finished run.
        every: Of the candidates of a picture that were not accepted, each so many-th.
    """
    told = Replay()
    now = unflatten(run.settings).decision
    for entry in run.entries():
        if entry.status != "done":
            continue
        record = run.read_record(entry.item)
        table = run.read_table(record)
        refused = [row for row, outcome in enumerate(table["outcome"]) if outcome != Outcome.ACCEPTED.value]
        _, evidence = restore(table, record, run.class_map, now)
        for row in refused[::every]:
            flip, blocks = table["flip"][row].to_list(), table["blocks"][row]
            told.unexplained += not len(blocks)
            told.without += not flip
            if flip:
                _replay(told, evidence, now, row, {change["setting"]: change["value"] for change in flip})
    return told


def _replay(
    told: Replay, evidence: Evidence, now: DecisionSettings, row: int, changes: Mapping[str, float]
) -> None:
    told.flips += 1
    if not _accepts(evidence, changed(now, changes), row):
        told.wrong.append(f"row {row}: {dict(changes)} does not accept it")
    for name, less in _hairs(now, changes):
        told.hairs += 1
        if _accepts(evidence, changed(now, less), row):
            told.wrong.append(f"row {row}: {dict(less)}, a hair less of {name}, accepts it too")


def _hairs(now: DecisionSettings, changes: Mapping[str, float]) -> Iterator[tuple[str, dict[str, float]]]:
    for name, value in changes.items():
        yield name, {**changes, name: a_hair_less(name, value, now)}


def _accepts(evidence: Evidence, settings: DecisionSettings, row: int) -> bool:
    return decide(evidence, settings).outcomes[row] is Outcome.ACCEPTED


def changed(base: DecisionSettings, changes: Mapping[str, float]) -> DecisionSettings:
    """The settings with some fields replaced, validated like any other settings."""
    return DecisionSettings(
        FilterSettings(**_values(base.filters, changes)),
        RuleSettings(**_values(base.rules, changes)),
        SuppressionSettings(**_values(base.suppression, changes)),
    )


def _values(group: BaseModel, changes: Mapping[str, float]) -> dict[str, Any]:
    old = group.model_dump()
    return old | {
        name: int(value) if isinstance(old[name], int) and float(value).is_integer() else value
        for name, value in changes.items()
        if name in old
    }


def a_hair_less(name: str, value: float, base: DecisionSettings) -> float:
    """The value next to a flip's, on the side of the value in force."""
    if name == "border_width":
        return value + 1
    if name in SWITCHES:
        return 1.0
    now = next(getattr(group, name) for group in base if name in type(group).model_fields)
    return math.nextafter(value, float(now))
