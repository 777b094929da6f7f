"""What each option of filters, pooling and banks does to AP50 and to F1 at the best threshold, over draws.

    python benchmarks/variants.py [--set bccd nuclei] [--encoder embedded] [--draws 5] [--limit N]

One row a variant: the defaults with one change. AP50 is that of all candidates after suppression, ranked;
the oracle is the one threshold on the rank that is best on the truth. Behind each mean stands its
difference to the row it is compared with, and in how many draws it was better. Proposals, maps, overlaps
and outlines are made once.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from detect import SHARED, encoders
from encoders_rows.contests import Contest, Trial, bccd, nuclei
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.core import Candidates, FeatureMap, FeatureSpace, ItemId
from lydite.data import ImageLimits, Picture, load_image
from lydite.detect import DetectSettings, Exemplar, ExemplarSet, decide, make_bank, resolve
from lydite.detect import evidence as evidence_room
from lydite.detect.config import GROUP_OF, flatten, without_constants
from lydite.detect.examine import Examiner
from lydite.detect.proposers import build_proposer
from lydite.detect.tidy import tidy
from lydite.features import Encoder, build_encoder
from lydite.features.rules import Repooled
from lydite.metrics import ImageResult, evaluate, match

DEFAULTS = "defaults"
VARIANTS: dict[str, dict[str, object]] = {
    DEFAULTS: {},
    "max_rectangle 0.95": {"max_rectangle": 0.95},
    "max_square 0.9": {"max_square": 0.9},
    "max_holes 0.1": {"max_holes": 0.1},
    "border_width 2": {"border_width": 2},
    "clean_masks": {"clean_masks": True},
    "fill_holes 0.1": {"fill_holes": 0.1},
    "merge_gap 3": {"merge_gap": 3},
    "pooling nearest": {"pooling": "nearest"},
    "pooling topk 8": {"pooling": "topk"},
    "zoom_cells 16": {"zoom_cells": 16},
    "zoom_cells 64": {"zoom_cells": 64},
    "prototypes 1": {"prototypes": 1},
    "prototypes 3": {"prototypes": 3},
    "prototypes 3 medoid": {"prototypes": 3, "prototype_kind": "medoid"},
    "background_share 0.4": {"background_share": 0.4},
    "adjust_examples": {"adjust_examples": True},
    "whole crops": {},
    "whole crops, focus": {"focus": True},
}
CROPS = "whole crops"


@dataclass
class Remembering:
    """An encoder that looks at each picture, and each part of one, once."""

    encoder: Encoder
    maps: dict[tuple[bytes, str], FeatureMap] = field(default_factory=dict)

    @property
    def space(self) -> FeatureSpace:
        """See ``Encoder.space``."""
        return self.encoder.space

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The map of a picture, made once."""
        digest = hashlib.blake2b(pixels.tobytes()).digest()
        key = (digest, f"{pixels.shape} {getattr(self.encoder, 'short_side', 0)}")
        if key not in self.maps:
            self.maps[key] = self.encoder.encode(pixels)
        return replace(self.maps[key], space=self.space)

    def smaller(self, divisor: int) -> Encoder:
        """See ``Encoder.smaller``."""
        return Remembering(self.encoder.smaller(divisor), self.maps)


def remember_by_masks(name: str) -> None:
    """Let a measurement of masks be made once, however many variants ask for it."""
    measured: Callable[..., Any] = getattr(evidence_room, name)
    known: dict[tuple[int, tuple[object, ...]], tuple[object, Any]] = {}

    def once(masks: Any, *rest: object) -> Any:
        key = (id(masks), rest)
        if key not in known:
            known[key] = (masks, measured(masks, *rest))
        return known[key][1]

    setattr(evidence_room, name, once)


def untimed(_stage: str) -> AbstractContextManager[None]:
    """Stages are not timed here."""
    return nullcontext()


def as_crops(trial: Trial, folder: Path) -> ExemplarSet:
    """The examples as pictures of their own, two and a half times as wide and high as the thing."""
    crops = []
    for number, exemplar in enumerate(trial.exemplars.positives):
        picture, mask = exemplar.load(ImageLimits())
        x0, y0, x1, y1 = mask.boxes.xyxy[0]
        height, width = picture.size_hw
        dx, dy = 0.75 * (x1 - x0), 0.75 * (y1 - y0)
        top, left = int(max(y0 - dy, 0)), int(max(x0 - dx, 0))
        piece = picture.pixels[top : int(min(y1 + dy, height)) + 1, left : int(min(x1 + dx, width)) + 1]
        path = folder / f"{number}.png"
        Image.fromarray(piece).save(path)
        crops.append(Exemplar(path, exemplar.name, exemplar.class_name))
    return ExemplarSet(tuple(crops))


def measure(
    contest: Contest,
    trial: Trial,
    variants: Sequence[str],
    base: dict[str, object],
    encoder: Remembering,
    pictures: Sequence[Picture],
    proposals: dict[tuple[object, ...], list[Candidates]],
) -> dict[str, tuple[float, float]]:
    """AP50 and F1 at the oracle of each variant, for one draw."""
    found: dict[str, tuple[float, float]] = {}
    evidences: dict[tuple[object, ...], list[Any]] = {}
    for name in variants:
        settings = without_constants(resolve("calibrated", options={**base, **VARIANTS[name]}))
        key = (name.startswith(CROPS), *seen_as(settings))
        if key not in evidences:
            evidences = dict(list(evidences.items())[:1])  # the first is that of the defaults
            evidences[key] = search(contest, trial, name, settings, encoder, pictures, proposals)
        found[name] = judge(contest, trial, settings, evidences[key])
    return found


def seen_as(settings: DetectSettings) -> tuple[object, ...]:
    """What evidence depends on: all settings but the filters."""
    flat = flatten(settings)
    kept = [str((name, value)) for name, value in flat.items() if GROUP_OF[name] != "filters"]
    return (*kept, settings.filters.reads_outlines)


def search(
    contest: Contest,
    trial: Trial,
    name: str,
    settings: DetectSettings,
    encoder: Remembering,
    pictures: Sequence[Picture],
    proposals: dict[tuple[object, ...], list[Candidates]],
) -> list[Any]:
    """Candidates and evidence of the tested pictures."""
    pooled = build_encoder(settings.encoder).space.pooling
    looking = Remembering(encoder.encoder, encoder.maps)
    rule = looking if pooled == encoder.space.pooling else Repooled(looking, pooled)
    examiner = Examiner(rule, build_proposer(settings), settings)
    mended = tuple(settings.tidy.model_dump().items())
    if mended not in proposals:
        plain = proposals[()]
        proposals[mended] = [tidy(each, settings.tidy) for each in plain]
    with tempfile.TemporaryDirectory() as folder:
        exemplars = as_crops(trial, Path(folder)) if name.startswith(CROPS) else trial.exemplars
        bank = make_bank(exemplars, rule, settings)
    seen = []
    for row in trial.tested:
        candidates = proposals[mended][row]
        seen.append(examiner.examine(pictures[row], candidates.item, bank, untimed, candidates))
        tick(f"{contest.name} {name} {row}")
    return seen


def judge(contest: Contest, trial: Trial, settings: DetectSettings, seen: list[Any]) -> tuple[float, float]:
    """AP50, and F1 at the best threshold."""
    rules = settings.rules.model_copy(update={"allow_unknown": False})
    everything = settings.decision._replace(rules=rules)
    segm = contest.iou_type == "segm"
    ranked = []
    for row, (candidates, evidence) in zip(trial.tested, seen, strict=True):
        kept = np.flatnonzero(decide(evidence, everything).accepted)
        masks = candidates.masks[kept] if segm else None
        labels = evidence.scores.labels[kept]
        ranked.append(
            ImageResult(contest.truths[row].image, candidates.boxes[kept], masks, labels, evidence.rank[kept])
        )
    truths = contest.truths_of(trial)
    ap50 = evaluate(truths, ranked, contest.class_map, contest.iou_type, contest.max_dets).overall.ap50
    matching = match(truths, ranked, contest.class_map, 0.5, contest.iou_type)
    alarms = {(alarm.image, alarm.row) for alarm in matching.false_alarms}
    hits = np.array([(each.image, at) not in alarms for each in ranked for at in range(len(each))])
    order = np.argsort(-np.concatenate([each.scores for each in ranked]), kind="stable")
    total = sum(len(truth.labels) for truth in truths)
    f1 = (2 * np.cumsum(hits[order]) / (np.arange(1, len(order) + 1) + total)).max()
    return float(ap50), float(f1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="embedded")
    parser.add_argument("--set", nargs="+", choices=["bccd", "nuclei"], default=["bccd", "nuclei"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--each", action="store_true", help="show the table after each draw")
    options = parser.parse_args()
    variants = [DEFAULTS, *(name for name in options.only if name != DEFAULTS)]
    print(f"lydite {__version__}, encoder {options.encoder}, {options.draws} draws")
    for name in ("pairwise_overlaps", "describe_shapes", "measure_outlines"):
        remember_by_masks(name)
    ((_, base),) = encoders([options.encoder])
    for set_name in options.set:
        folder = SHARED / "data" / set_name
        contest = {"bccd": bccd, "nuclei": nuclei}[set_name](folder, options.draws, options.limit)
        pictures = [load_image(path) for path in contest.pictures]
        settings = resolve(options=base)
        proposer = build_proposer(settings)
        proposals = {
            (): [
                proposer.propose(picture.pixels, ItemId("variants", str(row)))
                for row, picture in enumerate(pictures)
            ]
        }
        encoder = Remembering(build_encoder(settings.encoder))
        found = []
        for trial in contest.trials:
            found.append(measure(contest, trial, variants, base, encoder, pictures, proposals))
            tick(f"{set_name}: {len(found)} of {len(contest.trials)} draws")
            if options.each:
                show(f"{set_name}, {len(found)} draws", variants, found)
        if not options.each:
            show(set_name, variants, found)


def show(set_name: str, variants: Sequence[str], found: list[dict[str, tuple[float, float]]]) -> None:
    """One line a variant."""
    print(f"{set_name:26}{'AP50':>7}{'':16}{'F1 oracle':>10}")
    for name in variants:
        versus = CROPS if name.startswith(f"{CROPS},") and CROPS in variants else DEFAULTS
        mine, theirs = (np.array([draw[each] for draw in found]) for each in (name, versus))
        parts = []
        for column in (0, 1):
            gap = mine[:, column] - theirs[:, column]
            note = "" if name == versus else f"{gap.mean():+.3f}, {(gap > 0).sum()} of {len(gap)}"
            parts.append(f"{mine[:, column].mean():7.3f} {note:16}")
        print(f"  {name:24}{'  '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
