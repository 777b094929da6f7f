"""The bank that settings ask for."""

from __future__ import annotations

from functools import partial

from lydite.detect.bank import Bank, build_bank
from lydite.detect.config import DetectSettings
from lydite.detect.exemplars import ExemplarSet
from lydite.detect.focus import find_foreground
from lydite.detect.proposers.regions import RegionProposer
from lydite.features import Encoder


def make_bank(exemplars: ExemplarSet, encoder: Encoder, settings: DetectSettings) -> Bank:
    """Look at every exemplar as the settings say; see ``build_bank``.

    Args:
        exemplars: What was found.
        encoder: The encoder that will also look at the candidates.
        settings: Limits, sizes, negatives, prototypes, zoom and focus. The model-free proposer focuses,
            whichever proposes later: it knows every picture and needs no examples.

    Raises:
        ExemplarError: As ``build_bank``.
    """
    scoring = settings.scoring
    return build_bank(
        exemplars,
        encoder,
        scoring.pseudo_negative_cos,
        settings.limits.to_image_limits(),
        scoring.exemplar_sizes,
        settings.bank,
        settings.encoder.zoom,
        partial(find_foreground, proposer=RegionProposer(settings.regions)) if settings.bank.focus else None,
    )
