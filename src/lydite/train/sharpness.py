"""Sharpness-aware minimisation without closures: up the slope, look again, back, and step.

Two calls around the second pass are all it takes, so gradient accumulation, clipping, autocast and
``GradScaler`` stay where they were::

    loss(batch).backward()
    if sharpness.ascent():                 # weights are now at the sharpest point nearby
        optimiser.zero_grad()
        with still_statistics(model):
            loss(batch).backward()
        sharpness.descent()                # weights are where they were, gradients are those up there
    scaler.step(optimiser)

Sources: Foret et al., 2021 (SAM); Kwon et al., 2021 (its adaptive form, ASAM).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lydite.core import InvalidValue

_TINY = 1e-12


class Sharpness:
    """Moves weights to the sharpest point within a radius, and back exactly.

    Args:
        parameters: The weights that are trained.
        rho: The radius; 0.05 is usual, and 0.5 to 2 for the adaptive form.
        adaptive: Measure the radius in units of each weight (ASAM).

    Raises:
        InvalidValue: If ``rho`` is not positive.
    """

    def __init__(self, parameters: Iterable[Tensor], rho: float, *, adaptive: bool = False) -> None:
        if not rho > 0:
            raise InvalidValue("Sharpness.rho", "positive", rho)
        self._parameters = tuple(parameters)
        self._rho = rho
        self._adaptive = adaptive
        self._before: list[tuple[Tensor, Tensor]] = []

    @torch.no_grad()
    def ascent(self) -> bool:
        """Add ``rho g / |g|`` to the weights; ``False``, and nothing moved, if the gradients are not finite.

        Gradients may be scaled (``GradScaler``): the direction does not depend on their length. They are
        not to be unscaled before: a scaler does that once a step, and this step's are those of the second
        pass. After ``False`` the first pass's gradients stay, and the scaler skips the step.

        Raises:
            InvalidValue: If the weights are up there already.
        """
        if self._before:
            raise InvalidValue("Sharpness.ascent", "followed by descent before the next ascent", "no descent")
        moved = [p for p in self._parameters if p.grad is not None]
        slopes = [self._slope(p) for p in moved]
        norm = _norm(slopes)
        if not torch.isfinite(norm):
            return False
        self._before = [(p, p.detach().clone()) for p in moved]
        for parameter, slope in zip(moved, slopes, strict=True):
            step = slope * (parameter.detach().float().abs() if self._adaptive else 1.0)
            parameter.add_((step * (self._rho / (norm.to(step.device) + _TINY))).to(parameter.dtype))
        return True

    @torch.no_grad()
    def descent(self) -> None:
        """Put the weights back, bit for bit; the gradients of the second pass stay."""
        for parameter, before in self._before:
            parameter.copy_(before)
        self._before = []

    def _slope(self, parameter: Tensor) -> Tensor:
        """The gradient in float32, in units of the weight for the adaptive form."""
        slope = parameter.grad.detach().float() if parameter.grad is not None else torch.zeros_like(parameter)
        return slope * parameter.detach().float().abs() if self._adaptive else slope


@contextmanager
def still_statistics(model: nn.Module) -> Iterator[None]:
    """Batch norms judge by the batch, as while training, but their running statistics stand still.

    The second pass of SAM looks at weights that are not the model's: what it sees must not enter them.
    """
    tracking = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    for module in tracking:
        module.track_running_stats = False
    try:
        yield
    finally:
        for module in tracking:
            module.track_running_stats = True


def _norm(slopes: list[Tensor]) -> Tensor:
    if not slopes:
        return torch.tensor(0.0)
    lengths = [torch.linalg.vector_norm(slope) for slope in slopes]
    norm: Tensor = torch.linalg.vector_norm(torch.stack([length.to(lengths[0].device) for length in lengths]))
    return norm
