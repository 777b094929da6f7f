"""How many true objects proposals meet: ours without a model against OpenCV's selective search, fast mode.

    make peers                          builds benchmarks/.peers-opencv and runs this
    python benchmarks/recall.py [--set bccd nuclei hardhat] [--draws 5] [--pictures 6] [--peer PYTHON]

AR@K is the share of true boxes that one of the first K candidates meets, averaged over IoU 0.5, 0.55, ...
0.95. A draw is a handful of random pictures and, for ``similarity``, random exemplars from others. Selective
search runs in an environment and a process of its own. Seconds are from decoded pixels to candidates, those
of ``similarity`` without the encoder's look, which the detector needs anyway; medians. In brackets is the
worst difference to selective search in any draw.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import numpy.typing as npt

from detect import SHARED
from encoders_rows.contests import bccd, nuclei
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.core import Boxes, ItemId
from lydite.data import load_image, read_yolo
from lydite.detect import Exemplar, ExemplarSet, make_bank, resolve
from lydite.detect.guidance import Guide
from lydite.detect.proposers.regions import RegionProposer
from lydite.detect.proposers.similarity import SimilarityProposer
from lydite.features import build_encoder
from lydite.metrics.overlap import box_iou

HERE = Path(__file__).resolve().parent
THRESHOLDS = np.arange(0.5, 0.96, 0.05)
BUDGETS = (100, 1000)
PEER = "selective search"
PER_CLASS = 5


@dataclass(frozen=True, eq=False)
class Draw:
    """Some pictures with their true boxes, and exemplars from others."""

    pictures: tuple[Path, ...]
    boxes: tuple[Boxes, ...]
    exemplars: ExemplarSet


def draws_of(name: str, count: int, pictures: int) -> list[Draw]:
    """Random draws of a data set."""
    if name == "hardhat":
        return hardhat(SHARED / "data" / name, count, pictures)
    contest = {"bccd": bccd, "nuclei": nuclei}[name](SHARED / "data" / name, count, None)
    rng = np.random.default_rng(0)
    drawn = []
    for trial in contest.trials:
        rows = rng.permutation(np.array(trial.tested))[:pictures]
        paths = tuple(contest.pictures[row] for row in rows)
        drawn.append(Draw(paths, tuple(contest.truths[row].boxes for row in rows), trial.exemplars))
    return drawn


def hardhat(root: Path, count: int, pictures: int) -> list[Draw]:
    """Heads with and without helmets: exemplars from training pictures, tested on the others."""
    known, tested = (read_yolo(root / part / "labels") for part in ("train", "valid"))
    places = [(image, row) for image in known.images for row in range(len(image))]
    full = [image for image in tested.images if len(image)]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(count):
        chosen: dict[int, list[Exemplar]] = defaultdict(list)
        for at in rng.permutation(len(places)):
            image, row = places[at]
            label = int(image.labels[row])
            if len(chosen[label]) < PER_CLASS:
                x0, y0, x1, y1 = (float(v) for v in image.boxes.xyxy[row])
                path = root / "train" / "images" / image.path
                name = known.class_map[label]
                chosen[label].append(Exemplar(path, f"{path.stem}/{row}", name, box=(x0, y0, x1, y1)))
            if sum(map(len, chosen.values())) == PER_CLASS * len(known.class_map):
                break
        rows = rng.permutation(len(full))[:pictures]
        drawn.append(
            Draw(
                tuple(root / "valid" / "images" / full[row].path for row in rows),
                tuple(full[row].boxes for row in rows),
                ExemplarSet(tuple(each for label in sorted(chosen) for each in chosen[label])),
            )
        )
    return drawn


def recall(truth: Boxes, found: Boxes, budget: int) -> npt.NDArray[np.float64]:
    """``(objects,)`` the share of the thresholds at which each is met."""
    if not len(found):
        return np.zeros(len(truth))
    best = box_iou(truth, found[:budget]).max(axis=1)
    return np.asarray((best[:, None] >= THRESHOLDS - 1e-6).mean(axis=1))


def ours(draw: Draw) -> tuple[dict[str, list[Boxes]], dict[str, list[float]]]:
    """Boxes by proposer, best first, and seconds."""
    settings = resolve("strict")
    encoder = build_encoder(settings.encoder)
    bank = make_bank(draw.exemplars, encoder, settings)
    regions = RegionProposer(settings.regions)
    guided = SimilarityProposer(settings.similarity, regions)
    boxes: dict[str, list[Boxes]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    for path in draw.pictures:
        picture, item = load_image(path), ItemId("recall", path.name)
        start = perf_counter()
        boxes["regions"].append(regions.propose(picture.pixels, item).boxes)
        seconds["regions"].append(perf_counter() - start)
        guide = Guide(encoder.encode(picture.pixels), bank, settings.scoring)
        start = perf_counter()
        boxes["similarity"].append(guided.propose_guided(picture.pixels, item, guide).boxes)
        seconds["similarity"].append(perf_counter() - start)
    return boxes, seconds


def theirs(python: Path, pictures: Sequence[Path]) -> tuple[list[Boxes], list[float]]:
    """Boxes of selective search in its own order, and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        script = HERE / "peers" / "selective_search.py"
        subprocess.run([python, script, out, *pictures], check=True)
        found = np.load(out)
        boxes = [Boxes(found[f"boxes_{number}"]) for number in range(len(pictures))]
        return boxes, found["seconds"].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs="+", default=["bccd", "nuclei", "hardhat"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--peer", type=Path, default=HERE / ".peers-opencv" / "bin" / "python")
    options = parser.parse_args()
    if not options.peer.exists():
        sys.exit(f"{options.peer} is not there; make peers builds it")
    cv2.setNumThreads(1)
    print(f"lydite {__version__}; {options.draws} draws of {options.pictures} pictures")
    for name in options.set:
        rows: dict[str, list[list[float]]] = defaultdict(list)
        for number, draw in enumerate(draws_of(name, options.draws, options.pictures)):
            boxes, seconds = ours(draw)
            boxes[PEER], seconds[PEER] = theirs(options.peer, draw.pictures)
            for who, found in boxes.items():
                met = [
                    [recall(t, f, budget) for t, f in zip(draw.boxes, found, strict=True)]
                    for budget in BUDGETS
                ]
                means = [float(np.concatenate(each).mean()) for each in met]
                counts = float(np.mean([len(each) for each in found]))
                rows[who].append([*means, counts, float(np.median(seconds[who]))])
            tick(f"{name} draw {number + 1}")
        report(name, rows)


def report(name: str, rows: dict[str, list[list[float]]]) -> None:
    """One line a proposer."""
    peer = np.array(rows[PEER])
    for who, each in rows.items():
        table = np.array(each)
        low = (table - peer).min(axis=0)
        cells = "  ".join(
            f"AR@{budget} {table[:, at].mean():.3f}" + (f" ({low[at]:+.3f})" if who != PEER else " " * 9)
            for at, budget in enumerate(BUDGETS)
        )
        ratio = np.median(table[:, 3] / peer[:, 3])
        told = (
            f"{table[:, 2].mean():6.0f} candidates, {table[:, 3].mean():5.2f} s ({ratio:.2f} of the peer's)"
        )
        print(f"{name:8} {who:17} {cells}  {told}", flush=True)


if __name__ == "__main__":
    main()
