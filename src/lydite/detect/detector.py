"""One picture through the whole chain: propose, embed, score, decide, explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from lydite.core import Candidates, Decisions, FeatureSpace, ImageId, ItemId, Outcome
from lydite.data import ImageFile, ImageLimits, Picture, load_image
from lydite.detect.annotated import find_examples
from lydite.detect.bank import Bank
from lydite.detect.bank_make import make_bank
from lydite.detect.calibrate import Calibration, calibrate
from lydite.detect.config import (
    DetectSettings,
    require_known_classes,
    resolve,
    with_thresholds,
    without_calibration,
    without_constants,
)
from lydite.detect.decide import decide
from lydite.detect.evidence import Evidence
from lydite.detect.examine import Examiner
from lydite.detect.exemplars import ExemplarSet
from lydite.detect.explain import explain
from lydite.detect.proposers import AnyProposer, build_proposer
from lydite.detect.rehearse import Searcher, rehearse, survey
from lydite.detect.tidy import count_tidied
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
        """How many candidates came how far: proposed, filtered, scored, refused, suppressed, accepted.

        Masks that were ``cleaned`` or made by being ``merged`` are counted too, where there are any.
        """
        outcomes = self.decisions.outcomes
        return {
            "proposed": len(outcomes),
            "filtered": outcomes.count(Outcome.FILTERED),
            "scored": len(outcomes) - outcomes.count(Outcome.FILTERED),
            "refused": outcomes.count(Outcome.REFUSED),
            "suppressed": outcomes.count(Outcome.SUPPRESSED),
            "accepted": outcomes.count(Outcome.ACCEPTED),
            **count_tidied(self.candidates.origins),
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
        calibration: Where the thresholds of the classes come from, if they were found just now.

    Raises:
        SpaceMismatch: If the bank was made by another encoder.
    """

    settings: DetectSettings
    encoder: Encoder
    proposer: AnyProposer
    bank: Bank
    cache: VectorCache | None = None
    calibration: Calibration | None = None

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
            settings: Every rule; those of the preset 'calibrated' when ``None``.
            cache: Where pooled vectors are kept between runs.
            proposer: Says what could be a thing; the one that the settings name when ``None``.
        """
        found = find_examples(Path(positive), Path(negative) if negative is not None else None)
        return cls.from_exemplars(found, settings, cache, proposer)

    @classmethod
    def from_exemplars(
        cls,
        exemplars: ExemplarSet,
        settings: DetectSettings | None = None,
        cache: VectorCache | None = None,
        proposer: AnyProposer | None = None,
        pile: Sequence[ImageFile] = (),
    ) -> Detector:
        """A detector whose bank is made from these exemplars.

        If the settings say ``calibrate``, the exemplars' own pictures are searched for the thresholds of all
        classes that ``class_thresholds`` does not name, and pictures of the pile for close-ups that are put
        into them. Where that cannot be done, the preset 'strict' holds (with lower least scores where no
        class has three examples), and ``calibration`` says why.

        Args:
            exemplars: What to look for.
            settings: Every rule; those of the preset 'calibrated' when ``None``.
            cache: Where pooled vectors are kept between runs.
            proposer: Says what could be a thing; the one that the settings name when ``None``.
            pile: Pictures that will be searched; calibration looks at a few of them.

        Raises:
            UnknownName: If ``class_thresholds`` names a class that the exemplars do not show.
        """
        settings = settings or resolve()
        encoder = build_encoder(settings.encoder)
        bank = make_bank(exemplars, encoder, settings)
        return cls._with_bank(bank, encoder, settings, cache, proposer, pile)

    @classmethod
    def from_bank(
        cls,
        bank: Bank,
        settings: DetectSettings | None = None,
        cache: VectorCache | None = None,
        proposer: AnyProposer | None = None,
        pile: Sequence[ImageFile] = (),
    ) -> Detector:
        """A detector with a bank that was made before; the other arguments are as for ``from_exemplars``.

        Prototypes and adjustment of the examples are those that the settings name.

        Raises:
            SpaceMismatch: If the encoder of the settings sees another space than the bank's.
        """
        settings = settings or resolve()
        encoder = build_encoder(settings.encoder)
        encoder.space.require_same(bank.space)
        bank = replace(bank, making=settings.bank)
        return cls._with_bank(bank, encoder, settings, cache, proposer, pile)

    @classmethod
    def _with_bank(
        cls,
        bank: Bank,
        encoder: Encoder,
        settings: DetectSettings,
        cache: VectorCache | None,
        proposer: AnyProposer | None,
        pile: Sequence[ImageFile],
    ) -> Detector:
        proposer = proposer or build_proposer(settings)
        calibration = None
        given = settings.rules.class_thresholds
        require_known_classes(given, bank.class_map)
        if settings.calibration.calibrate and any(name not in given for name in bank.class_map):
            searcher = Searcher(Examiner(encoder, proposer, without_constants(settings)))
            seen = survey(pile, bank, searcher, settings.calibration.survey)
            rehearsal = rehearse(bank, searcher, seen.hosts)
            calibration = calibrate(rehearsal, settings.calibration, seen.scenes)
            thresholds = calibration.thresholds
            if thresholds:
                settings = with_thresholds(settings, thresholds | given)
            else:
                settings = without_calibration(settings, int(np.bincount(bank.labels).max()))
        return cls(settings, encoder, proposer, bank, cache, calibration)

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
        examiner = Examiner(self.encoder, self.proposer, self.settings, self.cache)
        candidates, evidence = examiner.examine(picture, item, self.bank, clock.time, candidates)
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


def _rebuild(
    settings: DetectSettings, proposer: AnyProposer, bank: Bank, cache: VectorCache | None
) -> Detector:
    return Detector(settings, build_encoder(settings.encoder), proposer, bank, cache)
