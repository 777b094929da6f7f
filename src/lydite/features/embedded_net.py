"""The embedded encoder as a torch module: its architecture, for training and for fine-tuning.

A plain residual network of dense convolutions, wide where the map is small: on a CPU these run several
times faster per multiplication than depthwise ones. Three depths lie side by side in the map: what a cell
looks like (stride 8), what it is part of (stride 16), and what that means (stride 32), each through a linear
neck that decorrelates its channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lydite.core.errors import CheckpointError, MissingExtra
from lydite.features.weights import EMBEDDED

STRIDE = 8
"""Input pixels per cell of the map along each axis."""
MULTIPLE = 32
"""What both sides of an input must divide by."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Channels and depths of the network; the defaults are those of the file that ships."""

    stem: tuple[int, int] = (16, 48)
    fine: int = 96
    fine_inner: int = 48
    fine_blocks: int = 2
    middle: int = 192
    middle_inner: int = 96
    middle_blocks: int = 4
    coarse: int = 256
    coarse_inner: int = 128
    coarse_blocks: int = 3
    meaning: int = 768
    necks: tuple[int, int, int] = (96, 128, 256)

    @property
    def dim(self) -> int:
        """Length of a cell of the fused map."""
        return sum(self.necks)


class Unit(nn.Module):
    """Convolution, batch norm (a bias once it is folded), and ReLU where asked for."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = True, norm: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.relu = relu

    def forward(self, values: Tensor) -> Tensor:
        """``(n, inputs, height, width)`` to ``(n, outputs, height / stride, width / stride)``."""
        values = self.norm(self.conv(values))
        return functional.relu(values) if self.relu else values


class Block(nn.Module):
    """A residual bottleneck: 1x1, 3x3, 1x1 (He et al., 2016)."""

    def __init__(self, width: int, inner: int, *, norm: bool = True) -> None:
        super().__init__()
        self.narrow = Unit(width, inner, 1, norm=norm)
        self.look = Unit(inner, inner, 3, norm=norm)
        self.widen = Unit(inner, width, 1, relu=False, norm=norm)

    def forward(self, values: Tensor) -> Tensor:
        """Same shape in and out."""
        return functional.relu(values + self.widen(self.look(self.narrow(values))))


class EmbeddedNet(nn.Module):
    """Pixels to a fused dense map.

    Args:
        widths: Channels and depths.
        norm: With batch norms, as it is trained from scratch; without, as it ships (they are folded
            into the convolutions before them).
    """

    def __init__(self, widths: Widths | None = None, *, norm: bool = False) -> None:
        super().__init__()
        self.widths = w = widths or Widths()
        self.stem = nn.Sequential(
            Unit(3, w.stem[0], 3, 2, norm=norm), Unit(w.stem[0], w.stem[1], 3, 2, norm=norm)
        )
        self.fine = nn.Sequential(
            Unit(w.stem[1], w.fine, 3, 2, norm=norm),
            *(Block(w.fine, w.fine_inner, norm=norm) for _ in range(w.fine_blocks)),
        )
        self.middle = nn.Sequential(
            Unit(w.fine, w.middle, 2, 2, norm=norm),
            *(Block(w.middle, w.middle_inner, norm=norm) for _ in range(w.middle_blocks)),
        )
        self.coarse = nn.Sequential(
            Unit(w.middle, w.coarse, 2, 2, norm=norm),
            *(Block(w.coarse, w.coarse_inner, norm=norm) for _ in range(w.coarse_blocks)),
        )
        self.meaning = Unit(w.coarse, w.meaning, 1, norm=norm)
        self.necks = nn.ModuleList(
            Unit(inputs, outputs, 1, relu=False, norm=False)
            for inputs, outputs in zip((w.fine, w.middle, w.meaning), w.necks, strict=True)
        )

    def stages(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three maps, at strides 8, 16 and 32.

        Args:
            pixels: ``(n, 3, height, width)`` float32 RGB in [-1, 1], both sides multiples of 32.
        """
        fine = self.fine(self.stem(pixels))
        middle = self.middle(fine)
        return fine, middle, self.meaning(self.coarse(middle))

    def fuse(self, fine: Tensor, middle: Tensor, meaning: Tensor) -> Tensor:
        """The three maps at stride 8, each through its neck."""
        parts = [
            _lift(neck(part), times)
            for neck, part, times in zip(self.necks, (fine, middle, meaning), (1, 2, 4), strict=True)
        ]
        return torch.cat(parts, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """``(n, 3, height, width)`` to ``(n, dim, height / 8, width / 8)``."""
        return self.fuse(*self.stages(pixels))


def _lift(values: Tensor, times: int) -> Tensor:
    if times == 1:
        return values
    return functional.interpolate(values, scale_factor=float(times), mode="bilinear", align_corners=False)


def load_embedded_net() -> EmbeddedNet:
    """The encoder that ships, as a module to fine-tune: float32, in evaluation mode.

    The file of ONNX Runtime is the one source of the weights; they are read from it by name.

    Raises:
        MissingExtra: If the part ``torch`` of the installation is absent.
        CheckpointError: If the file does not hold exactly the weights of ``EmbeddedNet``.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtra("Fine-tuning the embedded encoder", "torch") from error

    stored = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).astype("float32"))
        for tensor in onnx.load(EMBEDDED).graph.initializer
    }
    net = EmbeddedNet()
    wanted = net.state_dict()
    strangers = sorted(wanted.keys() ^ (stored.keys() - {"times2", "times4"}))
    if strangers:
        raise CheckpointError(
            f"The embedded encoder's file does not fit its module: {len(strangers)} names differ.",
            "Install the package again.",
            strangers[0],
        )
    net.load_state_dict({name: stored[name].reshape(value.shape) for name, value in wanted.items()})
    return net.eval()
