"""One step of the weights: forward, backward, perhaps a second look from the slope, clip, move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from lydite.core import TrainingError
from lydite.train.machine import Machine
from lydite.train.memory import short_memory_told
from lydite.train.mix import Mixed
from lydite.train.network import Network
from lydite.train.sharpness import Sharpness, still_statistics


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """All that moves weights.

    Args:
        network: Whose.
        optimiser: Of its parameters.
        scaler: Scales losses in float16.
        sharpness: For the second pass, or ``None``.
        machine: Where.
        smoothing: Share of a label that is spread over all classes.
        class_weights: ``(classes,)`` float32 on the device, or ``None``.
        parts: In how many parts a batch goes through.
        clip: Largest norm of the gradient; 0 is none.
    """

    network: Network
    optimiser: Optimizer
    scaler: torch.amp.GradScaler
    sharpness: Sharpness | None
    machine: Machine
    smoothing: float
    class_weights: Tensor | None
    parts: int
    clip: float

    def step(self, mixed: Mixed, labels: Tensor) -> tuple[float, float, Tensor]:
        """Move the weights once.

        Args:
            mixed: Planes in the machine's layout, on its device.
            labels: ``(n,)`` int64 of the pictures themselves, on the device.

        Returns:
            The loss, the norm of the gradient before clipping, and ``(n,)`` each picture's cross entropy
            with its own label.

        Raises:
            TrainingError: If loss or gradient is not finite, or memory is short; the weights have not moved.
        """
        targets = mixed.targets(labels, len(self.network.classes), self.smoothing)
        self.optimiser.zero_grad(set_to_none=True)
        parts = f"{self.parts} part{'s' * (self.parts > 1)}"
        with short_memory_told(
            f"for a batch of {len(labels)} in {parts}; the weights were not moved",
            f"Set sampling.parts = {self.parts * 2} (the same training in smaller parts), or a smaller side.",
        ):
            loss, own = self._pass(mixed.pixels, targets, labels)
            if self.sharpness is not None and self.sharpness.ascent():
                self.optimiser.zero_grad(set_to_none=True)
                try:
                    with still_statistics(self.network.module):
                        self._pass(mixed.pixels, targets, labels)
                finally:
                    self.sharpness.descent()
        return loss, self._move(), own

    def _pass(self, planes: Tensor, targets: Tensor, labels: Tensor) -> tuple[float, Tensor]:
        """Gradients of the mean loss of the whole batch, part by part."""
        total, own = 0.0, []
        for place in _parts(len(labels), self.parts):
            logits = self._ask(planes[place])
            loss = functional.cross_entropy(logits, targets[place], self.class_weights, reduction="sum")
            loss = loss / len(labels)
            total += float(loss.detach())
            if not np.isfinite(total):
                raise TrainingError(
                    "The loss is not a finite number; the weights were not moved.",
                    "Lower optimiser.lr, set optimiser.clip, or compute with budget.precision = 'full'.",
                    total,
                )
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            own.append(functional.cross_entropy(logits.detach(), labels[place], reduction="none"))
        return total, torch.cat(own)

    def _ask(self, planes: Tensor) -> Tensor:
        try:
            with self.machine.precision():
                logits: Tensor = self.network.module(planes)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise TrainingError(
                "One picture alone has no spread, which batch norms of this network would measure.",
                "Learn from more pictures, or in fewer sampling.parts, or at a larger side.",
                self.network.name,
            ) from error
        return logits.float()

    def _move(self) -> float:
        self.scaler.unscale_(self.optimiser)
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        norm = float(nn.utils.clip_grad_norm_(parameters, self.clip or torch.inf, foreach=True))
        if not np.isfinite(norm) and not self.scaler.is_enabled():
            raise TrainingError(
                "The gradient is not finite; the weights were not moved.",
                "Lower optimiser.lr, or compute with budget.precision = 'full'.",
                norm,
            )
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return norm


def _parts(count: int, parts: int) -> list[slice]:
    size = -(-count // parts)
    return [slice(start, start + size) for start in range(0, count, size)]
