"""Peak memory of a detect run against the number of its pictures: flat, or not.

    python benchmarks/memory.py [--counts 1000 3000 10000] [--no-pages] [--folder KEPT]

Each count is one ``lydite detect run`` in a process of its own, from listing the pictures to the last page,
over as many drawn pictures of 128x96 pixels. A callback proposes four boxes in each, so that a picture costs
little; all else is a run like any other. What is printed is the process's own peak (``ru_maxrss``).
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
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

CENTRES = ((30, 30), (95, 28), (34, 70), (96, 68))
RADIUS = 14
COLOURS = {"red": (200, 40, 40), "green": (50, 160, 60)}
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 3000, 10000])
    parser.add_argument("--no-pages", action="store_true", help="leave the pages out")
    parser.add_argument("--folder", type=Path, help="where to work and keep everything")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measure(options.folder or Path(scratch), options.counts, pages=not options.no_pages)


def measure(folder: Path, counts: list[int], *, pages: bool) -> None:
    """Print one line a count."""
    examples = draw_examples(folder / "examples")
    pictures = draw_pictures(folder / "all", max(counts))
    print("pictures  seconds  peak MiB  more than the first", flush=True)
    first = None
    for count in counts:
        seconds, peak = run(
            link(pictures[:count], folder / f"{count}"), examples, folder / f"run-{count}", pages
        )
        first = peak if first is None else first
        print(f"{count:8,}  {seconds:7.0f}  {peak / MIB:8.1f}  {(peak - first) / MIB:+8.1f}", flush=True)


def run(pictures: Path, examples: Path, out: Path, pages: bool) -> tuple[float, int]:
    """Wall time and peak memory in bytes of one run in a process of its own."""
    command = [
        sys.executable,
        "-c",
        "from lydite.cli.main import main; main()",
        "detect",
        "run",
        str(pictures),
    ]
    command += [
        "--positive",
        str(examples),
        "--out",
        str(out),
        "--preset",
        "strict",
        "--encoder",
        "descriptor",
    ]
    command += [
        "--short-side",
        "64",
        "--proposer",
        "callback",
        "--callback",
        f"{__file__}:propose",
        "--quiet",
    ]
    command += [] if pages else ["--no-pages"]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the run over {pictures} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def propose(_pixels: Pixels) -> tuple[list[list[int]], list[float]]:
    """The proposer: a box around each place where something is drawn."""
    boxes = [[x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS] for x, y in CENTRES]
    return boxes, [0.9] * len(boxes)


def draw_examples(folder: Path) -> Path:
    """Two pictures of each class."""
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(2):
            pixels = cv2.circle(ground((64, 64), number), (32, 32), 22, colour, -1, cv2.LINE_AA)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def draw_pictures(folder: Path, count: int) -> list[Path]:
    """Discs of both classes and blue clutter on a noisy ground, no two pictures alike."""
    folder.mkdir(parents=True, exist_ok=True)
    colours = [*COLOURS.values(), (50, 70, 190)]
    paths = [folder / f"{number:06d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            pixels = ground((96, 128), number)
            for place, centre in enumerate(CENTRES):
                cv2.circle(pixels, centre, RADIUS - 1, colours[(number + place) % 3], -1, cv2.LINE_AA)
            Image.fromarray(pixels).save(path)
    return paths


def ground(size_hw: tuple[int, int], seed: int) -> Pixels:
    """Grey with a little noise."""
    noise = np.random.default_rng(seed).normal(190, 4, (*size_hw, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def link(paths: list[Path], folder: Path) -> Path:
    """A folder that shows these pictures."""
    folder.mkdir(exist_ok=True)
    for path in paths:
        (folder / path.name).unlink(missing_ok=True)
        (folder / path.name).symlink_to(path.resolve())
    return folder


if __name__ == "__main__":
    main()
