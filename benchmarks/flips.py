"""Every refusal of a run over real pictures, put to the test: its flip accepts it, a hair less does not.

    python benchmarks/flips.py [--set bccd nuclei] [--limit 8] [--every 1] [--encoder descriptor embedded]
                               [--preset calibrated strict soft]

Pictures and exemplars are those of ``benchmarks/detect.py``; one run for each encoder and preset. Its stored
numbers are then replayed under each flip, and with one of its parts moved back to the next number. Counted
too: candidates whose vector would rest on no cell, by coverage and by the rule of the nearest.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from detect import SHARED, Task, bccd, encoders, nuclei
from lydite.core import ItemId, Masks
from lydite.data import ImageFile, load_image
from lydite.detect import Detector, FinishedRun, finish, open_run, process, resolve
from lydite.detect.config import DEFAULT_PRESET, DetectSettings
from lydite.detect.replay import replay
from lydite.detect.settings import PRESETS
from lydite.detect.store import masks_of
from lydite.engines import build_engine
from lydite.features import Encoder
from lydite.features.overlap import coverage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs="*", choices=["bccd", "nuclei"], default=["bccd", "nuclei"])
    parser.add_argument("--limit", type=int, default=8)
    parser.add_argument("--every", type=int, default=1, help="replay each so many-th refused candidate")
    parser.add_argument("--encoder", nargs="*", default=["descriptor"])
    parser.add_argument("--preset", nargs="*", choices=PRESETS, default=[DEFAULT_PRESET])
    options = parser.parse_args()
    for name in options.set:
        task = {"bccd": bccd, "nuclei": nuclei}[name](SHARED / "data" / name, options.limit)
        for (encoder, chosen), preset in product(encoders(options.encoder), options.preset):
            print(f"{task.name}, {encoder}, {preset}", flush=True)
            with tempfile.TemporaryDirectory() as scratch:
                measure(task, resolve(preset, options=chosen), options.every, Path(scratch) / "run")


def measure(task: Task, settings: DetectSettings, every: int, out: Path) -> None:
    """Make the run, replay it, and print what came of it."""
    files = tuple(
        ImageFile(ItemId("images", f"{k:04}-{path.name}"), path) for k, path in enumerate(task.images)
    )
    detector = Detector.from_exemplars(task.exemplars, settings, pile=files)
    folder = open_run(out, detector)
    summary = finish(folder, detector, list(process(folder, detector, files, build_engine(1))))
    run = FinishedRun.open(out)
    told = replay(run, every)
    print(f"  {summary['done']} pictures, {summary['funnel']}", flush=True)
    print(f"  flips replayed {told.flips:,}, with a hair less {told.hairs:,}; wrong {len(told.wrong)}")
    print(f"  refused without a flip {told.without}, without a reason {told.unexplained}")
    by_coverage, by_nearest, count = empties(run, detector.encoder)
    print(
        f"  of {count:,} vectors, those that rest on no cell: {by_coverage} ({by_coverage / count:.1%}); ",
        end="",
    )
    print(f"the rule of the nearest would have left {by_nearest:,} ({by_nearest / count:.1%})", flush=True)
    for line in told.wrong[:5]:
        print(f"  {line}")


def empties(run: FinishedRun, encoder: Encoder) -> tuple[int, int, int]:
    """Candidates on no cell: by coverage, by the nearest rule; and how many there are."""
    by_coverage = by_nearest = count = 0
    for record in run.records:
        masks = masks_of(run.read_table(record), record.size_hw)
        grid = encoder.encode(load_image(record.path).pixels).grid_hw
        count += len(masks)
        by_coverage += int((np.diff(coverage(masks, grid).indptr) == 0).sum())
        by_nearest += int((~holds_a_corner(masks, grid)).sum())
    return by_coverage, by_nearest, count


def holds_a_corner(masks: Masks, grid_hw: tuple[int, int]) -> np.ndarray:
    """Whether each mask, resized to the grid by the nearest pixel, has anything left."""
    height, width = masks.size_hw
    rows = np.arange(grid_hw[0]) * height // grid_hw[0]
    columns = np.arange(grid_hw[1]) * width // grid_hw[1]
    return np.array([mask[np.ix_(rows, columns)].any() for mask in masks], bool)


if __name__ == "__main__":
    main()
