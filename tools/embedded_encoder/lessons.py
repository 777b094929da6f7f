"""What the student is asked: heads that exist in training only, and one loss for each question."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedded_encoder.teacher import Targets
from lydite.features.embedded_net import EmbeddedNet, Widths

CUT = 4.0
"""Standardised targets are cut here: a few huge channels must not rule the loss."""
NEIGHBOUR_HEAT, TEACHER_HEAT = 0.1, 0.05
LABEL_HEAT = 2.0


@dataclass(frozen=True, slots=True)
class Weights:
    """Weight of each loss."""

    fine: float = 1.0
    middle: float = 1.0
    coarse: float = 2.0
    whole: float = 1.5
    labels: float = 0.5
    pairs: float = 0.25


class Standard(nn.Module):
    """Targets brought to mean 0 and variance 1 per channel, by statistics of the first batches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def measure(self, values: Tensor) -> None:
        """Take the statistics of ``(n, channels, ...)``."""
        flat = values.transpose(0, 1).flatten(1)
        self.mean.copy_(flat.mean(1))
        self.std.copy_(flat.std(1).clamp_min(0.05 * flat.std()))

    def forward(self, values: Tensor) -> Tensor:
        """The standardised values, cut at ``CUT``."""
        shape = (1, -1, *[1] * (values.ndim - 2))
        return ((values - self.mean.view(shape)) / self.std.view(shape)).clamp(-CUT, CUT)


class Lessons(nn.Module):
    """The student with its training heads.

    Dense questions at three strides; whole-picture questions through a linear head on the mean of the very
    channels that ship, so that what is asked for lies open in the pooled vector; and pairs: two views of a
    picture must be each other's nearest neighbours, as far as the teacher finds them alike.
    """

    def __init__(self, widths: Widths, targets: Targets) -> None:
        super().__init__()
        self.net = EmbeddedNet(widths, norm=True)
        channels = {name: getattr(targets, name).shape[1] for name in ("fine", "middle", "coarse", "logits")}
        self.to_fine = nn.Conv2d(widths.fine, channels["fine"], 1)
        self.to_middle = nn.Conv2d(widths.middle, channels["middle"], 1)
        self.to_coarse = nn.Conv2d(widths.meaning, channels["coarse"], 1)
        self.to_whole = nn.Linear(widths.meaning + widths.middle, channels["coarse"])
        self.to_labels = nn.Linear(widths.meaning, channels["logits"])
        self.standards = nn.ModuleDict(
            {name: Standard(channels[name]) for name in ("fine", "middle", "coarse")}
            | {"whole": Standard(channels["coarse"])}
        )
        self.centre = nn.BatchNorm1d(widths.meaning, affine=False, momentum=0.01)

    def measure(self, targets: Targets) -> None:
        """Fix the scale of every target."""
        for name in ("fine", "middle", "coarse"):
            self.standards[name].measure(getattr(targets, name))
        self.standards["whole"].measure(targets.coarse.mean((2, 3)))

    def forward(self, pixels: Tensor, targets: Targets) -> dict[str, Tensor]:
        """One loss for each question, of ``2 n`` views of which rows ``i`` and ``n + i`` are a pair."""
        fine, middle, meaning = self.net.stages(pixels)
        asked = {
            "fine": self.to_fine(fine), "middle": self.to_middle(middle), "coarse": self.to_coarse(meaning)
        }  # fmt: skip
        losses = {
            name: functional.smooth_l1_loss(
                answer.float(), self.standards[name](getattr(targets, name)), beta=1.0
            ) for name, answer in asked.items()
        }  # fmt: skip
        pooled, middle_pooled = meaning.float().mean((2, 3)), middle.float().mean((2, 3))
        whole = targets.coarse.mean((2, 3))
        answer = self.to_whole(torch.cat([pooled, middle_pooled], 1)).float()
        losses["whole"] = functional.smooth_l1_loss(answer, self.standards["whole"](whole), beta=1.0)
        said = functional.log_softmax(self.to_labels(pooled).float() / LABEL_HEAT, 1)
        meant = functional.log_softmax(targets.logits / LABEL_HEAT, 1)
        losses["labels"] = functional.kl_div(said, meant, log_target=True, reduction="batchmean")
        losses["pairs"] = self._pairs(self.centre(pooled), self.standards["whole"](whole))
        return losses

    @staticmethod
    def _pairs(student: Tensor, teacher: Tensor) -> Tensor:
        """Cross entropy of who is near whom: half the picture's own other view, half the teacher's word."""
        half = len(student) // 2
        student, teacher = functional.normalize(student, dim=1), functional.normalize(teacher, dim=1)
        cosines = student[:half] @ student[half:].T / NEIGHBOUR_HEAT
        likeness = teacher[:half] @ teacher[half:].T / TEACHER_HEAT
        own = torch.eye(half, device=student.device)
        loss = student.new_zeros(())
        for mine, theirs in ((cosines, likeness), (cosines.T, likeness.T)):
            wanted = 0.5 * own + 0.5 * theirs.softmax(1)
            loss = loss - (wanted * mine.log_softmax(1)).sum(1).mean() / 2
        return loss
