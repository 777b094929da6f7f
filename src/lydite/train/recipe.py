"""A recipe: everything that decides how labels become weights, as one frozen value.

On disk it is TOML: ``speed`` at the top and a table for each section. ``section.name`` is the name of a
setting wherever a person writes one: in options, in errors, in the difference of two recipes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lydite.core import UnknownName, UsageError
from lydite.train.sections import (
    AugmentSettings,
    AveragingSettings,
    BackboneSettings,
    BudgetSettings,
    HeadSettings,
    LossSettings,
    MixSettings,
    OptimiserSettings,
    SamplingSettings,
    ScheduleSettings,
    SharpnessSettings,
    StageSettings,
    TtaSettings,
)

_ID_HEX = 16
_DECIDES_NOTHING = frozenset(("about", "budget.workers"))


class Speed(StrEnum):
    """What learns."""

    PROBE = "probe"
    """A head on frozen features: seconds."""
    FINE_TUNE = "fine_tune"
    """The whole network."""


class Recipe(BaseModel):
    """Every setting of a training, by section. Unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = Field("", description="one line for people; decides nothing")
    speed: Speed = Field(Speed.PROBE, description="probe: a head on frozen features; fine_tune: all weights")
    backbone: BackboneSettings = BackboneSettings()
    head: HeadSettings = HeadSettings()
    loss: LossSettings = LossSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    augment: AugmentSettings = AugmentSettings()
    mix: MixSettings = MixSettings()
    sharpness: SharpnessSettings = SharpnessSettings()
    averaging: AveragingSettings = AveragingSettings()
    sampling: SamplingSettings = SamplingSettings()
    stages: StageSettings = StageSettings()
    tta: TtaSettings = TtaSettings()
    budget: BudgetSettings = BudgetSettings()

    @property
    def id(self) -> str:
        """16 hexadecimal digits of everything that decides what comes out."""
        told = {name: value for name, value in flatten(self).items() if name not in _DECIDES_NOTHING}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:_ID_HEX]


SECTIONS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Recipe.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
"""Name of each section -> its settings."""


class Change(NamedTuple):
    """A setting in which two recipes differ.

    Args:
        name: ``section.name``.
        left: Its value in the first, plain.
        right: Its value in the second.
    """

    name: str
    left: Any
    right: Any


def setting_names() -> tuple[str, ...]:
    """``section.name`` of every setting, in the order of the file."""
    alone = [name for name in Recipe.model_fields if name not in SECTIONS]
    return (*alone, *(f"{section}.{name}" for section in SECTIONS for name in SECTIONS[section].model_fields))


def flatten(recipe: Recipe) -> dict[str, Any]:
    """``section.name`` -> plain value (text, number, list), every setting once, ``None`` included."""
    plain = recipe.model_dump(mode="json")
    return {
        name: plain[head][rest] if rest else plain[head]
        for name in setting_names()
        for head, _, rest in [name.partition(".")]
    }


def unflatten(flat: Mapping[str, object]) -> Recipe:
    """A recipe from names as ``flatten`` gives them; what is left out has its default.

    Raises:
        UnknownName: For a name that is no setting; the nearest are suggested.
        UsageError: For a value that its setting refuses.
    """
    known = setting_names()
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        if name not in known:
            raise UnknownName("setting of a recipe", name, known)
        head, _, rest = name.partition(".")
        if rest:
            tree.setdefault(head, {})[rest] = value
        else:
            tree[head] = value
    return _validated(tree)


def from_tree(tree: Mapping[str, Any]) -> Recipe:
    """A recipe from nested tables, as TOML gives them.

    Raises:
        UnknownName: For a name that is no section or setting; the nearest are suggested.
        UsageError: For a value that its setting refuses.
    """
    return unflatten(dict(_leaves(tree)))


def changed(recipe: Recipe, options: Mapping[str, object]) -> Recipe:
    """The recipe with some settings changed, named as ``section.name``.

    Raises:
        UnknownName: For a name that is no setting; the nearest are suggested.
        UsageError: For a value that its setting refuses.
    """
    return unflatten(flatten(recipe) | dict(options))


def diff(left: Recipe, right: Recipe) -> tuple[Change, ...]:
    """Every setting in which two recipes differ, in the order of the file; empty for equal ones."""
    one, other = flatten(left), flatten(right)
    return tuple(Change(name, one[name], other[name]) for name in one if one[name] != other[name])


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            if name not in SECTIONS:
                raise UnknownName("section of a recipe", name, SECTIONS)
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        elif name in SECTIONS:
            raise UsageError(f"Section {name} of a recipe must be a table.", f"Write [{name}].", value)
        else:
            yield name, value


def _validated(tree: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        problems = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"][:2])
            text = str(problem["msg"]).removeprefix("Value error, ")
            shown = "" if isinstance(problem["input"], dict | BaseModel) else f" (seen: {problem['input']!r})"
            problems.append(f"{name}: {text}{shown}" if name else text)
        raise UsageError("Recipe refused: " + "; ".join(problems) + ".") from None
