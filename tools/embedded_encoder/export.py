r"""Turn a checkpoint into the file that ships, and write what the model card says of it.

    python tools/embedded_encoder/export.py --work FOLDER --source SHARED/data/pretrain

Writes ``src/lydite/features/weights/embedded.onnx`` and ``docs/embedded_encoder.toml``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import tomli_w
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from embedded_encoder.balance import balance
from embedded_encoder.fold import fold
from embedded_encoder.graph import write_graph
from embedded_encoder.pictures import load_pictures
from lydite.features import EncoderSettings, build_encoder
from lydite.features.embedded_net import EmbeddedNet, Widths
from lydite.features.weights import EMBEDDED

CARD = Path(__file__).resolve().parents[2] / "docs" / "embedded_encoder.toml"


def main() -> None:
    options = _arguments()
    state = torch.load(options.work / "checkpoint.pt", map_location="cpu", weights_only=True)
    widths = replace(Widths(**_tuples(state["card"]["widths"])), necks=Widths().necks)
    trained = EmbeddedNet(widths, norm=True)
    blank_necks = {name: value for name, value in trained.state_dict().items() if name.startswith("necks.")}
    trained.load_state_dict(_own(state["average"]) | blank_necks)
    pictures = load_pictures(options.source, options.work)
    balance(trained.eval(), pictures.training())
    net = fold(trained)
    content = write_graph(
        net, {"licence": "Apache-2.0", "made": "tools/embedded_encoder"}
    ).SerializeToString()
    EMBEDDED.write_bytes(content)
    card = {
        "file": {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "parameters": sum(each.numel() for each in net.parameters()),
            "dim": net.widths.dim,
            "space": build_encoder(EncoderSettings(encoder="embedded")).space.id,
        },
        "training": {
            "minutes": round(state["seconds"] / 60, 1),
            **_flat(state["card"]),
            "widths": asdict(widths),
        },
        "held_out": _last_examination(options.work / "log.jsonl"),
    }
    CARD.write_text(tomli_w.dumps(card), encoding="utf-8")
    sys.stdout.write(CARD.read_text(encoding="utf-8"))


def _own(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the network among those of its training heads."""
    return {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}


def _tuples(widths: dict[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in widths.items()}


def _flat(card: dict[str, object]) -> dict[str, object]:
    return json.loads(json.dumps(card))


def _last_examination(log: Path) -> dict[str, float]:
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return next(record["held_out"] for record in reversed(found) if "held_out" in record)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--source", type=Path, required=True, help="folder of the two archives")
    return parser.parse_args()


if __name__ == "__main__":
    torch.manual_seed(0)
    np.seterr(all="raise")
    main()
