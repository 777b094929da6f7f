"""Seconds a picture by stage, on real pictures: are our own stages small beside a large encoder?

    python benchmarks/stages.py [--set bccd nuclei] [--encoder embedded dinov3] [--pictures 10]

Encoders look at pictures with a short side of 512 px. ``dinov3`` is timm's ``vit_small_patch16_dinov3`` with
random weights, saved to a file and loaded like any checkpoint: seconds do not depend on what a network has
learned, and nothing is downloaded. Of several looks at a picture the fastest counts, stage by stage; rows are
means over pictures. ``ours`` is all that Lydite does after the encoder: pooling, scoring, measuring overlaps,
deciding, suppression, explanation; the claim is its share of the encoder's own time. The best 300
candidates are kept (``--candidates``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from detect import SHARED, Task, bccd, encoders, nuclei
from lydite import __version__
from lydite.core import ItemId
from lydite.data import Picture, load_image
from lydite.detect import Detector, resolve

SHORT_SIDE = 512
DINOV3 = "vit_small_patch16_dinov3"
STAGES = ("decode", "propose", "encode", "pool", "score", "measure", "decide", "explain")
OURS = STAGES[3:]


def settings_of(names: Sequence[str], folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Encoder settings by name."""
    for name in names:
        if name == "dinov3":
            yield name, {"encoder": DINOV3, "checkpoint": untrained(folder)}
        else:
            yield from encoders([name])


def untrained(folder: Path) -> Path:
    """A weights file of the architecture, as it is initialised."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = folder / f"{DINOV3}.safetensors"
    save_file(timm.create_model(DINOV3, num_classes=0).state_dict(), path)
    return path


def look(detector: Detector, picture: Path, item: ItemId) -> tuple[dict[str, float], int]:
    """Seconds by stage of one look, and how many candidates there were."""
    start = time.perf_counter()
    decoded: Picture = load_image(picture)
    seconds = {"decode": time.perf_counter() - start}
    detection = detector.detect(decoded, item)
    return {**seconds, **detection.seconds}, len(detection.candidates)


def measure(task: Task, detector: Detector, repeats: int) -> tuple[dict[str, float], float]:
    """Mean seconds by stage, and candidates a picture."""
    sums, counts = dict.fromkeys(STAGES, 0.0), []
    for number, path in enumerate(task.images):
        looks = [look(detector, path, ItemId(task.name, path.name)) for _ in range(repeats)]
        for stage in STAGES:
            sums[stage] += min(seconds[stage] for seconds, _ in looks) / len(task.images)
        counts.append(looks[0][1])
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{len(task.images)}", end="", file=sys.stderr)
    return sums, float(np.mean(counts))


def report(task: Task, encoder: str, seconds: dict[str, float], candidates: float) -> None:
    """Print two rows: milliseconds, and shares of the whole."""
    whole, ours = sum(seconds.values()), sum(seconds[stage] for stage in OURS)
    cells = "".join(f"{1000 * seconds[stage]:9.1f}" for stage in STAGES)
    sums = f"{1000 * whole:9.1f}{1000 * ours:9.1f}{ours / seconds['encode']:9.1%}"
    print(f"{task.name:7s} {encoder:12s} {candidates:5.0f}{cells}{sums}", flush=True)
    print(
        " " * 26
        + "".join(f"{seconds[stage] / whole:9.1%}" for stage in STAGES)
        + f"{1:9.1%}{ours / whole:9.1%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=["bccd", "nuclei"], nargs="*", default=["bccd", "nuclei"])
    parser.add_argument("--encoder", nargs="*", default=["embedded", "dinov3"])
    parser.add_argument("--pictures", type=int, default=10)
    parser.add_argument("--candidates", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print(f"lydite {__version__}, numpy {np.__version__}, torch {version('torch')}, timm {version('timm')}")
    print(f"milliseconds a picture; at most {arguments.candidates} candidates; short side {SHORT_SIDE}")
    head = "".join(f"{stage:>9s}" for stage in (*STAGES, "all", "ours", "ours/enc"))
    print(f"{'set':7s} {'encoder':12s} {'cand.':>5s}{head}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.set:
            task = {"bccd": bccd, "nuclei": nuclei}[name](SHARED / "data" / name, arguments.pictures)
            for encoder, options in settings_of(arguments.encoder, Path(scratch)):
                kept = {"short_side": SHORT_SIDE, "max_candidates": arguments.candidates}
                detector = Detector.from_exemplars(
                    task.exemplars, resolve("strict", options={**kept, **options})
                )
                report(task, encoder, *measure(task, detector, arguments.repeats))


if __name__ == "__main__":
    main()
