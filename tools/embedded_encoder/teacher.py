"""The teacher: a frozen network that says, for any view, what should be seen where."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import timm
import torch
from torch import Tensor, nn

from lydite.features.checkpoint import load_checkpoint

NAME = "mobilenetv2_100"
MEAN, STD = 127.0, 127.5
TAPS = ("blocks.2", "blocks.4")
"""Stages that end at strides 8 and 16."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What the teacher says of a batch of ``n`` square views.

    Args:
        fine: ``(n, 32, side / 8, side / 8)``.
        middle: ``(n, 96, side / 16, side / 16)``.
        coarse: ``(n, 1280, side / 32, side / 32)``.
        logits: ``(n, 1000)``.
    """

    fine: Tensor
    middle: Tensor
    coarse: Tensor
    logits: Tensor


class _Taps(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        model: nn.Module = self.model
        values = model.bn1(model.conv_stem(pixels))
        kept = []
        for index, stage in enumerate(model.blocks):
            values = stage(values)
            if f"blocks.{index}" in TAPS:
                kept.append(values)
        coarse = model.bn2(model.conv_head(values))
        return (*kept, coarse, model.classifier(coarse.mean((2, 3))))


class Teacher:
    """The network of ``weights``, on a GPU by torch, on the CPU by ONNX Runtime (three times faster there).

    Args:
        weights: The teacher's checkpoint.
        device: Where the views are.
        threads: CPU threads.
    """

    def __init__(self, weights: Path, device: torch.device, threads: int) -> None:
        model = timm.create_model(NAME, num_classes=1000, pad_type="same")
        load_checkpoint(model, weights)
        self._device = device
        self._taps = _Taps(model.eval().requires_grad_(False)).to(device)
        self._session = None if device.type != "cpu" else self._on_runtime(threads)

    def _on_runtime(self, threads: int) -> object:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = str(Path(folder) / "teacher.onnx")
            axes = {"pixels": {0: "n", 2: "h", 3: "w"}}
            torch.onnx.export(
                self._taps, (torch.zeros(1, 3, 64, 64),), file, dynamo=False, opset_version=17,
                input_names=["pixels"], dynamic_axes=axes,
            )  # fmt: skip
            return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def look(self, views: npt.NDArray[np.uint8]) -> Targets:
        """Targets of ``(n, side, side, 3)`` uint8 RGB views."""
        pixels = np.ascontiguousarray(views.transpose(0, 3, 1, 2), np.float32)
        pixels -= np.float32(MEAN)
        pixels /= np.float32(STD)
        if self._session is not None:
            session: object = self._session
            return Targets(*(torch.from_numpy(each) for each in session.run(None, {"pixels": pixels})))
        with torch.inference_mode():
            return Targets(*self._taps(torch.from_numpy(pixels).to(self._device)))
