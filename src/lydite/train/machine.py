"""Where and how precisely a network computes: device, precision, layout in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lydite.core import UsageError
from lydite.train.sections import BudgetSettings

_DTYPES = {"full": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a network computes.

    Args:
        device: Where.
        dtype: Of the arithmetic under autocast; weights are float32 always.
        channels_last: Whether pictures lie in memory pixel by pixel.
    """

    device: torch.device
    dtype: torch.dtype
    channels_last: bool

    @classmethod
    def of(cls, settings: BudgetSettings) -> Machine:
        """The machine that a recipe asks for.

        Raises:
            UsageError: If the device is not there, or cannot compute so.
        """
        try:
            device = torch.device(settings.device)
        except RuntimeError as error:
            raise UsageError(
                "There is no such device.", "Known: cpu, cuda, cuda:1, mps.", settings.device
            ) from error
        present = {
            "cpu": True,
            "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
            "mps": torch.backends.mps.is_available(),
        }
        if not present.get(device.type, False):
            raise UsageError(
                "This device is not available to PyTorch here.", "Set budget.device = 'cpu'.", settings.device
            )
        if settings.precision == "fp16" and device.type == "cpu":
            raise UsageError(
                "A CPU does not train in fp16.", "Set budget.precision = 'bf16' or 'full'.", "fp16"
            )
        return cls(device, _DTYPES[settings.precision], settings.channels_last)

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module here, in the layout of its pictures."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        moved: nn.Module = module.to(self.device, memory_format=layout)  # type: ignore[call-overload]
        return moved

    def lay(self, planes: Tensor) -> Tensor:
        """Planes in the layout of the weights."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return planes.contiguous(memory_format=layout)

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Autocast, where less than full precision is asked for."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            yield

    def scaler(self) -> torch.amp.GradScaler:
        """Scales losses where float16 would lose small gradients, and does nothing elsewhere."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)

    @contextmanager
    def seeded(self, *seed: int) -> Iterator[None]:
        """What is drawn inside depends on ``seed`` alone; the caller's generators stay as they were."""
        devices: Sequence[torch.device] = [self.device] if self.device.type == "cuda" else []
        number = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
        with torch.random.fork_rng(devices):
            torch.manual_seed(number)
            yield
