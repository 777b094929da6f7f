"""How fast the networks run on ONNX Runtime, one at a time, in turns."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime

import lydite.features
from encoders_rows.contenders import Contender
from encoders_rows.vectors import tick
from lydite.features import build_encoder
from lydite.features.encoders.timm import TimmEncoder

PEER = "mobilenetv2_100"
SIDE, BATCHES = 224, (1, 8)
ROUNDS, WARM_UP, TIMED = 5, 10, 60
EMBEDDED = Path(lydite.features.__file__).parent / "weights" / "embedded.onnx"


def speed_rows(contenders: Sequence[Contender], threads: int, folder: Path) -> list[tuple[str, ...]]:
    """Pictures a second and the time to load, medians over the rounds.

    Two sessions alive at once disturb each other, for the threads of each wait by spinning: a session is
    made, warmed up, timed and dropped before the next one is made.

    The measure of speed is MobileNetV2 with plain padding and random weights, whatever takes part: the
    teacher's own weights need the padding of TensorFlow, which costs time.

    Args:
        contenders: Who runs; an encoder without a network is named as such.
        threads: Of ONNX Runtime, within an operator.
        folder: Where networks of timm are exported to.
    """
    files = {PEER: plain_peer(folder)}
    files |= {contender.name: network_file(contender, folder) for contender in contenders}
    networks = {name: file for name, file in files.items() if file is not None}
    loads: dict[str, list[float]] = {name: [] for name in networks}
    rows = []
    for batch in BATCHES:
        rates: dict[str, list[float]] = {name: [] for name in networks}
        for turn in range(ROUNDS):
            # Who comes first changes, for the machine's clock may drift within a round.
            for name in list(networks)[:: 1 if turn % 2 else -1]:
                load_s, seconds = run_network(networks[name], batch, threads)
                loads[name].append(load_s)
                rates[name].append(batch / median(seconds))
                tick(f"speed {name} {batch} {turn + 1}/{ROUNDS}")
        title = f"speed {SIDE} px, batch {batch}, {threads} threads"
        rows += [_row(title, name, rates) for name in files]
    for name, seconds in loads.items():
        rows.append(("speed, load", name, "", f"{1000 * median(seconds):.0f} ms", "", ""))
    return rows


def _row(title: str, name: str, rates: dict[str, list[float]]) -> tuple[str, ...]:
    if name not in rates:
        return (title, name, "", "no network", "", "")
    rate = median(rates[name])
    times = "reference" if name == PEER else f"{rate / median(rates[PEER]):.2f} times"
    return (title, name, "", f"{rate:.1f} images/s", times, "")


def network_file(contender: Contender, folder: Path) -> Path | None:
    """The network as ONNX: exported up to its last map if it is timm's, else the package's own, if any."""
    encoder = build_encoder(contender.settings)
    if not isinstance(encoder, TimmEncoder):
        return EMBEDDED if EMBEDDED.is_file() else None
    return _export(encoder.model, folder / f"{contender.name}.onnx")


def plain_peer(folder: Path) -> Path:
    """The peer as ONNX; its weights are random, which changes no time."""
    import timm

    return _export(timm.create_model(PEER, pretrained=False).eval(), folder / f"{PEER}.onnx")


def _export(model: Any, file: Path) -> Path:
    """Up to the last map, without the head."""
    import torch

    model.forward = model.forward_features
    with warnings.catch_warnings():
        # The exporter that this asks for is deprecated, and warns of every shape that it makes a constant.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(1, 3, SIDE, SIDE),),
            str(file),
            input_names=["pixels"],
            dynamic_axes={"pixels": {0: "n"}},
            dynamo=False,
        )
    return file


def run_network(file: Path, batch: int, threads: int) -> tuple[float, list[float]]:
    """Seconds to load, and seconds of each timed run on random pixels."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    load_s = time.perf_counter() - start
    shape = (batch, 3, SIDE, SIDE)
    feed = {session.get_inputs()[0].name: np.random.default_rng(0).normal(size=shape).astype(np.float32)}
    for _ in range(WARM_UP):
        session.run(None, feed)
    seconds = []
    for _ in range(TIMED):
        start = time.perf_counter()
        session.run(None, feed)
        seconds.append(time.perf_counter() - start)
    return load_s, seconds
