"""The embedded encoder in torch is the embedded encoder in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("onnx")

import onnx  # noqa: E402
import torch  # noqa: E402

from golden import embedded as golden  # noqa: E402
from lydite.core.errors import CheckpointError  # noqa: E402
from lydite.features import EncoderSettings, build_encoder, embedded_net  # noqa: E402
from lydite.features.embedded_net import EmbeddedNet, load_embedded_net  # noqa: E402
from lydite.features.encoders.embedded import LEVEL, MULTIPLE, STRIDE, UNIT  # noqa: E402
from lydite.features.weights import EMBEDDED  # noqa: E402

pytestmark = pytest.mark.torch


def by_torch(pixels: np.ndarray) -> np.ndarray:
    planes = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    with torch.inference_mode():
        cells = load_embedded_net()((planes - LEVEL) / UNIT)[0]
    return np.asarray(cells.permute(1, 2, 0).numpy())


def test_both_runtimes_agree() -> None:
    rng = np.random.default_rng(0)
    for size_hw in ((64, 96), (128, 128), (32, 96)):
        pixels = rng.integers(0, 256, (*size_hw, 3), np.uint8)
        by_runtime = (
            build_encoder(EncoderSettings(encoder="embedded", short_side=min(size_hw))).encode(pixels).cells
        )
        np.testing.assert_allclose(by_torch(pixels), by_runtime, atol=1e-4)


def test_both_runtimes_are_golden() -> None:
    picture, wanted = golden.drawn_picture(), np.array(golden.written()["cells"])
    by_runtime = build_encoder(EncoderSettings(encoder="embedded", short_side=128)).encode(picture).cells
    np.testing.assert_allclose(golden.sampled(by_runtime), wanted, atol=1e-3)
    np.testing.assert_allclose(golden.sampled(by_torch(picture)), wanted, atol=1e-3)


def test_the_module_is_as_large_as_the_card_says() -> None:
    assert embedded_net.STRIDE == STRIDE
    assert embedded_net.MULTIPLE == MULTIPLE
    assert sum(each.numel() for each in EmbeddedNet().parameters()) <= 3_000_000


def test_it_learns() -> None:
    net = load_embedded_net().train()
    torch.manual_seed(0)
    pixels, wanted = torch.rand(4, 3, 64, 64) * 2 - 1, torch.tensor([0, 1, 0, 1])
    head = torch.nn.Linear(net.widths.dim, 2)
    optimizer = torch.optim.AdamW([*net.parameters(), *head.parameters()], lr=3e-4)
    losses = []
    for _ in range(16):
        loss = torch.nn.functional.cross_entropy(head(net(pixels).mean((2, 3))), wanted)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2


def test_a_file_of_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = onnx.load(EMBEDDED)
    model.graph.initializer[0].name = "stranger"
    onnx.save(model, tmp_path / "other.onnx")
    monkeypatch.setattr(embedded_net, "EMBEDDED", tmp_path / "other.onnx")
    with pytest.raises(CheckpointError, match=r"does not fit its module: 2 names differ"):
        load_embedded_net()
