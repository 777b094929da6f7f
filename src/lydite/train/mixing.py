"""How batches are mixed; the mixing itself is in ``mix``."""

from __future__ import annotations

from dataclasses import dataclass

from lydite.core import InvalidValue


@dataclass(frozen=True, slots=True)
class Mixing:
    """How batches are mixed.

    Args:
        mixup: Alpha of the Beta distribution of mixup's share; 0 is off.
        cutmix: Alpha of the area of CutMix; 0 is off.
        probability: Of mixing a batch at all.
        switch: Probability of CutMix where both are on.

    Raises:
        InvalidValue: If a value is out of its range.
    """

    mixup: float = 0.2
    cutmix: float = 0.0
    probability: float = 1.0
    switch: float = 0.5

    def __post_init__(self) -> None:
        if self.mixup < 0 or self.cutmix < 0 or not (0 <= self.probability <= 1 and 0 <= self.switch <= 1):
            raise InvalidValue("Mixing", "of alphas from 0 and probabilities in 0..1", self)

    @property
    def on(self) -> bool:
        """Whether any batch may be mixed."""
        return self.probability > 0 and (self.mixup > 0 or self.cutmix > 0)
