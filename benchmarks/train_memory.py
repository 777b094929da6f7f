"""Peak memory of fine-tuning and of predicting against the number of pictures: flat, or not.

    python benchmarks/train_memory.py [--pictures 1000 4000] [--side 32] [--network embedded] [--workers 0]
                                      [--folder KEPT]

Drawn pictures (160 x 120, JPEG, each another one) of four classes, one in ten held out. For each number the
command line fine-tunes for an epoch, then asks the model about all of them in two views; each command is a
process of its own, and printed is the most memory that it had (``ru_maxrss``), with what each picture beyond
the least number added. Claimed: that is what tables of names, hashes and labels cost, not pictures.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

FLAT = 15_000
"""Bytes a picture that may be added. A picture of this size has 57,600 when decoded."""
CLASSES = ("blue", "green", "red", "white")
COLOURS = ((200, 60, 40), (60, 170, 50), (50, 40, 200), (235, 235, 235))
MB = 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--network", default="embedded")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work and keep everything")
    options = parser.parse_args()
    counts = sorted(options.pictures)
    with tempfile.TemporaryDirectory() as scratch:
        work = options.folder or Path(scratch)
        seen = {count: measure(work / str(count), count, options) for count in counts}
    flat = True
    for place, name in enumerate(("fine-tuning", "predicting")):
        added = (seen[counts[-1]][place] - seen[counts[0]][place]) / max(counts[-1] - counts[0], 1)
        print(f"{name}: each picture more added {added:,.0f} bytes (claimed at most {FLAT:,})")
        flat &= added <= FLAT
    print("claim holds" if flat else "claim FAILS")
    return 0 if flat else 1


def measure(work: Path, count: int, options: argparse.Namespace) -> tuple[int, int]:
    """Peaks in bytes of fine-tuning on so many pictures and of asking about them."""
    draw(work / "pictures", count)
    settings = {
        "backbone.name": options.network,
        "backbone.side": options.side,
        "schedule.epochs": 1,
        "mix.off_epochs": 0,
        "budget.threads": 1,
        "budget.workers": options.workers,
    }
    if options.network != "embedded":
        settings["backbone.start"] = "random"
    learn = ["run", work / "pictures", "--layout", "split/label", "--folds", "split", "--recipe", "fine-tune"]
    for name, value in settings.items():
        learn += ["--set", f"{name}={value}"]
    learned, first = peak(*learn, "--out", work / "run", "--cache", work / "cache")
    ask = ("predict", work / "run", work / "pictures", "--out", work / "answers.csv", "--tta", "flip")
    asked, second = peak(*ask)
    print(
        f"{count:7,} pictures: fine-tuning {learned / MB:7.1f} MB at most ({first:.0f} s), "
        f"predicting {asked / MB:7.1f} MB ({second:.0f} s)",
        flush=True,
    )
    return learned, asked


def draw(folder: Path, count: int) -> None:
    """``folder/split/class/number.jpg``: discs on noise."""
    random = np.random.default_rng(0)
    for number in range(count):
        kind = number % len(CLASSES)
        path = folder / ("val" if number % 10 == 9 else "train") / CLASSES[kind] / f"{number:07}.jpg"
        pixels = random.integers(90, 170, (120, 160, 3)).astype(np.uint8)
        centre = (int(random.integers(30, 130)), int(random.integers(30, 90)))
        cv2.circle(pixels, centre, int(random.integers(12, 30)), COLOURS[kind], -1)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), pixels)


def peak(*arguments: object) -> tuple[int, float]:
    """Most memory in bytes, and seconds, of ``lydite train ARGUMENTS`` in a process of its own."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "lydite.cli.main", "train", *map(str, arguments), "--quiet"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"lydite train {arguments[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss * 1024, time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
