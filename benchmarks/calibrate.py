"""F1 at calibrated thresholds against the best single threshold, over draws of exemplars and encoders.

    python benchmarks/calibrate.py [--encoder embedded mobilenetv2 descriptor] [--set bccd nuclei] [--draws 5]
                                   [--boxes 5]

For each draw the exemplars' own pictures are rehearsed and thresholds are chosen, once from these pictures
alone and once with a survey of the searched ones. The oracle is the single threshold on the rank, for all
classes, that is best on the truth; thresholds of classes may beat it. Beside them: the constants of 'strict'.
"""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from detect import SHARED, encoders
from encoders_rows.contests import Contest, Trial, bccd, nuclei
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.core import Candidates, ItemId
from lydite.data import Picture, find_images, load_image
from lydite.detect import Searcher, build_bank, calibrate, decide, rehearse, resolve, survey
from lydite.detect.config import without_constants
from lydite.detect.examine import Examiner
from lydite.detect.proposers import build_proposer
from lydite.features import build_encoder
from lydite.metrics import ImageResult, match

SURVEYED = 12


def compare(
    contest: Contest,
    name: str,
    options: dict[str, object],
    pictures: list[Picture],
    proposals: list[Candidates],
) -> list[tuple[float, ...]]:
    """By draw: oracle F1, F1 from the exemplars' pictures, with a survey, and of the preset 'strict'."""
    settings = without_constants(resolve("calibrated", options=options))
    strict = resolve("strict", options=options).decision
    everything = settings.decision._replace(rules=settings.rules.model_copy(update={"allow_unknown": False}))
    examiner = Examiner(build_encoder(settings.encoder), build_proposer(settings), settings)
    searcher = Searcher(examiner)
    rows = []
    for draw, trial in enumerate(contest.trials):
        scoring = settings.scoring
        bank = build_bank(
            trial.exemplars, examiner.encoder, scoring.pseudo_negative_cos, None, scoring.exemplar_sizes
        )
        files = find_images([contest.pictures[row] for row in trial.tested])
        seen = survey(files, bank, searcher, SURVEYED)
        rehearsal = rehearse(bank, searcher, seen.hosts)
        found = [calibrate(rehearsal, settings.calibration, pile) for pile in ((), seen.scenes)]
        ranked: list[ImageResult] = []
        by_rule: list[ImageResult] = []
        for row in trial.tested:
            picture, candidates = pictures[row], proposals[row]
            _, evidence = examiner.examine(picture, candidates.item, bank, untimed, candidates)
            for kept, rules in ((ranked, everything), (by_rule, strict)):
                rows_kept = np.flatnonzero(decide(evidence, rules).accepted)
                masks = candidates.masks[rows_kept] if contest.iou_type == "segm" else None
                boxes, labels = candidates.boxes[rows_kept], evidence.scores.labels[rows_kept]
                key = contest.truths[row].image
                kept.append(ImageResult(key, boxes, masks, labels, evidence.rank[rows_kept]))
            tick(f"{contest.name} {name} draw {draw + 1}, picture {row}")
        rows.append(numbers(contest, trial, ranked, by_rule, [each.thresholds for each in found]))
    return rows


def untimed(_stage: str) -> AbstractContextManager[None]:
    """Stages are not timed here."""
    return nullcontext()


def numbers(
    contest: Contest,
    trial: Trial,
    ranked: list[ImageResult],
    by_rule: list[ImageResult],
    thresholds: list[dict[str, float]],
) -> tuple[float, ...]:
    """F1 at the best single threshold, at each of the thresholds by class, and by rules."""
    truths = contest.truths_of(trial)
    total = sum(len(truth.labels) for truth in truths)
    matching = match(truths, ranked, contest.class_map, 0.5, contest.iou_type)
    alarms = {(alarm.image, alarm.row) for alarm in matching.false_alarms}
    hits = np.array([(each.image, row) not in alarms for each in ranked for row in range(len(each))])
    ranks = np.concatenate([each.scores for each in ranked])
    labels = np.concatenate([each.labels for each in ranked])
    order = np.argsort(-ranks, kind="stable")
    oracle = float((2 * np.cumsum(hits[order]) / (np.arange(1, len(order) + 1) + total)).max())
    reached = []
    for found in thresholds:
        least = np.array([found.get(name, np.inf) for name in contest.class_map])
        accepted = ranks >= least[labels]
        reached.append(float(2 * hits[accepted].sum() / (accepted.sum() + total)))
    pooled = match(truths, by_rule, contest.class_map, 0.5, contest.iou_type).pooled
    return oracle, *reached, 0.0 if np.isnan(pooled.f1) else pooled.f1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", nargs="+", default=["embedded", "mobilenetv2", "descriptor"])
    parser.add_argument("--set", nargs="+", choices=["bccd", "nuclei"], default=["bccd", "nuclei"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--boxes", type=int, default=5, help="of each class of bccd; nuclei has 50 masks")
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    options = parser.parse_args()
    print(f"lydite {__version__}")
    print(f"{'':22}{'oracle F1':>10}  {'calibrated':>22}  {'with survey':>22}  {'strict':>22}")
    data: Path = SHARED / "data"
    for set_name in options.set:
        place, drawn = data / set_name, (options.draws, options.limit)
        contest = bccd(place, *drawn, options.boxes) if set_name == "bccd" else nuclei(place, *drawn)
        pictures = [load_image(path) for path in contest.pictures]
        proposer = build_proposer(resolve())
        proposals = [
            proposer.propose(picture.pixels, ItemId("calibrate", str(row)))
            for row, picture in enumerate(pictures)
        ]
        for name, chosen in encoders(options.encoder):
            table = np.array(compare(contest, name, chosen, pictures, proposals))
            ratios = table[:, 1:] / table[:, :1]
            parts = [f"{r.mean():.2f} of it, worst {r.min():.2f}" for r in ratios.T]
            print(
                f"{set_name:8}{name:14}{table[:, 0].mean():>10.3f}  {'  '.join(f'{p:>22}' for p in parts)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
