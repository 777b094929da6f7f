"""What each epoch of a recipe does: at which size, from which draw, mixed or not, how hard."""

from __future__ import annotations

from dataclasses import dataclass

from lydite.core import UsageError
from lydite.train.mixing import Mixing
from lydite.train.recipe import Recipe
from lydite.train.sampling import Draw


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """One epoch.

    Args:
        number: Counts from 0.
        side: Pixels of the views.
        draw: How items are drawn.
        mixing: How batches are mixed.
        hardening: Views of classes with a large loss vary more strongly.
        confidence: Items with a large loss are only turned, the others vary strongly.
        averaged: Its last weights enter the mean over epochs.
    """

    number: int
    side: int
    draw: Draw
    mixing: Mixing
    hardening: bool
    confidence: bool
    averaged: bool


def plan_epochs(recipe: Recipe) -> tuple[EpochPlan, ...]:
    """All epochs, the second stage's included.

    Raises:
        UsageError: If no epoch would enter the mean that the recipe asks for.
    """
    stages, mix = recipe.stages, recipe.mix
    count = recipe.schedule.epochs + stages.second_epochs
    swa_from = recipe.averaging.swa_from
    if swa_from > count:
        raise UsageError(
            f"No epoch would be averaged: averaging.swa_from is beyond the last of {count} epochs.",
            "Lower it, or train longer.",
            swa_from,
        )
    mixing = Mixing(mix.mixup, mix.cutmix, mix.probability, mix.switch)
    plain = Mixing(0.0, 0.0)

    def last(number: int, epochs: int) -> bool:
        return number >= count - epochs

    return tuple(
        EpochPlan(
            number=number,
            side=_side(recipe, number),
            draw="balanced" if last(number, stages.balanced_epochs) else recipe.sampling.order,
            mixing=plain if last(number, mix.off_epochs) else mixing,
            hardening=last(number, stages.hard_epochs),
            confidence=last(number, stages.confidence_epochs),
            averaged=swa_from > 0 and number + 1 >= swa_from,
        )
        for number in range(count)
    )


def largest_side(recipe: Recipe) -> int:
    """Pixels of the largest views of any epoch."""
    return max(plan.side for plan in plan_epochs(recipe))


def final_side(recipe: Recipe) -> int:
    """Pixels of the views that predictions are made from."""
    return plan_epochs(recipe)[-1].side


def _side(recipe: Recipe, number: int) -> int:
    second = number >= recipe.schedule.epochs
    return (recipe.stages.second_side if second else None) or recipe.backbone.side
