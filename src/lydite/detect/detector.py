"""One picture through the whole chain: propose, embed, score, decide, explain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from lydite.core import Candidates, Decisions, FeatureMap, Features, FeatureSpace, ImageId, ItemId, Outcome
from lydite.data import ImageLimits, Picture, load_image
from lydite.detect.bank import Bank, build_bank
from lydite.detect.config import DetectSettings
from lydite.detect.decide import decide
from lydite.detect.embed import Look, look
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.exemplars import ExemplarSet, find_exemplars
from lydite.detect.explain import explain
from lydite.detect.guidance import Guide
from lydite.detect.proposers import AnyProposer, Guided, build_proposer
from lydite.detect.scoring import Scores, score
from lydite.features import Encoder, VectorCache, build_encoder


@dataclass(frozen=True, slots=True)
class Instance:
    """One accepted object.

    Args:
        class_name: Its class.
        score: Positive score in [0, 1].
        box: ``x0 y0 x1 y1`` in pixels.
        region: Text of its region id.
    """

    class_name: str
    score: float
    box: tuple[float, float, float, float]
    region: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detection:
    """Everything about one picture.

    Args:
        item: The picture's row.
        image_id: The picture's content.
        size_hw: Height and width in pixels.
        candidates: All proposals.
        evidence: Their numbers.
        decisions: What became of each, and why.
        seconds: Wall time by stage: propose, encode, pool, score, decide, explain.
        notes: What the decoder did to the picture.
    """

    item: ItemId
    image_id: ImageId
    size_hw: tuple[int, int]
    candidates: Candidates
    evidence: Evidence
    decisions: Decisions
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {step}" for step, count in self.funnel.items())
        return f"<Detection of {self.item}: {counts}>"

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The accepted objects, best first."""
        rows = [int(row) for row in self.decisions.accepted.nonzero()[0]]
        rows.sort(key=lambda row: -float(self.decisions.scores[row]))
        return tuple(self._instance(row) for row in rows)

    @property
    def funnel(self) -> dict[str, int]:
        """How many candidates came how far: proposed, filtered, scored, refused, suppressed, accepted."""
        outcomes = self.decisions.outcomes
        return {
            "proposed": len(outcomes),
            "filtered": outcomes.count(Outcome.FILTERED),
            "scored": len(outcomes) - outcomes.count(Outcome.FILTERED),
            "refused": outcomes.count(Outcome.REFUSED),
            "suppressed": outcomes.count(Outcome.SUPPRESSED),
            "accepted": outcomes.count(Outcome.ACCEPTED),
        }

    def _instance(self, row: int) -> Instance:
        x0, y0, x1, y1 = (float(v) for v in self.candidates.boxes.xyxy[row])
        label = int(self.decisions.labels[row])
        name = self.decisions.class_map[label]
        return Instance(
            name, float(self.decisions.scores[row]), (x0, y0, x1, y1), str(self.candidates.ids[row])
        )


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detector:
    """Recognises in pictures what a bank of examples shows.

    Args:
        settings: Every rule.
        encoder: Looks at pictures and at exemplars alike.
        proposer: Says what could be a thing.
        bank: The known examples.
        cache: Where pooled vectors are kept between runs; ``None`` keeps none.

    Raises:
        SpaceMismatch: If the bank was made by another encoder.
    """

    settings: DetectSettings
    encoder: Encoder
    proposer: AnyProposer
    bank: Bank
    cache: VectorCache | None = None

    def __post_init__(self) -> None:
        self.encoder.space.require_same(self.bank.space)

    def __repr__(self) -> str:
        classes = ", ".join(self.bank.class_map)
        return f"<Detector of {classes}: {len(self.bank.positives)} positives, encoder {self.space.encoder}>"

    @classmethod
    def from_folders(
        cls,
        positive: Path | str,
        negative: Path | str | None = None,
        settings: DetectSettings | None = None,
        cache: VectorCache | None = None,
        proposer: AnyProposer | None = None,
    ) -> Detector:
        """A detector whose bank is read from folders of example pictures.

        Args:
            positive: A sub-folder for each class, or pictures of one class.
            negative: Pictures of what must not be found.
            settings: Every rule; the defaults when ``None``.
            cache: Where pooled vectors are kept between runs.
            proposer: Says what could be a thing; the one that the settings name when ``None``.
        """
        found = find_exemplars(Path(positive), Path(negative) if negative is not None else None)
        return cls.from_exemplars(found, settings, cache, proposer)

    @classmethod
    def from_exemplars(
        cls,
        exemplars: ExemplarSet,
        settings: DetectSettings | None = None,
        cache: VectorCache | None = None,
        proposer: AnyProposer | None = None,
    ) -> Detector:
        """A detector whose bank is made from these exemplars; arguments as ``from_folders``."""
        settings = settings or DetectSettings()
        proposer = proposer or build_proposer(settings)
        encoder = build_encoder(settings.encoder)
        limits = settings.limits.to_image_limits()
        bank = build_bank(exemplars, encoder, settings.scoring.pseudo_negative_cos, limits)
        return cls(settings, encoder, proposer, bank, cache)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to a worker as settings, proposer and bank; the worker builds an encoder of its own."""
        return _rebuild, (self.settings, self.proposer, self.bank, self.cache)

    @property
    def space(self) -> FeatureSpace:
        """The space in which everything is compared."""
        return self.encoder.space

    def detect_file(self, path: Path | str) -> Detection:
        """Detect in a picture file.

        Raises:
            ImageError: If the file is no usable picture.
        """
        path = Path(path)
        limits: ImageLimits = self.settings.limits.to_image_limits()
        return self.detect(load_image(path, limits), ItemId("images", path.name))

    def detect(self, picture: Picture, item: ItemId, candidates: Candidates | None = None) -> Detection:
        """Detect in a decoded picture.

        Args:
            picture: The picture.
            item: Its row; regions are numbered within it.
            candidates: Regions to judge instead of asking the proposer.

        Raises:
            CollapsedFeatures: If the encoder cannot tell the regions of the picture apart.
        """
        clock = _Clock()
        feature_map = None
        if candidates is None:
            candidates, feature_map = self._propose(picture, item, clock)
        seen = self._look(picture, candidates, clock, feature_map)
        with clock.time("score"):
            scores = score(seen.vectors, self.bank, self.settings.scoring)
        with clock.time("measure"):
            evidence = self._gather(candidates, scores, seen)
        with clock.time("decide"):
            verdicts = decide(evidence, self.settings.decision)
        with clock.time("explain"):
            decisions = explain(candidates, evidence, verdicts, self.settings.decision)
        return Detection(
            item,
            picture.image_id,
            picture.size_hw,
            candidates,
            evidence,
            decisions,
            clock.seconds,
            picture.notes,
        )

    def _propose(self, picture: Picture, item: ItemId, clock: _Clock) -> tuple[Candidates, FeatureMap | None]:
        """Candidates, and the feature map if the proposer wanted to see it: one look serves both."""
        if not isinstance(self.proposer, Guided):
            with clock.time("propose"):
                return self.proposer.propose(picture.pixels, item), None
        with clock.time("encode"):
            feature_map = self.encoder.encode(picture.pixels)
        guide = Guide(feature_map, self.bank, self.settings.scoring)
        with clock.time("propose"):
            return self.proposer.propose_guided(picture.pixels, item, guide), feature_map

    def _gather(self, candidates: Candidates, scores: Scores, seen: Look) -> Evidence:
        filters, _, suppression = self.settings.decision
        floor_iou = min(filters.duplicate_iou, suppression.nms_iou)
        return gather_evidence(
            candidates,
            scores,
            seen.surround,
            self.bank.shapes,
            self.bank.labels,
            floor_iou,
            suppression.nested_ios,
        )

    def _look(
        self, picture: Picture, candidates: Candidates, clock: _Clock, feature_map: FeatureMap | None
    ) -> Look:
        if not len(candidates):
            nothing = Features(self.bank.positives.vectors[:0], (), self.space)
            return Look(nothing, np.zeros(0, np.float32))
        short_side = self.settings.encoder.short_side
        return look(picture, candidates, self.encoder, short_side, self.cache, clock.time, feature_map)


def _rebuild(
    settings: DetectSettings, proposer: AnyProposer, bank: Bank, cache: VectorCache | None
) -> Detector:
    return Detector(settings, build_encoder(settings.encoder), proposer, bank, cache)
