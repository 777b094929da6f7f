"""Detection from a few exemplars: the same proposals for every encoder, several draws of exemplars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import EVERYTHING
from encoders_rows.compare import Floats, Outcome, best
from encoders_rows.contenders import Contender
from encoders_rows.contests import Contest
from encoders_rows.ranking import Ranking
from encoders_rows.vectors import tick
from lydite.core import Candidates, ItemId
from lydite.data import Picture, load_image
from lydite.detect import Bank, Evidence, build_bank, decide, resolve, score
from lydite.detect.embed import Look, look
from lydite.detect.outline import Outlines
from lydite.detect.proposers.regions import RegionProposer
from lydite.detect.shape import Shapes, describe_shapes, shape_distance
from lydite.features import Encoder
from lydite.metrics import ImageResult, ImageTruth, Overlaps, evaluate, pairwise_overlaps

SETTINGS = resolve("strict", options=EVERYTHING)
SHORT_SIDE = SETTINGS.encoder.short_side
AGREEMENT = 0.01
"""How far our AP50 may be from that of pycocotools."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture with all that does not depend on the encoder.

    Args:
        picture: The picture.
        candidates: What was proposed, once for all encoders.
        truth: What is there.
        overlaps: Which candidates cover each other.
        shapes: ``(candidates, 4)`` their outlines.
    """

    picture: Picture
    candidates: Candidates
    truth: ImageTruth
    overlaps: Overlaps
    shapes: Shapes


def detection(contenders: Sequence[Contender], contest: Contest) -> Iterator[tuple[str, list[Outcome]]]:
    """AP50 and oracle F1, means over the draws, each with the layer that suits it best.

    Raises:
        RuntimeError: If our AP50 is not that of pycocotools.
    """
    scenes = [_set_scene(*pair) for pair in zip(contest.pictures, contest.truths, strict=True)]
    by_ap, by_f1 = [], []
    for contender in contenders:
        ap, f1 = [], []
        for layer, encoder in contender.at(SHORT_SIDE).items():
            results = _results(contest, scenes, encoder)
            rankings = [
                Ranking.of(contest.class_map, found, contest.truths_of(trial), len(scenes), contest.iou_type)
                for trial, found in zip(contest.trials, results, strict=True)
            ]
            ap.append(Outcome(contender.name, layer, len(scenes), _mean(rankings, Ranking.ap50)))
            f1.append(Outcome(contender.name, layer, len(scenes), _mean(rankings, Ranking.best_f1)))
            _require_agreement(contest, results[0], rankings[0])
        by_ap.append(best(ap))
        by_f1.append(best(f1))
    yield f"{contest.name} AP50", by_ap
    yield f"{contest.name} oracle F1", by_f1


def _set_scene(path: Path, truth: ImageTruth) -> Scene:
    picture = load_image(path)
    proposer = RegionProposer(SETTINGS.regions)
    candidates = proposer.propose(picture.pixels, ItemId("encoders", path.name))
    filters, _, suppression = SETTINGS.decision
    floor_iou = min(filters.duplicate_iou, suppression.nms_iou)
    overlaps = pairwise_overlaps(candidates.masks, floor_iou, suppression.nested_ios)
    return Scene(picture, candidates, truth, overlaps, describe_shapes(candidates.masks))


def _results(contest: Contest, scenes: Sequence[Scene], encoder: Encoder) -> list[list[ImageResult]]:
    """What each trial finds in the scenes that it searches, ranked."""
    banks = [
        build_bank(trial.exemplars, encoder, sizes=SETTINGS.scoring.exemplar_sizes)
        for trial in contest.trials
    ]
    results: list[list[ImageResult]] = [[] for _ in contest.trials]
    for row, scene in enumerate(scenes):
        seen = look(scene.picture, scene.candidates, encoder, SHORT_SIDE, None, _untimed)
        for trial, bank, found in zip(contest.trials, banks, results, strict=True):
            if row in trial.tested:
                found.append(_judge(scene, seen, bank, contest))
        tick(f"{contest.name} {encoder.space.encoder} {encoder.space.layer} {row + 1}/{len(scenes)}")
    return results


def _judge(scene: Scene, seen: Look, bank: Bank, contest: Contest) -> ImageResult:
    """Every distinct candidate of a scene by ``Evidence.rank``, at most ``max_dets`` of a class."""
    evidence = _evidence(scene, seen, bank)
    rows = np.flatnonzero(decide(evidence, SETTINGS.decision).accepted)
    rows = rows[np.argsort(-evidence.rank[rows], kind="stable")]
    labels = evidence.scores.labels[rows]
    kept = [rows[labels == label][: contest.max_dets] for label in range(len(contest.class_map))]
    rows = np.concatenate(kept)
    masks = scene.candidates.masks[rows] if contest.iou_type == "segm" else None
    boxes = scene.candidates.boxes[rows]
    return ImageResult(scene.truth.image, boxes, masks, evidence.scores.labels[rows], evidence.rank[rows])


def _evidence(scene: Scene, seen: Look, bank: Bank) -> Evidence:
    """As ``gather_evidence``, but with the overlaps and outlines that were measured once."""
    candidates = scene.candidates
    height, width = candidates.size_hw
    scores = score(seen.vectors, bank, SETTINGS.scoring)
    distances = np.zeros(len(candidates), np.float32)
    for label in np.unique(scores.labels):
        rows = scores.labels == label
        distances[rows] = shape_distance(scene.shapes[rows], bank.shapes[bank.labels == label])
    x0, y0, x1, y1 = candidates.masks.boxes.xyxy.astype(np.int64).T
    filters, _, suppression = SETTINGS.decision
    return Evidence(
        candidates.masks.areas / (height * width),
        np.minimum.reduce([x0, y0, width - x1, height - y1]),
        candidates.quality,
        seen.surround,
        distances,
        Outlines.unmeasured(len(candidates)),
        scores,
        scene.overlaps,
        min(filters.duplicate_iou, suppression.nms_iou),
        suppression.nested_ios,
    )


def _mean(
    rankings: Sequence[Ranking], number: Callable[[Ranking, Floats], float]
) -> Callable[[Floats], float]:
    """The mean of a number over the draws, as a function of how often each picture counts."""
    return lambda weights: float(np.mean([number(ranking, weights) for ranking in rankings]))


def _untimed(_stage: str) -> AbstractContextManager[None]:
    return nullcontext()


def _require_agreement(contest: Contest, found: Sequence[ImageResult], ranking: Ranking) -> None:
    """Pass if pycocotools comes to the same AP50."""
    truth = contest.truths_of(contest.trials[0])
    theirs = evaluate(truth, found, contest.class_map, contest.iou_type, contest.max_dets).overall.ap50
    ours = ranking.ap50(np.ones(len(contest.truths)))
    if not abs(ours - theirs) <= AGREEMENT:
        raise RuntimeError(f"AP50 of {contest.name} is {ours:.4f} here and {theirs:.4f} by pycocotools.")
