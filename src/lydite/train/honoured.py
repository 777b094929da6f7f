"""Which settings of a recipe have an effect, and a refusal of those that would have none.

A setting that is typed and changes nothing deceives whoever typed it. What depends on another setting of the
same section (a probability of mixing where nothing is mixed) is left to the section.
"""

from __future__ import annotations

from lydite.core import UsageError
from lydite.train.recipe import Recipe, Speed, flatten, setting_names
from lydite.train.sections import HeadKind

_OWN = frozenset(("embedded", "descriptor"))
"""Encoders that are built here: they have one form and compute on the CPU."""

_BY_STEPS = frozenset(
    (
        "loss.label_smoothing",
        "loss.class_weights",
        "optimiser.lr",
        "optimiser.weight_decay",
        "optimiser.clip",
        "schedule.epochs",
        "schedule.warmup",
        "schedule.final_lr",
        "sampling.batch",
    )
)
_HEADS = {
    HeadKind.LINEAR: frozenset(("head.c",)),
    HeadKind.MLP: _BY_STEPS | {"head.hidden", "head.dropout"},
    HeadKind.ATTENTION: _BY_STEPS | {"head.queries", "head.grid", "head.dropout"},
    HeadKind.NEIGHBOURS: frozenset(("head.neighbours", "head.temperature")),
}
_LOOKS = ("name", "checkpoint", "side", "options", "mean", "std")
_VARIES = frozenset(("augment.profile", "augment.strength"))


def honoured(recipe: Recipe) -> frozenset[str]:
    """Names of the settings that can have an effect, given speed, head, views and network."""
    own = recipe.backbone.name in _OWN
    known = {"about", "speed", *(f"backbone.{name}" for name in _LOOKS)}
    if recipe.speed is Speed.FINE_TUNE:
        others = {name for name in setting_names() if name.partition(".")[0] not in {"backbone", "head"}}
        body = set() if own else {"backbone.drop_path", "backbone.start"}
        return frozenset(known | body | others - {"augment.views"})
    known |= {"head.kind", "backbone.layer", "augment.views"} | _HEADS[recipe.head.kind]
    return frozenset(
        known | (_VARIES if recipe.augment.views > 1 else set()) | (set() if own else {"budget.device"})
    )


def require_honoured(recipe: Recipe) -> None:
    """Pass if every setting that differs from its default can have an effect.

    Raises:
        UsageError: Otherwise; names all that cannot.
    """
    usual = flatten(Recipe())
    known = honoured(recipe)
    idle = [name for name, value in flatten(recipe).items() if value != usual[name] and name not in known]
    if idle:
        raise UsageError(
            f"{_what(recipe)} cannot honour {', '.join(idle)}.",
            "Leave them out, or begin with another recipe.",
        )


def _what(recipe: Recipe) -> str:
    if recipe.speed is Speed.FINE_TUNE:
        return f"Fine-tuning of {recipe.backbone.name!r}"
    views = recipe.augment.views
    seen = f"{views} view{'s' * (views > 1)} by {recipe.backbone.name!r}"
    return f"A probe with head.kind = {recipe.head.kind.value!r} on {seen}"
