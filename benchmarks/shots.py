"""Do more examples help? F1 at the automatic and at the best threshold, with 1, 5 and 10 examples a class.

    python benchmarks/shots.py [--set bccd nuclei] [--encoder embedded] [--draws 10] [--pictures 16]

Draws are nested: the one example of a class is among its five, and these among its ten. Examples come from a
pool of 30 pictures (of training, on bccd), others are searched. ``automatic`` is what a run does by itself:
calibrated thresholds, or the preset 'strict' where there are too few examples to calibrate (how often is
shown). ``oracle`` is the one threshold on the rank that is best on the truth.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibrate import SURVEYED, numbers, untimed
from detect import SHARED, encoders, picture_in
from detect import bccd as bccd_task
from encoders_rows.contests import Contest, Trial, nuclei_folders, nuclei_masks
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.core import ClassMap, ItemId
from lydite.data import find_images, load_image, read_split, read_voc
from lydite.detect import (
    Exemplar,
    ExemplarSet,
    Searcher,
    calibrate,
    decide,
    make_bank,
    rehearse,
    resolve,
    survey,
)
from lydite.detect.config import without_calibration, without_constants
from lydite.detect.examine import Examiner
from lydite.detect.proposers import build_proposer
from lydite.features import VectorCache, build_encoder
from lydite.metrics import ImageResult, ImageTruth
from remembering import RememberingProposer
from variants import Remembering, remember_by_masks

SHOTS = (1, 5, 10)
POOL = 30


def nested(places: Sequence[Sequence[Exemplar]], draws: int) -> list[list[ExemplarSet]]:
    """For each draw the examples of each number of shots; ``places`` are all there are, class by class."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        orders = [[each[at] for at in rng.permutation(len(each))[: max(SHOTS)]] for each in places]
        drawn.append([ExemplarSet(tuple(e for order in orders for e in order[:shots])) for shots in SHOTS])
    return drawn


def bccd(root: Path, draws: int, pictures: int) -> tuple[Contest, list[list[ExemplarSet]]]:
    """Blood cells: boxes from training pictures, test pictures searched."""
    task = bccd_task(root, None)
    annotations = read_voc(root / "Annotations")
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(len(task.images))[:pictures])
    train = read_split(root / "ImageSets" / "Main" / "train.txt")
    pool = {train[at] for at in rng.permutation(len(train))[:POOL]}
    places: list[list[Exemplar]] = [[] for _ in annotations.class_map]
    for image in annotations.images:
        path = root / "JPEGImages" / f"{Path(image.path).stem}.jpg"
        if path.stem in pool:
            for row, label in enumerate(image.labels):
                x0, y0, x1, y1 = (float(v) for v in image.boxes.xyxy[row])
                name = annotations.class_map[int(label)]
                places[label].append(Exemplar(path, f"{path.stem}/{row}", name, box=(x0, y0, x1, y1)))
    contest = Contest(
        "bccd",
        annotations.class_map,
        tuple(task.images[row] for row in chosen),
        tuple(replace(task.truths[row], image=str(k)) for k, row in enumerate(chosen)),
        (),
        iou_type="bbox",
        max_dets=task.max_dets,
    )
    return contest, nested(places, draws)


def nuclei(root: Path, draws: int, pictures: int) -> tuple[Contest, list[list[ExemplarSet]]]:
    """Nuclei: masks from half of the pictures, some of the others searched."""
    folders = nuclei_folders(root)
    order = np.random.default_rng(0).permutation(len(folders))
    places = [
        Exemplar(picture_in(folders[at]), f"{at}/{mask.name[:8]}", "nucleus", mask=mask)
        for at in order[:POOL]
        for mask in sorted((folders[at] / "masks").glob("*.png"))
    ]
    searched = [folders[at] for at in order[POOL:][:pictures]]
    truths = []
    for k, folder in enumerate(searched):
        masks = nuclei_masks(folder)
        truths.append(ImageTruth(str(k), masks.boxes, masks, np.zeros(len(masks), np.int64)))
    contest = Contest(
        "nuclei",
        ClassMap(("nucleus",)),
        tuple(picture_in(folder) for folder in searched),
        tuple(truths),
        (),
        iou_type="segm",
        max_dets=300,
    )
    return contest, nested([places], draws)


def measure(
    contest: Contest, exemplars: ExemplarSet, examiner: Examiner, options: dict[str, object]
) -> list[float]:
    """F1 at the automatic threshold, at the oracle, and 1 where thresholds were calibrated."""
    settings = examiner.settings
    most = max(sum(one.class_name == name for one in exemplars.positives) for name in exemplars.class_names)
    strict = without_calibration(resolve("calibrated", options=options), most).decision
    everything = settings.decision._replace(rules=settings.rules.model_copy(update={"allow_unknown": False}))
    bank = make_bank(exemplars, examiner.encoder, settings)
    searcher = Searcher(examiner)
    files = find_images(list(contest.pictures))
    seen = survey(files, bank, searcher, SURVEYED)
    calibration = calibrate(rehearse(bank, searcher, seen.hosts), settings.calibration, seen.scenes)
    ranked: list[ImageResult] = []
    by_rule: list[ImageResult] = []
    for row, path in enumerate(contest.pictures):
        candidates, evidence = examiner.examine(load_image(path), ItemId("shots", str(row)), bank, untimed)
        for kept, rules in ((ranked, everything), (by_rule, strict)):
            rows = np.flatnonzero(decide(evidence, rules).accepted)
            masks = candidates.masks[rows] if contest.iou_type == "segm" else None
            labels, rank = evidence.scores.labels[rows], evidence.rank[rows]
            kept.append(ImageResult(contest.truths[row].image, candidates.boxes[rows], masks, labels, rank))
    trial = Trial(exemplars, tuple(range(len(contest.pictures))))
    oracle, calibrated, constants = numbers(contest, trial, ranked, by_rule, [calibration.thresholds])
    known = bool(calibration.thresholds)
    return [calibrated if known else constants, oracle, float(known)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs="+", choices=["bccd", "nuclei"], default=["bccd", "nuclei"])
    parser.add_argument("--encoder", nargs="+", default=["embedded"])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=16)
    arguments = parser.parse_args()
    remember_by_masks("pairwise_overlaps")
    print(f"lydite {__version__}; {arguments.draws} draws, {arguments.pictures} pictures searched")
    print(f"{'':22}{'shots':>5}  automatic   oracle  calibrated in")
    for name in arguments.set:
        contest, drawn = {"bccd": bccd, "nuclei": nuclei}[name](
            SHARED / "data" / name, arguments.draws, arguments.pictures
        )
        for encoder, options in encoders(arguments.encoder):
            settings = without_constants(resolve("calibrated", options=options))
            with tempfile.TemporaryDirectory() as folder:
                examiner = Examiner(
                    Remembering(build_encoder(settings.encoder)),
                    RememberingProposer(build_proposer(settings)),
                    settings,
                    VectorCache(Path(folder)),
                )
                table = []
                for draw, sets in enumerate(drawn):
                    table.append([measure(contest, exemplars, examiner, options) for exemplars in sets])
                    tick(f"{name} {encoder} draw {draw + 1}")
            report(name, encoder, np.array(table))


def report(name: str, encoder: str, table: npt.NDArray[np.float64]) -> None:
    """One line for each number of shots: means, and in how many draws it was better than the one before."""
    for at, shots in enumerate(SHOTS):
        automatic, oracle, known = table[:, at].mean(axis=0)
        more = ""
        if at:
            better = (table[:, at, :2] > table[:, at - 1, :2]).sum(axis=0)
            more = f"  better than with {SHOTS[at - 1]} in {better[0]} and {better[1]} of {len(table)}"
        told = f"{automatic:9.3f}{oracle:9.3f}  {known * len(table):.0f} of {len(table)}{more}"
        print(f"{name:8}{encoder:14}{shots:>5}  {told}", flush=True)


if __name__ == "__main__":
    main()
