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
_OF_TIMM = frozenset(f"backbone.{name}" for name in ("checkpoint", "layer", "options", "mean", "std"))
_VARIES = frozenset(("augment.profile", "augment.strength"))


def honoured(recipe: Recipe) -> frozenset[str]:
    """Names of the settings that can have an effect, given speed, head, views and network."""
    own = recipe.backbone.name in _OWN
    if recipe.speed is Speed.FINE_TUNE:
        probe = recipe.head.start == "probe" or (recipe.head.start == "auto" and own)
        head = {"head.start", "head.c"} if probe else {"head.start"}
        known = {name for name in setting_names() if not name.startswith("head.")} | head
        foreign = {"backbone.options", "backbone.drop_path", "backbone.start"} if own else set()
        return frozenset(known - foreign - {"augment.views", "backbone.layer"})
    known = {"about", "speed", "backbone.name", "backbone.side", "head.kind", "augment.views"}
    known |= _HEADS[recipe.head.kind] | (_VARIES if recipe.augment.views > 1 else set())
    return frozenset(known if own else known | _OF_TIMM | {"budget.device"})


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
