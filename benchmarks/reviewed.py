"""Does a review of detections teach the next run? F1 on other pictures, over draws of examples.

    python benchmarks/reviewed.py [--preset calibrated soft] [--draws 5] [--reviewed 12] [--limit 24]

Blood cells. For each draw five boxes of each class, from random training pictures, are the examples. What a
first run accepts in other random training pictures is judged by the true boxes (IoU 0.5): accepted,
relabelled or refused, and becomes examples as ``lydite detect run --reviewed`` makes them. Printed is what a
second run reaches on test pictures without and with them: precision, recall and F1 of what is accepted, and
the F1 of the best single threshold on the rank, for which no calibration is to blame.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detect import SHARED
from encoders_rows.contests import Contest, bccd
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.core import Candidates, ItemId
from lydite.data import AnnotatedImage, find_images, load_image, read_split, read_voc, to_coco_rle
from lydite.detect import Detector, Exemplar, ExemplarSet, decide, resolve
from lydite.detect.config import DetectSettings, without_constants
from lydite.detect.evidence import Evidence
from lydite.detect.examine import Examiner
from lydite.detect.proposers import AnyProposer, build_proposer
from lydite.metrics import ImageResult, box_iou, match
from remembering import RememberingProposer

IOU = 0.5
COLUMNS = ("precision", "recall", "F1", "best F1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", nargs="+", default=["calibrated", "soft"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--reviewed", type=int, default=12, help="pictures that are reviewed")
    parser.add_argument("--limit", type=int, default=24, help="pictures that are tested on")
    options = parser.parse_args()
    root = SHARED / "data" / "bccd"
    contest = bccd(root, options.draws, options.limit)
    known = {Path(image.path).stem: image for image in read_voc(root / "Annotations").images}
    train = read_split(root / "ImageSets" / "Main" / "train.txt")
    print(f"lydite {__version__}: {options.reviewed} pictures reviewed, {len(contest.pictures)} tested on")
    for preset in options.preset:
        settings = resolve(preset)
        proposer = RememberingProposer(build_proposer(settings))
        rows = []
        for draw, trial in enumerate(contest.trials):
            told = {each.path.stem for each in trial.exemplars.positives}
            others = [stem for stem in train if stem not in told]
            chosen = np.random.default_rng([draw, 7]).permutation(len(others))[: options.reviewed]
            pictures = [root / "JPEGImages" / f"{others[k]}.jpg" for k in chosen]
            judged = judge(trial.exemplars, pictures, known, contest, settings, proposer)
            taught = ExemplarSet(
                trial.exemplars.positives + tuple(each for each in judged if each.class_name is not None),
                tuple(each for each in judged if each.class_name is None),
            )
            before, after = (
                test(known_now, contest, settings, proposer) for known_now in (trial.exemplars, taught)
            )
            rows.append((before, after))
            accepted = sum(each.class_name is not None for each in judged)
            said = f"{accepted} accepted or relabelled, {len(judged) - accepted} refused"
            print(f"{preset:12} draw {draw + 1}: {shown(before)} -> {shown(after)}   ({said})", flush=True)
        table = np.array(rows)
        gains = table[:, 1, 2] - table[:, 0, 2]
        means = f"{shown(table[:, 0].mean(axis=0))} -> {shown(table[:, 1].mean(axis=0))}"
        print(
            f"{preset:12} mean  : {means}   (F1 gains {gains.min():+.3f} to {gains.max():+.3f})", flush=True
        )


def shown(figures: Sequence[float] | npt.NDArray[np.float64]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in zip(COLUMNS, figures, strict=True))


def judge(
    exemplars: ExemplarSet,
    pictures: Sequence[Path],
    known: dict[str, AnnotatedImage],
    contest: Contest,
    settings: DetectSettings,
    proposer: AnyProposer,
) -> list[Exemplar]:
    """What a reviewer who knows the true boxes makes of all that a run accepts."""
    detector = Detector.from_exemplars(exemplars, settings, None, proposer, find_images(pictures))
    found = []
    for path in pictures:
        candidates, evidence = look(detector, path)
        tick(f"reviewing {path.name}")
        truth = known[path.stem]
        for row in np.flatnonzero(decide(evidence, detector.settings.decision).accepted):
            overlaps = box_iou(candidates.boxes[[row]], truth.boxes)[0]
            best = int(overlaps.argmax())
            label = contest.class_map[int(truth.labels[best])] if overlaps[best] >= IOU else None
            mask = to_coco_rle(candidates.masks[[row]])[0]["counts"]
            name = f"reviewed/{label or 'negative'}/{candidates[[row]].ids[0]}"
            found.append(Exemplar(path, name, label, rle=str(mask), judged=True))
    return found


def look(detector: Detector, path: Path) -> tuple[Candidates, Evidence]:
    examiner = Examiner(detector.encoder, detector.proposer, detector.settings)
    item = ItemId("images", path.name)
    return examiner.examine(load_image(path), item, detector.bank, lambda _stage: nullcontext())


def test(
    exemplars: ExemplarSet, contest: Contest, settings: DetectSettings, proposer: AnyProposer
) -> tuple[float, ...]:
    """``COLUMNS`` of a run over the contest's pictures."""
    detector = Detector.from_exemplars(
        exemplars, settings, None, proposer, find_images(list(contest.pictures))
    )
    free = without_constants(settings).decision
    everything = free._replace(
        rules=free.rules.model_copy(update={"allow_unknown": False, "class_thresholds": {}})
    )
    accepted, ranked = [], []
    for path, truth in zip(contest.pictures, contest.truths, strict=True):
        candidates, evidence = look(detector, path)
        tick(f"testing {path.name}")
        for kept, rules in ((accepted, detector.settings.decision), (ranked, everything)):
            rows = np.flatnonzero(decide(evidence, rules).accepted)
            boxes, labels = candidates.boxes[rows], evidence.scores.labels[rows]
            kept.append(ImageResult(truth.image, boxes, None, labels, evidence.rank[rows]))
    pooled = match(contest.truths, accepted, contest.class_map, IOU).pooled
    own = (pooled.precision, pooled.recall, pooled.f1)
    return *(0.0 if np.isnan(value) else value for value in own), best_f1(contest, ranked)


def best_f1(contest: Contest, ranked: Sequence[ImageResult]) -> float:
    """F1 at the best single threshold on the rank."""
    alarms = {(a.image, a.row) for a in match(contest.truths, ranked, contest.class_map, IOU).false_alarms}
    hits = np.array([(each.image, row) not in alarms for each in ranked for row in range(len(each))])
    order = np.argsort(-np.concatenate([each.scores for each in ranked]), kind="stable")
    total = sum(len(truth.labels) for truth in contest.truths)
    return float((2 * np.cumsum(hits[order]) / (np.arange(1, len(order) + 1) + total)).max())


if __name__ == "__main__":
    main()
