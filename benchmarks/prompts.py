"""What guidance by examples saves: recall of the first K candidates, and prompts for a segmenter.

    python benchmarks/prompts.py [--set bccd nuclei] [--encoder descriptor embedded] [--limit N]

Recall@K: the share of true objects that one of the first K candidates meets with IoU 0.5 (boxes on bccd,
masks on nuclei), for the proposers ``regions`` and ``similarity`` in their own order.

Prompts: the share of true objects that a point falls into (their mask; on bccd their box), for the first N
peaks of the likeness map, and for blind grids of n x n points. Shown is how many points each needs for the
same recall. This measures where is pointed at, not what a segmenter answers: no weights of the Segment
Anything family are at hand here. How peaks are found was chosen on the first six pictures of each set, so
what is printed for these is no held-out measurement; --skip 6 passes them over. The order of ``similarity``
candidates was changed once more after a look at the next eight pictures of nuclei.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from detect import SHARED, Task, bccd, encoders, nuclei
from lydite import __version__
from lydite.core import Candidates, ItemId
from lydite.data import load_image
from lydite.detect import Detector, resolve
from lydite.detect.guidance import Guide, find_prompts
from lydite.detect.proposers.regions import RegionProposer
from lydite.detect.proposers.similarity import SimilarityProposer
from lydite.detect.segment.grid import grid_points
from lydite.metrics import ImageTruth
from lydite.metrics.overlap import box_iou, mask_iou

BUDGETS = (10, 25, 50, 100, 200, 400, 1000)
GRIDS = (2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64)

Hits = npt.NDArray[np.bool_]


@dataclass
class Tally:
    """Of one data set and encoder, picture by picture."""

    ranks: dict[str, list[npt.NDArray[np.float64]]] = field(default_factory=dict)
    peaks: list[Hits] = field(default_factory=list)
    grids: dict[int, list[Hits]] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def first_hits(candidates: Candidates, truth: ImageTruth) -> npt.NDArray[np.float64]:
    """For each true object the place of the first candidate that meets it, from 1; infinity for none."""
    if truth.masks is not None:
        overlap = mask_iou(truth.masks, candidates.masks)
    else:
        overlap = box_iou(truth.boxes, candidates.boxes)
    met = overlap >= 0.5
    return np.where(met.any(axis=1), met.argmax(axis=1) + 1.0, np.inf)


def inside(points: npt.NDArray[np.float32], truth: ImageTruth) -> Hits:
    """``(objects, points)``: which points fall into which true objects."""
    if truth.masks is not None:
        x, y = points.astype(np.int64).T
        return np.stack([mask[y, x] for mask in truth.masks])
    x0, y0, x1, y1 = truth.boxes.xyxy.T[:, :, None]
    x, y = points.T[:, None, :]
    return np.asarray((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1))


def measure(task: Task, detector: Detector) -> Tally:
    """Look at every picture once."""
    tally = Tally(grids={side: [] for side in GRIDS})
    settings = detector.settings
    regions = RegionProposer(settings.regions)
    guided = SimilarityProposer(settings.similarity, regions)
    everything = settings.similarity.model_copy(update={"similarity_peaks": 10000})
    for k, (path, truth) in enumerate(zip(task.images, task.truths, strict=True)):
        picture, item = load_image(path), ItemId(task.name, path.name)
        guide = Guide(detector.encoder.encode(picture.pixels), detector.bank, settings.scoring)
        for name, ask in (
            ("regions", lambda p=picture, i=item: regions.propose(p.pixels, i)),
            ("similarity", lambda p=picture, i=item, g=guide: guided.propose_guided(p.pixels, i, g)),
        ):
            start = perf_counter()
            found = ask()
            tally.seconds[name] = tally.seconds.get(name, 0) + (perf_counter() - start) / len(task.images)
            tally.ranks.setdefault(name, []).append(first_hits(found, truth))
            tally.counts.setdefault(name, []).append(len(found))
        tally.peaks.append(inside(find_prompts(guide, everything, boxes=False), truth))
        for side in GRIDS:
            tally.grids[side].append(inside(grid_points(picture.size_hw, side), truth))
        if sys.stderr.isatty():
            print(f"\r{k + 1}/{len(task.images)}", end="", file=sys.stderr)
    return tally


def recall_of(hits: list[Hits], most: int | None = None) -> float:
    """Share of all objects that one of the first ``most`` points falls into."""
    return float(np.concatenate([one[:, :most].any(axis=1) for one in hits]).mean())


def saved(tally: Tally) -> Iterator[str]:
    """For each grid the fewest peaks with at least its recall."""
    most = max(one.shape[1] for one in tally.peaks)
    by_count = np.array([recall_of(tally.peaks, count) for count in range(1, most + 1)])
    yield f"        all peaks: {most} at most a picture, recall {by_count[-1]:.3f}"
    for side in GRIDS:
        recall = recall_of(tally.grids[side])
        enough = np.flatnonzero(by_count >= recall)
        peaks = f"{enough[0] + 1:4d} peaks" if len(enough) else " never"
        share = f" ({side * side / (enough[0] + 1):.1f} times fewer)" if len(enough) else ""
        grid = f"grid {side:2d}x{side:<2d} {side * side:4d} points, recall {recall:.3f}"
        yield f"        {grid}: {peaks}{share}"


def report(task: Task, encoder: str, tally: Tally) -> None:
    """Print one data set under one encoder."""
    objects = sum(len(truth.boxes) for truth in task.truths)
    print(f"{task.name} {encoder}: {len(task.images)} pictures, {objects} objects")
    for name, ranks in tally.ranks.items():
        places = np.concatenate(ranks)
        cells = "  ".join(f"@{k} {(places <= k).mean():.3f}" for k in BUDGETS)
        mean = np.mean(tally.counts[name])
        print(f"    {name:10s} recall {cells};  {mean:.0f} candidates, {tally.seconds[name]:.2f} s a picture")
    print("    points in true objects:")
    print("\n".join(saved(tally)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=["bccd", "nuclei"], nargs="*", default=["bccd", "nuclei"])
    parser.add_argument("--encoder", nargs="*", default=["descriptor", "embedded"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--skip", type=int, default=0, help="pictures passed over first")
    arguments = parser.parse_args()
    print(f"lydite {__version__}, numpy {np.__version__}")
    for name in arguments.set:
        build = {"bccd": bccd, "nuclei": nuclei}[name]
        wanted = arguments.limit and arguments.skip + arguments.limit
        task = build(SHARED / "data" / name, wanted)
        rest = slice(arguments.skip, None)
        task = replace(task, images=task.images[rest], truths=task.truths[rest])
        for encoder, options in encoders(arguments.encoder):
            detector = Detector.from_exemplars(task.exemplars, resolve(options=options))
            report(task, encoder, measure(task, detector))


if __name__ == "__main__":
    main()
