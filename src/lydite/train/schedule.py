"""The learning rate at every step: warm-up, cosine, and a second stage that starts lower.

timm's own scheduler computes it, because only timm's schedulers apply the ``lr_scale`` that layer decay
writes into the groups of parameters: torch's ignore it in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from timm.scheduler.cosine_lr import CosineLRScheduler
from torch.optim import Optimizer

from lydite.core import InvalidValue


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some steps under one cosine.

    Args:
        steps: How many updates of the weights.
        scale: Its highest rate as a multiple of the optimiser's.
        warm_up: Steps at its beginning in which the rate rises from 1 % to the highest, in a straight line.
        floor: Its lowest rate as a share of its highest.

    Raises:
        InvalidValue: If a value is out of its range.
    """

    steps: int
    scale: float = 1.0
    warm_up: int = 0
    floor: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.scale > 0 or not 0 <= self.floor <= 1:
            raise InvalidValue("Stretch", "at least one step, a positive scale, a floor in 0..1", self)
        if not 0 <= self.warm_up < self.steps:
            raise InvalidValue("Stretch.warm_up", f"in 0..{self.steps - 1}, below its steps", self.warm_up)


class Schedule:
    """Sets the rates of an optimiser's groups; a function of the step alone, so there is no state to keep.

    Args:
        optimiser: Its groups' rates at this moment are the highest of a stretch of scale 1.
        stretches: One after the other.

    Raises:
        InvalidValue: If there is no stretch.
    """

    def __init__(self, optimiser: Optimizer, stretches: Sequence[Stretch]) -> None:
        if not stretches:
            raise InvalidValue("Schedule.stretches", "at least one", 0)
        self._optimiser = optimiser
        base = [float(group["lr"]) for group in optimiser.param_groups]
        self._parts = [(stretch.steps, _cosine(optimiser, stretch, base)) for stretch in stretches]

    def set(self, step: int) -> float:
        """Set the rates for a step, counted from 0; gives the rate where layer decay does not lower it."""
        part, start = self._parts[0][1], 0
        for (steps, _), (_, later) in pairwise(self._parts):
            if step < start + steps:
                break
            part, start = later, start + steps
        part.step_update(step - start)
        rate: float = max(group["lr"] / group.get("lr_scale", 1.0) for group in self._optimiser.param_groups)
        return rate


def _cosine(optimiser: Optimizer, stretch: Stretch, base: list[float]) -> CosineLRScheduler:
    """The highest rates are read from the groups while it is built."""
    for group, rate in zip(optimiser.param_groups, base, strict=True):
        group["initial_lr"] = rate * stretch.scale
    highest = max(base) * stretch.scale
    return CosineLRScheduler(
        optimiser,
        t_initial=max(stretch.steps - stretch.warm_up, 2),
        lr_min=stretch.floor * highest,
        warmup_t=stretch.warm_up,
        warmup_lr_init=0.01 * highest,
        warmup_prefix=True,
        t_in_epochs=False,
    )
