"""One picture up to its evidence: propose, embed, score, measure. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from lydite.core import Candidates, FeatureMap, Features, ItemId
from lydite.data import Picture
from lydite.detect.bank import Bank
from lydite.detect.config import DetectSettings
from lydite.detect.embed import Look, look
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.guidance import Guide
from lydite.detect.proposers import AnyProposer, Guided
from lydite.detect.scoring import score
from lydite.detect.tidy import tidy
from lydite.features import Encoder, VectorCache, one_thread

Timer = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, eq=False)
class Examiner:
    """What looks at a picture before anyone judges.

    Args:
        encoder: Looks at pictures; its space is that of the banks.
        proposer: Says what could be a thing.
        settings: Scoring and the limits of overlaps.
        cache: Where pooled vectors are kept between runs; ``None`` keeps none.
    """

    encoder: Encoder
    proposer: AnyProposer
    settings: DetectSettings
    cache: VectorCache | None = None

    def examine(
        self, picture: Picture, item: ItemId, bank: Bank, timer: Timer, candidates: Candidates | None = None
    ) -> tuple[Candidates, Evidence]:
        """Candidates and their evidence, the same on any number of cores.

        Args:
            picture: The picture.
            item: Its row; regions are numbered within it.
            bank: The examples.
            timer: Names the stages.
            candidates: Regions to judge instead of asking the proposer.

        Raises:
            CollapsedFeatures: If the encoder cannot tell the regions of the picture apart.
        """
        with one_thread():
            return self._examine(picture, item, bank, timer, candidates)

    def _examine(
        self, picture: Picture, item: ItemId, bank: Bank, timer: Timer, candidates: Candidates | None
    ) -> tuple[Candidates, Evidence]:
        feature_map = None
        if candidates is None:
            candidates, feature_map = self._propose(picture, item, bank, timer)
        seen = self._look(picture, candidates, bank, timer, feature_map)
        with timer("score"):
            scores = score(seen.vectors, bank, self.settings.scoring)
        filters, _, suppression = self.settings.decision
        with timer("measure"):
            evidence = gather_evidence(
                candidates,
                scores,
                seen.surround,
                bank.shapes,
                bank.labels,
                min(filters.duplicate_iou, suppression.nms_iou),
                suppression.nested_ios,
                outlines=filters.reads_outlines,
            )
        return candidates, evidence

    def _propose(
        self, picture: Picture, item: ItemId, bank: Bank, timer: Timer
    ) -> tuple[Candidates, FeatureMap | None]:
        """Candidates, mended, and the feature map if the proposer wanted to see it: one look serves both."""
        mending = self.settings.tidy
        if not isinstance(self.proposer, Guided):
            with timer("propose"):
                return tidy(self.proposer.propose(picture.pixels, item), mending), None
        with timer("encode"):
            feature_map = self.encoder.encode(picture.pixels)
        guide = Guide(feature_map, bank, self.settings.scoring)
        with timer("propose"):
            return tidy(self.proposer.propose_guided(picture.pixels, item, guide), mending), feature_map

    def _look(
        self,
        picture: Picture,
        candidates: Candidates,
        bank: Bank,
        timer: Timer,
        feature_map: FeatureMap | None,
    ) -> Look:
        if not len(candidates):
            nothing = Features(bank.positives.vectors[:0], (), bank.space)
            return Look(nothing, np.zeros(0, np.float32))
        chosen = self.settings.encoder
        return look(
            picture,
            candidates,
            self.encoder,
            chosen.short_side,
            self.cache,
            timer,
            feature_map,
            chosen.zoom,
        )
